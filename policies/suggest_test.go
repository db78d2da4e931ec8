package policies

import "testing"

func TestNearest(t *testing.T) {
	words := []string{"body", "header", "sessions_per_address", "hosts", "text", "type", "off", ""}
	for word, want := range map[string]string{
		"bodey": "body", "Header": "header", "haeder": "header", "heade": "header", "session_per_adress": "sessions_per_address",
		"host": "hosts", "tetx": "text", "typ": "type", "of": "off", "ööff": "",
		"": "", "x": "", "cookies": "", "address": "",
	} {
		if got := nearest(word, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
	if got := nearest("a", []string{"b"}); got != "" {
		t.Errorf("any letter is near to any other: %q", got)
	}
}

func TestEditDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "acb", 1},
		{"abcd", "badc", 2}, {"kitten", "sitting", 3}, {"ca", "abc", 3}, {"é", "e", 1}, {"upstreem", "upstream", 1},
	} {
		if got := editDistance(tt.a, tt.b); got != tt.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func FuzzEditDistance(f *testing.F) {
	f.Add("upstreem", "upstream")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 200 {
			return
		}
		d := editDistance(a, b)
		if other := editDistance(b, a); other != d {
			t.Errorf("%d one way and %d the other", d, other)
		}
		if n, m := len([]rune(a)), len([]rune(b)); d > max(n, m) || d < max(n, m)-min(n, m) {
			t.Errorf("%d for %d and %d letters", d, n, m)
		}
		if (d == 0) != (string([]rune(a)) == string([]rune(b))) {
			t.Errorf("%d for %q and %q", d, a, b)
		}
	})
}

func TestElsewhere(t *testing.T) {
	for key, want := range map[string]string{
		"upstream": "", // site's and csp's
		"hosts":    "site.hosts", "rules": "scripts.rules", "domain": "xmpp.domain", "listen": "listen",
		"match": "", // inside lists
		"none":  "",
	} {
		if got := elsewhere(key); got != want {
			t.Errorf("elsewhere(%q) = %q, want %q", key, got, want)
		}
	}
}

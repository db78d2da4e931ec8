package filters

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSetFindsTheHost(t *testing.T) {
	for _, test := range []struct{ url, host, lower string }{
		{"https://Ads.example/A", "ads.example", "https://ads.example/a"},
		{"https://ads.example:8443/a", "ads.example", "https://ads.example:8443/a"},
		{"https://user:pass@ads.example/a", "ads.example", "https://user:pass@ads.example/a"},
		{"https://ads.example./a", "ads.example", "https://ads.example/a"},
		{"https://ads.example.:1/a", "ads.example", "https://ads.example:1/a"},
		{"https://ads.example?a@b", "ads.example", "https://ads.example?a@b"},
		{"https://ads.example/a#b", "ads.example", "https://ads.example/a"},
		{"https://[::1]:80/a", "[::1]", "https://[::1]:80/a"},
		{"https://ads.example!b.example/a", "ads.example\xffb.example", "https://ads.example\xffb.example/a"},
		{"https://a.example/\u212a", "a.example", "https://a.example/\xff\xff\xff"},
		{"data:text/javascript,a://b", "", "data:text/javascript,a://b"},
		{"https://", "", "https://"},
		{"", "", ""},
	} {
		var r Request
		r.Set([]byte(test.url), nil, Script)
		if host := string(r.lower[r.host:r.hostEnd]); host != test.host || string(r.lower) != test.lower {
			t.Errorf("%s: %q in %q, want %q in %q", test.url, host, r.lower, test.host, test.lower)
		}
	}
}

func TestSetOverwritesWhatWasThere(t *testing.T) {
	l := parse(t, "||ads.example^$third-party\n/only/once/")
	var r Request
	for range 2 {
		for _, test := range []struct {
			url, page string
			want      bool
		}{
			{"https://ads.example/only/once/" + strings.Repeat("a-", keepBytes), "www.example.com", true},
			{"https://ads.example/a", "www.example.com", true},
			{"https://ads.example/a", "www.ads.example", false},
			{"https://cdn.example/a", "www.example.com", false},
			{"https://cdn.example/only/once/a", "", true},
			{"https://ads.example/a", "", true},
			{"", "", false},
		} {
			r.Set([]byte(test.url), []byte(test.page), Script)
			if got := l.Match(&r); got != test.want {
				t.Errorf("%.60s on %q: %t", test.url, test.page, got)
			}
		}
	}
	if r.Set([]byte("https://a.example/"), nil, Script); cap(r.raw) > keepBytes {
		t.Errorf("%d bytes are kept for good", cap(r.raw))
	}
}

// What the caller does with its bytes afterwards must not change the verdict.
func TestSetCopies(t *testing.T) {
	l := parse(t, "||ads.example^$domain=example.com")
	url, page := []byte("https://ads.example/a"), []byte("www.example.com")
	var r Request
	r.Set(url, page, Script)
	clear(url)
	clear(page)
	if !l.Match(&r) {
		t.Error("not blocked")
	}
}

func TestParties(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"example.com", "example.com", true},
		{"www.example.com", "cdn.example.com", true},
		{"www.example.com", "example.com", true},
		{"example.com", "example.org", false},
		{"a.example", "b.example", false},
		{"a.co.uk", "b.co.uk", false},
		{"www.a.co.uk", "cdn.a.co.uk", true},
		{"a.github.io", "b.github.io", false},
		{"github.io", "a.github.io", false},
		{"www.amazonaws.com", "a.s3.amazonaws.com", false},
		{"localhost", "localhost", true},
		{"a.localhost", "localhost", false},
		{"1.2.3.4", "1.2.3.4", true},
		{"5.2.3.4", "1.2.3.4", false},
		{"::1", "::1", true},
		{strings.Repeat("a.", 200) + "example.com", "example.com", false},
	} {
		for _, pair := range [][2]string{{test.a, test.b}, {test.b, test.a}} {
			if got := sameSite([]byte(pair[0]), []byte(pair[1])); got != test.same {
				t.Errorf("%q: %t", pair, got)
			}
		}
	}
	var r Request
	for _, test := range []struct {
		url, page string
		third     bool
	}{
		{"https://[::1]/a", "::1", false},
		{"https://[::1]/a", "[::1]", false},
		{"https://cdn.example.com./a", "WWW.example.com.", false},
		{"https://cdn.example.com/a", "", true},
		{"data:,a", "example.com", true},
	} {
		if r.Set([]byte(test.url), []byte(test.page), Script); r.thirdParty() != test.third {
			t.Errorf("%s on %s: %t", test.url, test.page, !test.third)
		}
	}
}

// Filters that take a look at the whole URL do so once, however often it repeats
// their token.
func TestRepeatedTokens(t *testing.T) {
	for _, n := range []int{3, fewTokens, fewTokens + 1, 4096} {
		var r Request
		r.Set([]byte("https://h.example/"+strings.Repeat("a-b-", n)), nil, Script)
		fresh := map[uint32]int{}
		for i, p := range r.tokens {
			if !r.repeated(i) {
				fresh[p.key()]++
			}
		}
		if len(fresh) != 5 { // https, h, example, a, b
			t.Errorf("%d: %d tokens", n, len(fresh))
		}
		for key, times := range fresh {
			if times != 1 {
				t.Errorf("%d: the token %x is new %d times", n, key, times)
			}
		}
	}
}

// colliding returns two names that have the same key.
func colliding(t *testing.T, name func(int) string, key func(string) uint32) (a, b string) {
	t.Helper()
	seen := map[uint32]string{}
	for i := range 1 << 20 {
		n := name(i)
		if other, ok := seen[key(n)]; ok {
			return other, n
		}
		seen[key(n)] = n
	}
	t.Fatal("no two names have the same key")
	return "", ""
}

func TestCollidingKeysGiveNoWrongResult(t *testing.T) {
	a, b := colliding(t, func(i int) string { return fmt.Sprintf("ads%d.example", i) }, func(s string) uint32 { return hostKey([]byte(s)) })
	x, y := colliding(t, func(i int) string { return fmt.Sprintf("t%d", i) }, func(s string) uint32 {
		return tokens(nil, []byte(s), startAnchor|endAnchor)[0].key()
	})
	for _, test := range []struct {
		filter, url, page string
		want              bool
	}{
		{"||" + a + "^", "https://" + a + "/", "", true},
		{"||" + a + "^", "https://" + b + "/", "", false},
		{"||" + a + "^*q", "https://" + b + "/q", "", false},
		{"-" + x + "-", "https://h.example/-" + x + "-", "", true},
		{"-" + x + "-", "https://h.example/-" + y + "-", "", false},
		{"*$script,domain=" + a, "https://h.example/", a, true},
		{"*$script,domain=" + a, "https://h.example/", b, false},
		{"*$script,domain=~" + a, "https://h.example/", b, true},
	} {
		var r Request
		r.Set([]byte(test.url), []byte(test.page), Script)
		if got := parse(t, test.filter).Match(&r); got != test.want {
			t.Errorf("%s on %s of %s: %t", test.filter, test.url, test.page, got)
		}
	}
	// Neither may the one hide the other from the index.
	l := parse(t, "||"+a+"^\n||"+b+"^\n-"+x+"-\n-"+y+"-")
	for _, url := range []string{"https://" + a + "/", "https://" + b + "/", "https://h.example/-" + x + "-", "https://h.example/-" + y + "-"} {
		var r Request
		r.Set([]byte(url), nil, Script)
		if !l.Match(&r) {
			t.Errorf("%s is not blocked", url)
		}
	}
}

func TestSiteIsRememberedRightly(t *testing.T) {
	// Twice as many names as there is room for, each asked again.
	for range 2 {
		for i := range 2 * len(sites) {
			host := fmt.Sprintf("www.a%d.co.uk", i)
			s := siteOf([]byte(host))
			if host[s.registrable:] != host[len("www."):] || host[s.suffix:] != "co.uk" {
				t.Fatalf("%s: %+v", host, s)
			}
		}
	}
	if s := siteOf(slices.Repeat([]byte("a."), maxHost)); s.registrable != 0 {
		t.Errorf("%+v", s)
	}
}

package policies

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
)

func randomText(r *rand.Rand, alphabet string, longest int) string {
	b := make([]byte, r.IntN(longest+1))
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// The matcher and the regular expression of the same glob agree.
func TestMatcherAgreesWithRegexp(t *testing.T) {
	n := 40_000
	if testing.Short() {
		n = 8_000
	}
	dialects := []struct{ stops, one, many, glob, text string }{
		{"/", "[^/]*", ".*", "a/*b**", "aab/"},
		{"/?", "[^/?]*", ".*", "a/*?*b**", "aab/?"},
		{".", "[^.]*", ".*", "a.*b**", "aab."},
	}
	r := rand.New(rand.NewPCG(3, 4))
	matched := 0
	for _, d := range dialects {
		for range n / 10 {
			glob := randomText(r, d.glob, 12)
			m, re := newMatcher(glob, d.stops), regexp.MustCompile(globPattern(glob, d.one, d.many))
			for range 30 {
				text := randomText(r, d.text, 16)
				if r.IntN(2) == 0 { // one that is likely to match
					text = ""
					for _, c := range []byte(glob) {
						if c != '*' {
							text += string(c)
						} else if r.IntN(2) == 0 {
							text += randomText(r, d.text, 3)
						}
					}
				}
				want := re.MatchString(text)
				if got := m.match([]byte(text)); got != want {
					t.Fatalf("glob %q on %q: %t, want %t", glob, text, got, want)
				}
				if want {
					matched++
				}
			}
		}
	}
	t.Logf("%d of %d matched", matched, 3*n/10*30)
}

func FuzzMatcher(f *testing.F) {
	f.Add("/a*/**b/*.js", "/ax/y/b/c.js")
	f.Add("**a*b**c*", "aaab/abc")
	f.Add("***a", "\xff/é")
	f.Fuzz(func(t *testing.T, glob, text string) {
		// Globs are UTF-8 without control characters; a line feed is in no path.
		if hasControl(glob) || strings.Contains(text, "\n") || strings.ToValidUTF8(glob, "") != glob || strings.Contains(glob, "\ufffd") || len(glob) > 200 {
			return
		}
		m := newMatcher(glob, "/?")
		if got, want := m.match([]byte(text)), regexp.MustCompile(globPattern(glob, "[^/?]*", ".*")).MatchString(text); got != want {
			t.Errorf("glob %q on %q: %t, want %t", glob, text, got, want)
		}
	})
}

// A path that is made to hurt costs no more than its length (CWE-1333).
func TestMatcherIsLinear(t *testing.T) {
	const n = 1 << 20
	texts := map[string]string{
		"one run":         strings.Repeat("a", n),
		"a run and a b":   strings.Repeat("a", n) + "/b",
		"runs":            strings.Repeat("aaaaaaa/", n/8),
		"two long runs":   strings.Repeat("a", n/2) + "/" + strings.Repeat("a", n/2) + "/",
		"near the ends":   strings.Repeat("a", n/2) + "/b" + strings.Repeat("a", n/2) + "/",
		"slashes":         strings.Repeat("/", n),
		"short and long":  strings.Repeat("a/", n/4) + strings.Repeat("a", n/2),
		"runs with b":     strings.Repeat("aaab/aaa/", n/9),
		"nearly literals": strings.Repeat("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab/", n/33),
	}
	globs := []string{
		"**a*b*c", "**a*b", "**a*/b*c", "**a*a*a*a*b", "**a*b**a*b**c", "**aaaaaaaaaaaaaaaa*b**a*/c", "**a*/*/*/b*d", "a*b", "**/a*b*/c*d", "**a*a*a*", "**a*/a*/a*c*/",
	}
	var text []byte
	for name, s := range texts {
		text = append(text[:0], s...)
		for _, glob := range globs {
			m := newMatcher(glob, "/?")
			start := time.Now()
			m.match(text)
			// A quadratic one takes minutes; a busy machine, not that long.
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("glob %q on %s: %v", glob, name, took)
			}
		}
	}
}

func TestGlob(t *testing.T) {
	var g Glob
	if g.Match("") || g.Match("/") {
		t.Error("the zero glob matches")
	}
	if err := g.UnmarshalText([]byte("/admin/**")); err != nil || !g.Match("/admin/x/y") || g.Match("/admin") || g.Match("/admin/x\n") {
		t.Errorf("%v: %+v", err, g)
	}
	if err := g.UnmarshalText([]byte("/a\nb")); err == nil {
		t.Error("a glob with a line feed")
	}
}

// URLGlob.Match and the regular expressions for the guard agree.
func TestURLGlobAgreesWithItsPattern(t *testing.T) {
	n := 4_000
	if testing.Short() {
		n = 1_000
	}
	r := rand.New(rand.NewPCG(5, 6))
	hosts := strings.Fields("a.example *.example **.example * ** a.* *.*.example a*.example **a.example a.example:* *:* *:8080 **:80* [::1] [::1]:* [::1]:8080 A.Example:443 a.example:80 1.2.3.4")
	tails := strings.Fields("** * *.js **.js a/** a/*/b.js **/b*.js x?v=* **?* ? ?** a//** %20* a;b [x]*")
	hostTexts := strings.Fields("a.example b.example a.b.example aa.example a.org a.example:8080 a.example:80 a.example:443 [::1] [::1]:8080 1.2.3.4 x")
	pathTexts := append(strings.Fields("a.js a/b.js a/c/b.js a/c/d/b.js x?v=1 x? ? a//b %20a a;b [x]1 x?v=a'b x?v=a|b é a/b/bc.js ?a/b.js"), "")
	page := NewPageURL(mustPage(t, pages[0]))
	matched := 0
	for range n {
		text := "/" + tails[r.IntN(len(tails))]
		if r.IntN(4) > 0 {
			text = []string{"http", "https"}[r.IntN(2)] + "://" + hosts[r.IntN(len(hosts))] + text
		}
		var glob URLGlob
		if err := glob.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		for range 50 {
			src := "/" + pathTexts[r.IntN(len(pathTexts))]
			if r.IntN(4) > 0 {
				src = []string{"http", "https"}[r.IntN(2)] + "://" + hostTexts[r.IntN(len(hostTexts))] + src
			}
			var script ScriptURL
			if err := script.Resolve(page, []byte(src)); err != nil {
				t.Fatalf("%s: %v", src, err)
			}
			resolved, _, _ := oldResolve(mustPage(t, pages[0]), src)
			want := oldMatch(&glob, resolved, string(page.origin))
			if got := glob.Match(&script); got != want {
				t.Fatalf("glob %q on %s: %t, want %t", text, src, got, want)
			}
			if want {
				matched++
			}
		}
	}
	t.Logf("%d of %d matched", matched, n*50)
}

package policies

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestGlobCovers(t *testing.T) {
	tests := []struct {
		g, other string
		want     bool
	}{
		{"/**", "/**", true}, {"/**", "/", true}, {"/**", "/a/*.js", true}, {"/*", "/**", false}, {"/*", "/a", true}, {"/*", "/a/b", false},
		{"/*", "/*.js", true}, {"/*.js", "/*", false}, {"/**.js", "/a/**/b.js", true}, {"/a*b*c", "/ab**c", false}, {"/a**b**c", "/ab*c", true},
		{"/a/*/c", "/a/b*/c", true}, {"/a/*/c", "/a/**/c", false}, {"/***", "/**", true}, {"/**", "/***", true}, {"/a", "/a", true}, {"/a", "/b", false},
		{"/a*", "/a", true}, {"/*a*", "/**a**", false}, {"/**/x", "/x", false}, {"/a?*", "/a?", true}, {"/*", "/a?b", false}, {"/é*", "/éa", true},
	}
	for _, tt := range tests {
		if got := globCovers(tt.g, tt.other, "/?"); got != tt.want {
			t.Errorf("%s covers %s: %t, want %t", tt.g, tt.other, got, tt.want)
		}
	}
}

func TestURLGlobCovers(t *testing.T) {
	tests := []struct {
		g, other string
		want     bool
	}{
		{"/static/**", "/static/a.js", true}, {"/static/**", "https://www.example.com/static/a.js", false}, {"https://www.example.com/**", "/a.js", false},
		{"https://ads.example/**", "https://ads.example:443/a", true}, {"https://ads.example/**", "http://ads.example/a", false},
		{"https://*.ads.example/**", "https://a.ads.example/**", true}, {"https://*.ads.example/**", "https://a.b.ads.example/**", false},
		{"https://**.ads.example/**", "https://*.b.ads.example/**", true}, {"https://**/**", "https://*.example:8443/**", false},
		{"https://**:*/**", "https://*.example:8443/**", true}, {"https://**:*/**", "https://*.example/**", false},
		{"https://*:*/**", "https://a:8443/**", true}, {"https://a:*/**", "https://a:8443/**", true}, {"https://a:8443/**", "https://a:*/**", false},
		{"https://**/**", "https://[::1]/**", false}, {"https://[::1]:*/**", "https://[::1]:8443/**", true}, {"https://[::1]:*/**", "https://[::2]:8443/**", false},
		{"/a", "/a?x", true}, {"/a", "/a?**", true}, {"/a?x", "/a", false}, {"/a?*", "/a?x=1", true}, {"/a?**", "/a", false},
		{"/a*", "/a?x", true}, {"/a/*", "/a/**?x", false}, {"/a**", "/a**b?x", true}, {"/a**b", "/a**b?x", false}, {"/a*b", "/a*b?x", true},
		{"/a*b?x", "/a?cb?x", false}, {"/a**b?x", "/a?cb?x", true}, {"/a?*b", "/a?c?b", false},
	}
	for _, tt := range tests {
		g, other := mustGlob(t, tt.g), mustGlob(t, tt.other)
		if got := g.covers(&other); got != tt.want {
			t.Errorf("%s covers %s: %t, want %t", tt.g, tt.other, got, tt.want)
		}
	}
}

func mustGlob(t testing.TB, s string) (g URLGlob) {
	t.Helper()
	if err := g.UnmarshalText([]byte(s)); err != nil {
		t.Fatal(err)
	}
	return g
}

// pick returns one of the words.
func pick(r *rand.Rand, words string) string {
	all := strings.Fields(words)
	return all[r.IntN(len(all))]
}

// coverGlob returns a glob out of few pieces, so that many cover others.
func coverGlob(r *rand.Rand) string {
	path := "/"
	for range r.IntN(4) {
		path += pick(r, "a b / / * ** ** *** .js a/ ? ;")
	}
	if r.IntN(3) == 0 || strings.HasPrefix(path, "//") {
		path = "/" + strings.TrimLeft(path, "/")
		if r.IntN(2) == 0 {
			return path
		}
	}
	path = "/" + strings.TrimLeft(path, "/")
	return pick(r, "https http https") + "://" + pick(r, "a.example *.example **.example ** * a.* a**.example a.example:8443 *:* **:8443 a.example:* [::1] [::1]:* b.a.example *.a.example www.example.com") + path
}

// coverURL returns a URL that the glob is likely to match.
func coverURL(r *rand.Rand, glob string) string {
	var b strings.Builder
	slash := strings.Index(glob, "://") + len("://")
	for i := 0; i < len(glob); i++ {
		if glob[i] != '*' {
			b.WriteByte(glob[i])
			continue
		}
		inHost := i < slash+strings.IndexByte(glob[slash:]+"/", '/') && glob[0] != '/'
		for n := r.IntN(3); n > 0; n-- {
			switch {
			case inHost && i > 0 && strings.Contains(glob[slash:i], ":"):
				b.WriteString(pick(r, "8443 1"))
			case inHost:
				b.WriteString(pick(r, "a b .a a.b -"))
			default:
				b.WriteString(pick(r, "a b / a/b ? .js ; a?b %2f //"))
			}
		}
	}
	if r.IntN(3) == 0 {
		b.WriteString(pick(r, "?x a / ?a'b /a.js ?"))
	}
	return b.String()
}

// What a glob covers, it matches.
func TestCoverageOfGlobsIsSound(t *testing.T) {
	n := 150_000
	if testing.Short() {
		n = 20_000
	}
	r := rand.New(rand.NewPCG(7, 8))
	page := NewPageURL(mustPage(t, pages[0]))
	covered, matched := 0, 0
	var u ScriptURL
	for range n {
		g, other := mustGlob(t, coverGlob(r)), mustGlob(t, coverGlob(r))
		if g.text == other.text || !g.covers(&other) {
			continue
		}
		covered++
		for range 20 {
			src := coverURL(r, other.text)
			if u.Resolve(page, []byte(src)) != nil || !other.Match(&u) {
				continue
			}
			matched++
			if !g.Match(&u) {
				t.Fatalf("%s is to cover %s and does not match %s", g.text, other.text, src)
			}
		}
	}
	t.Logf("%d pairs covered, %d URLs matched", covered, matched)
	if covered < n/200 || matched < covered {
		t.Errorf("too few to tell: %d pairs, %d URLs", covered, matched)
	}
}

// A rule of which it is said that it can never match never decides.
func TestCoverageOfRulesIsSound(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 3_000
	}
	r := rand.New(rand.NewPCG(9, 10))
	page := NewPageURL(mustPage(t, pages[0]))
	texts := []string{"", "a", "ab", "xaby"}
	sums := []Digest{emptySHA256, "sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="} // of "" and "a"
	dead, decided := 0, 0
	var u ScriptURL
	for range n {
		var s Scripts
		for i := range 5 {
			rule := Rule{Name: string(rune('A' + i)), Action: []Verdict{Allow, Isolate, Strip}[r.IntN(3)]}
			for range r.IntN(3) {
				rule.Match.Src = append(rule.Match.Src, mustGlob(t, coverGlob(r)))
			}
			if r.IntN(3) == 0 {
				rule.Match.Digest = []Digest{sums[r.IntN(2)]}
			}
			if r.IntN(4) == 0 {
				rule.Match.Text = []string{texts[1+r.IntN(2)]}
			}
			switch r.IntN(8) {
			case 0:
				rule.Match.Type = []string{"module"}
			case 1:
				rule.Match.ID = []string{"x"}
			}
			if len(rule.Match.Src)+len(rule.Match.Digest)+len(rule.Match.Text) == 0 && !rule.Conditional() {
				rule.Match.Digest = sums
			}
			s.Rules = append(s.Rules, rule)
		}
		isDead := map[string][]int{}
		for i := range s.Rules {
			if by := coveredBy(s.Rules, i, func(int) bool { return true }); by != nil {
				isDead[s.Rules[i].Name] = by
			}
		}
		if len(isDead) == 0 {
			continue
		}
		dead += len(isDead)
		s.Default, s.Inline = Isolate, Strip
		s.compile(nil)
		scripts := []Script{{Inline: true, TooLong: true}, {Inline: true}}
		for _, text := range texts {
			scripts = append(scripts, Script{Inline: true, HasText: true, Text: []byte(text)})
		}
		ask := func(script Script) {
			script.Page = page
			for _, element := range []Script{{}, {Type: []byte("module")}, {ID: []byte("x")}} {
				script.Type, script.ID = element.Type, element.ID
				got := s.Decide(&script)
				decided++
				if by, ok := isDead[got.Rule]; ok {
					t.Fatalf("rule %s is said to be covered by %v and decides on %+v, %s\n%+v", got.Rule, by, script, u.Bytes(), s.Rules)
				}
			}
		}
		for _, script := range scripts {
			ask(script)
		}
		for name := range isDead {
			for _, glob := range s.Rules[name[0]-'A'].Match.Src {
				for range 10 {
					if u.Resolve(page, []byte(coverURL(r, glob.text))) == nil {
						ask(Script{URL: &u})
					}
				}
			}
		}
	}
	t.Logf("%d dead rules, %d decisions", dead, decided)
	if dead < n/100 {
		t.Errorf("too few dead rules to tell: %d", dead)
	}
}

// Rules that leave something to the ones behind them, or may.
func TestRulesThatAreNotCovered(t *testing.T) {
	for _, rules := range []string{
		// What is allowed is certain; what is stripped need not be.
		`[{name: a, match: {src: [/a/**]}, action: allow}, {name: b, match: {src: [/a/b/**]}, action: strip}]`,
		`[{name: a, match: {digest: [` + emptySHA256 + `]}, action: allow}, {name: b, match: {digest: [` + emptySHA256 + `]}, action: strip}]`,
		// The earlier one asks for more.
		`[{name: a, match: {src: [/a/**], page: [/news/**]}, action: strip}, {name: b, match: {src: [/a/b/**]}, action: strip}]`,
		`[{name: a, match: {src: [/a/**], id: [x]}, action: strip}, {name: b, match: {src: [/a/b/**], id: [x, y]}, action: strip}]`,
		// A part is left.
		`[{name: a, match: {src: [/a/**]}, action: strip}, {name: b, match: {src: [/a/b/**, /b/**]}, action: strip}]`,
		`[{name: a, match: {src: [/a/**]}, action: strip}, {name: b, match: {src: [/a/b/**], text: [x]}, action: strip}]`,
		`[{name: a, match: {src: [/a/**]}, action: strip}, {name: b, match: {src: [/**]}, action: strip}]`,
		`[{name: a, match: {src: ["/**"]}, action: strip}, {name: b, match: {type: [module]}, action: strip}]`,
	} {
		if _, err := Parse("p.yaml", []byte(smallest+"scripts: {rules: "+rules+"}\n")); err != nil {
			t.Errorf("%s: %v", rules, err)
		}
	}
}

// The guard leaves rules out that allow by a list, with all their globs.
func TestARuleThatAllowsByAListCoversNoGlob(t *testing.T) {
	rules := []Rule{
		{Action: Allow, Match: Match{Src: []URLGlob{mustGlob(t, "/a/**")}, List: "good.txt"}},
		{Action: Allow, Match: Match{Src: []URLGlob{mustGlob(t, "/a/b.js")}}},
		{Action: Allow, Match: Match{List: "good.txt"}},
		{Action: Allow, Match: Match{List: "other.txt"}},
	}
	always := func(int) bool { return true }
	for i, want := range []bool{false, false, true, false} {
		if got := coveredBy(rules, i, always); (got != nil) != want {
			t.Errorf("rule %d is covered by %v", i, got)
		}
	}
	if got := coveredBy(rules, 2, func(int) bool { return false }); got != nil {
		t.Errorf("covered by rules that are not usable: %v", got)
	}
	rules[0].Action = Strip
	if got := coveredBy(rules, 1, always); got == nil {
		t.Error("a rule that strips by a list and a glob covers the glob")
	}
}

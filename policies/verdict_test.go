package policies

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func mustParse(t testing.TB, scripts string) *Policy {
	t.Helper()
	p, err := Parse("p.yaml", []byte(smallest+scripts))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDecide(t *testing.T) {
	p := mustParse(t, `
compartments: {ads: {}}
scripts:
  rules:
    - {name: bad, match: {src: ["https://ads.example/bad/*.js"]}, action: strip}
    - {name: ads, match: {src: ["https://ads.example/**", "https://*.cdn.example/x.js"]}, action: isolate, compartment: ads}
    - {name: own, match: {src: ["/static/**"], digest: [`+emptySHA256+`]}, action: allow}
    - {name: versioned, match: {src: ["/app.js?v=*"]}, action: allow}
`)
	page := NewPageURL(mustPage(t, "https://www.example.com/news/today?x=1"))
	var resolved ScriptURL
	tests := []struct {
		src         string
		want        Verdict
		rule        string
		compartment string
	}{
		{"/static/a/b.js", Allow, "own", ""},
		{"../static/a.js", Allow, "own", ""},
		{"https://WWW.example.com:443/static/a.js?v=2", Allow, "own", ""},
		{"//www.example.com/static/a.js", Allow, "own", ""},
		{"http://www.example.com/static/a.js", Isolate, ByDefault, "http://www.example.com"},
		{"https://ads.example/a.js", Isolate, "ads", "ads"},
		{"https://ads.example/bad/a.js", Strip, "bad", ""},
		{"https://ads.example/bad/deep/a.js", Isolate, "ads", "ads"},
		{"https://a.cdn.example/x.js", Isolate, "ads", "ads"},
		{"https://a.b.cdn.example/x.js", Isolate, ByDefault, "https://a.b.cdn.example"},
		{"https://ads.example.evil.net/a.js", Isolate, ByDefault, "https://ads.example.evil.net"},
		{"https://evil.net/https://ads.example/a.js", Isolate, ByDefault, "https://evil.net"},
		{"/app.js?v=3", Allow, "versioned", ""},
		{"/app.js", Isolate, ByDefault, "https://www.example.com"},
		{"https://ads.example/a.js?q={a|b} c", Isolate, "ads", "ads"},
		{"/app.js?v=a b", Isolate, ByDefault, "https://www.example.com"},
		// What parsers read in two ways is never allowed.
		{`/\evil.net/static/a.js`, Strip, ByAmbiguousURL, ""},
		{`\\evil.net/static/a.js`, Strip, ByAmbiguousURL, ""},
		{"https://ads.example@evil.net/a.js", Strip, ByAmbiguousURL, ""},
		{"https:///evil.net/a.js", Strip, ByAmbiguousURL, ""},
		{"///evil.net/static/a.js", Strip, ByAmbiguousURL, ""},
		{"https:static/a.js", Strip, ByAmbiguousURL, ""},
		{"/static/%2E%2e/upload.js", Isolate, ByDefault, "https://www.example.com"},
		{"/static/..%2fuploads/x.js", Isolate, ByDefault, "https://www.example.com"},
		{"/static/..%5cuploads/x.js", Isolate, ByDefault, "https://www.example.com"},
		{"/static/..;/uploads/x.js", Isolate, ByDefault, "https://www.example.com"},
		{"/static/%252e%252e%252fx.js", Isolate, ByDefault, "https://www.example.com"},
		{"/static//x.js", Isolate, ByDefault, "https://www.example.com"},
		{"/static/%61.js", Isolate, ByDefault, "https://www.example.com"},
		{"/api/x%2f..%2f..%2f..%2fstatic/|?cb=evil()", Isolate, ByDefault, "https://www.example.com"},
		{"https://ads.example/a;sz=1.js", Isolate, "ads", "ads"},
		{"https://www.example.com:0443/static/a.js", Strip, ByAmbiguousURL, ""},
		{"https://127.1/static/a.js", Strip, ByAmbiguousURL, ""},
		{"https://0x7f.0.0.1/a.js", Strip, ByAmbiguousURL, ""},
		{"https://127.0.0.1/a.js", Isolate, ByDefault, "https://127.0.0.1"},
		{"https://a<b.example/a.js", Strip, ByAmbiguousURL, ""},
		{"/static/%20a.js", Allow, "own", ""},
		{"/sta\ttic/a.js", Strip, ByAmbiguousURL, ""},
		{"data:text/javascript,1", Strip, ByAmbiguousURL, ""},
		{"javascript:1", Strip, ByAmbiguousURL, ""},
		{"https://ads%2eexample/a.js", Strip, ByAmbiguousURL, ""},
		{"", Strip, ByAmbiguousURL, ""},
	}
	for _, tt := range tests {
		t.Run(tt.src, func(t *testing.T) {
			script := Script{Page: page}
			if resolved.Resolve(page, []byte(tt.src)) == nil {
				script.URL = &resolved
			}
			got := p.Scripts.Decide(&script)
			if got.Verdict != tt.want || got.Rule != tt.rule || string(got.Compartment) != tt.compartment || got.NeedText {
				t.Errorf("%s: got %+v (%s), want %s by %s in %q", tt.src, got, got.Compartment, tt.want, tt.rule, tt.compartment)
			}
		})
	}
}

func mustResolve(t testing.TB, page *PageURL, src string) *ScriptURL {
	t.Helper()
	u := &ScriptURL{}
	if err := u.Resolve(page, []byte(src)); err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return u
}

var pageOfTests = NewPageURL(&url.URL{Scheme: "https", Host: "www.example.com", Path: "/news/today", RawQuery: "x=1"})

// A digest of each algorithm, of the texts "", "a" and "b".
const (
	emptySHA256 = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	aSHA384     = "sha384-VKWbnyKwuAiA2EJ+VIt8I6vYc0huHwNdzpzWl+hRdQM8qojm1XvDXvrgta/TFF8x"
	bSHA512     = "sha512-Umd2iCLuYk1I/OFexcp5y9YCy39MIVelFlVpkfIu+Me173sY0f9BxZNw77CFhlHUSpNsEbexRMSP4E3zxqPo2g=="
)

func TestDecideInline(t *testing.T) {
	p := mustParse(t, `
compartments: {ads: {}}
scripts:
  rules:
    - {name: files, match: {src: ["/static/**"]}, action: allow}
    - {name: own, match: {digest: [`+emptySHA256+`, `+aSHA384+`]}, action: allow}
    - {name: vendor, match: {digest: [`+bSHA512+`]}, action: isolate, compartment: ads}
`)
	tests := []struct {
		name   string
		script Script
		want   Decision
	}{
		{"empty", Script{HasText: true}, Decision{Verdict: Allow, Rule: "own"}},
		{"by another algorithm", Script{HasText: true, Text: []byte("a")}, Decision{Verdict: Allow, Rule: "own"}},
		{"isolated", Script{HasText: true, Text: []byte("b")}, Decision{Verdict: Isolate, Rule: "vendor", Compartment: []byte("ads")}},
		{"a rule outranks the nonce", Script{HasText: true, Text: []byte("b"), TrustedNonce: true}, Decision{Verdict: Isolate, Rule: "vendor", Compartment: []byte("ads")}},
		{"unnamed", Script{HasText: true, Text: []byte("c")}, Decision{Verdict: Strip, Rule: ByInline}},
		{"with the upstream's nonce", Script{HasText: true, Text: []byte("c"), TrustedNonce: true}, Decision{Verdict: Allow, Rule: ByUpstreamNonce}},
		{"text not there yet", Script{TrustedNonce: true}, Decision{Verdict: Strip, NeedText: true}},
		// What cannot be read may be what "vendor" names, and is not what "own" does.
		{"too long", Script{TooLong: true, TrustedNonce: true}, Decision{Verdict: Isolate, Rule: "vendor", Compartment: []byte("ads")}},
		{"too long, with a beginning", Script{TooLong: true, HasText: true, Text: []byte("a")}, Decision{Verdict: Isolate, Rule: "vendor", Compartment: []byte("ads")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.script.Inline, tt.script.Page = true, pageOfTests
			if got := p.Scripts.Decide(&tt.script); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}

	// Where no rule looks at texts, none is asked for.
	p = mustParse(t, `scripts: {inline: isolate, rules: [{name: files, match: {src: ["/static/**"]}, action: allow}]}`)
	for _, script := range []Script{{}, {TooLong: true}} {
		script.Inline, script.Page = true, pageOfTests
		if got := p.Scripts.Decide(&script); got.Verdict != Isolate || got.Rule != ByInline || got.NeedText || string(got.Compartment) != "https://www.example.com" {
			t.Errorf("got %+v", got)
		}
	}
}

// The same Script asked about with another text gets another answer.
func TestNoDigestOutlivesItsText(t *testing.T) {
	p := mustParse(t, `scripts: {rules: [{name: own, match: {digest: [`+emptySHA256+`]}, action: allow}]}`)
	script := Script{Page: pageOfTests, Inline: true, HasText: true}
	if got := p.Scripts.Decide(&script); got.Verdict != Allow {
		t.Errorf("got %+v", got)
	}
	script.Text = []byte("evil()")
	if got := p.Scripts.Decide(&script); got.Verdict != Strip {
		t.Errorf("got %+v", got)
	}
}

// A URL that could not be resolved is ambiguous even where the caller overlooks it.
func TestDecideOnAURLThatWasNotResolved(t *testing.T) {
	p := mustParse(t, `scripts: {default: allow}`)
	u := mustResolve(t, pageOfTests, "/a.js")
	if u.Resolve(pageOfTests, []byte(`/\evil.net/a.js`)) == nil {
		t.Fatal("resolved")
	}
	for _, u := range []*ScriptURL{u, {}, nil} {
		if got := p.Scripts.Decide(&Script{Page: pageOfTests, URL: u}); got.Verdict != Strip || got.Rule != ByAmbiguousURL {
			t.Errorf("got %+v", got)
		}
	}
}

// A rule outranks the upstream's nonce: the operator can strip what the upstream
// trusts.
func TestARuleOutranksTheUpstreamsNonce(t *testing.T) {
	p := mustParse(t, `scripts: {rules: [{name: bad, match: {src: ["https://evil.example/**"]}, action: strip}]}`)
	u := mustResolve(t, pageOfTests, "https://evil.example/x.js")
	if got := p.Scripts.Decide(&Script{Page: pageOfTests, URL: u, TrustedNonce: true}); got.Verdict != Strip {
		t.Errorf("got %+v", got)
	}
}

// A match implies the scheme, host and port that the glob names, as net/url sees them.
func FuzzURLGlob(f *testing.F) {
	for _, seed := range []string{"https://ads.example/a.js", "https://ads.example.evil.net/", "https://ads.example@evil.net/", `https:\\ads.example/`, "//ads.example/x", "https://ads.example:443/", "https://ADS.example./"} {
		f.Add(seed)
	}
	var glob, own URLGlob
	if err := glob.UnmarshalText([]byte("https://ads.example/**")); err != nil {
		f.Fatal(err)
	}
	if err := own.UnmarshalText([]byte("/static/**")); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src string) {
		var script ScriptURL
		if script.Resolve(pageOfTests, []byte(src)) != nil || !script.Certain() {
			return
		}
		u, err := url.Parse(script.Text())
		if err != nil {
			t.Fatal(err)
		}
		if glob.Match(&script) && (u.Scheme != "https" || u.Hostname() != "ads.example" || u.Port() != "" && u.Port() != "443") {
			t.Errorf("%q matched as %s", src, u)
		}
		if own.Match(&script) && (u.Scheme != "https" || u.Hostname() != "www.example.com" || !strings.HasPrefix(u.EscapedPath(), "/static/")) {
			t.Errorf("%q matched as %s", src, u)
		}
	})
}

// thirtyRules are what a site with advertisements may have.
func thirtyRules(t testing.TB) *Policy {
	t.Helper()
	var b strings.Builder
	b.WriteString(`
compartments: {ads: {}, analytics: {}}
scripts:
  rules:
    - {name: own code, match: {src: ["/static/**", "/assets/*.js", "/vendor/**/*.min.js"]}, action: allow}
    - {name: own inline, match: {digest: [` + emptySHA256 + `, ` + aSHA384 + `]}, action: allow}
    - {name: tag manager, match: {src: ["https://www.googletagmanager.com/gtag/js?id=*", "https://www.googletagmanager.com/gtm.js"]}, action: isolate, compartment: analytics}
    - {name: doubleclick, match: {src: ["https://*.doubleclick.net/**", "https://*.g.doubleclick.net/**", "https://pagead2.googlesyndication.com/**"]}, action: isolate, compartment: ads}
    - {name: known bad, match: {src: ["https://evil.example/**", "https://**.evil.example/**"]}, action: strip}
    - {name: libraries, match: {src: ["https://cdn.jsdelivr.net/npm/*@*/dist/*.js", "https://unpkg.com/*@*/**", "https://cdnjs.cloudflare.com/ajax/libs/**"]}, action: allow}
`)
	for i := range 24 {
		fmt.Fprintf(&b, "    - {name: vendor %d, match: {src: [\"https://cdn%d.vendor.com/**\", \"https://*.vendor%d.com/js/*.js\", \"https://collect%d.net/t.js\"]}, action: isolate}\n", i, i, i, i)
	}
	p, err := Parse("p.yaml", []byte(smallest+b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The kinds of scripts that a page has, for what is measured.
var kindsOfScripts = []struct{ name, src, text, rule string }{
	{"first rule", "/static/js/app.3f2a91.js", "", "own code"},
	{"named compartment", "https://securepubads.g.doubleclick.net/tag/js/gpt.js", "", "doubleclick"},
	{"last rule", "https://a.vendor23.com/js/x.js", "", "vendor 23"},
	{"no rule, own origin", "/blog/post.js", "", ByDefault},
	{"no rule, another origin", "https://connect.facebook.net/en_US/fbevents.js", "", ByDefault},
	{"not certain", "/blog/a;b.js?c d", "", ByDefault},
	{"inline, allowed by its digest", "", "a", "own inline"},
	{"inline, unknown", "", strings.Repeat("x", 1000), ByInline},
}

func TestDecidingAllocatesNothing(t *testing.T) {
	p := thirtyRules(t)
	for _, tt := range kindsOfScripts {
		var u ScriptURL
		script := Script{Page: pageOfTests, Inline: tt.src == "", Text: []byte(tt.text), HasText: true}
		src := []byte(tt.src)
		allocs := testing.AllocsPerRun(100, func() {
			if !script.Inline {
				if err := u.Resolve(pageOfTests, src); err != nil {
					t.Fatal(err)
				}
				script.URL = &u
			}
			if got := p.Scripts.Decide(&script); got.Rule != tt.rule {
				t.Fatalf("%s: %+v", tt.name, got)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations", tt.name, allocs)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	p := thirtyRules(b)
	for _, bb := range kindsOfScripts {
		b.Run(bb.name, func(b *testing.B) {
			var u ScriptURL
			script := Script{Page: pageOfTests, Inline: bb.src == "", Text: []byte(bb.text), HasText: true}
			src := []byte(bb.src)
			b.ReportAllocs()
			for b.Loop() {
				if !script.Inline {
					if u.Resolve(pageOfTests, src) != nil {
						b.Fatal(bb.src)
					}
					script.URL = &u
				}
				p.Scripts.Decide(&script)
			}
		})
	}
}

package policies

import (
	"net/url"
	"strings"
	"testing"
)

func mustParse(t *testing.T, scripts string) *Policy {
	t.Helper()
	p, err := Parse("p.yaml", []byte(smallest+scripts))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDecide(t *testing.T) {
	const digest = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	p := mustParse(t, `
compartments: {ads: {}}
scripts:
  rules:
    - {name: bad, match: {src: ["https://ads.example/bad/*.js"]}, action: strip}
    - {name: ads, match: {src: ["https://ads.example/**", "https://*.cdn.example/x.js"]}, action: isolate, compartment: ads}
    - {name: own, match: {src: ["/static/**"], digest: [`+digest+`]}, action: allow}
    - {name: versioned, match: {src: ["/app.js?v=*"]}, action: allow}
`)
	page, _ := url.Parse("https://www.example.com/news/today?x=1")
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
			script := Script{Page: OriginOf(page)}
			if u, certain, err := ResolveScriptURL(page, tt.src); err == nil {
				script.URL, script.Certain = u, certain
			}
			got := p.Scripts.Decide(script)
			if want := (Decision{tt.want, tt.rule, tt.compartment}); got != want {
				t.Errorf("%s: got %+v, want %+v", tt.src, got, want)
			}
		})
	}
	inline := []struct {
		name   string
		script Script
		want   Verdict
		rule   string
	}{
		{"pinned", Script{Inline: true, Digests: []Digest{"sha384-x", digest}}, Allow, "own"},
		{"unnamed", Script{Inline: true, Digests: []Digest{"sha384-x"}}, Strip, ByInline},
		{"with the upstream's nonce", Script{Inline: true, TrustedNonce: true}, Allow, ByUpstreamNonce},
	}
	for _, tt := range inline {
		if got := p.Scripts.Decide(tt.script); got.Verdict != tt.want || got.Rule != tt.rule {
			t.Errorf("%s: got %+v", tt.name, got)
		}
	}
}

// A rule outranks the upstream's nonce: the operator can strip what the upstream
// trusts.
func TestARuleOutranksTheUpstreamsNonce(t *testing.T) {
	p := mustParse(t, `scripts: {rules: [{name: bad, match: {src: ["https://evil.example/**"]}, action: strip}]}`)
	u, _ := url.Parse("https://evil.example/x.js")
	if got := p.Scripts.Decide(Script{URL: u, Certain: true, TrustedNonce: true}); got.Verdict != Strip {
		t.Errorf("got %+v", got)
	}
}

// A match implies the scheme, host and port that the glob names, as net/url sees them.
func FuzzURLGlob(f *testing.F) {
	for _, seed := range []string{"https://ads.example/a.js", "https://ads.example.evil.net/", "https://ads.example@evil.net/", `https:\\ads.example/`, "//ads.example/x", "https://ads.example:443/", "https://ADS.example./"} {
		f.Add(seed)
	}
	page, _ := url.Parse("https://www.example.com/a/b")
	var glob, own URLGlob
	if err := glob.UnmarshalText([]byte("https://ads.example/**")); err != nil {
		f.Fatal(err)
	}
	if err := own.UnmarshalText([]byte("/static/**")); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src string) {
		u, certain, err := ResolveScriptURL(page, src)
		if err != nil || !certain {
			return
		}
		if glob.Match(u, OriginOf(page)) && (u.Scheme != "https" || u.Hostname() != "ads.example" || u.Port() != "" && u.Port() != "443") {
			t.Errorf("%q matched as %s", src, u)
		}
		if own.Match(u, OriginOf(page)) && (u.Scheme != "https" || u.Hostname() != "www.example.com" || !strings.HasPrefix(u.EscapedPath(), "/static/")) {
			t.Errorf("%q matched as %s", src, u)
		}
	})
}

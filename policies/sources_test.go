package policies

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A source expression has everything that the glob matches, and as little more as
// Content-Security-Policy can say.
func TestSourcesOfGlobs(t *testing.T) {
	for _, tt := range []struct {
		glob string
		want ScriptSource
	}{
		{"/static/**", ScriptSource{Own: true, Rest: "/static/"}},
		{"/static/app.*.js", ScriptSource{Own: true, Rest: "/static/"}},
		{"/app.js", ScriptSource{Own: true, Rest: "/app.js"}},
		{"/app.js?v=*", ScriptSource{Own: true, Rest: "/app.js"}},
		{"/**", ScriptSource{Own: true, Rest: "/"}},
		{"/*.js", ScriptSource{Own: true, Rest: "/"}},
		{"/a,b/c.js", ScriptSource{Own: true, Rest: "/"}}, // a comma would begin another policy
		{"/a;b/c.js", ScriptSource{Own: true, Rest: "/"}}, // and this another directive
		{"/a b/c.js", ScriptSource{Own: true, Rest: "/"}},
		{"/x/a'b/c.js", ScriptSource{Own: true, Rest: "/x/"}},
		{"https://cdn.example/lib/**", ScriptSource{Rest: "https://cdn.example/lib/"}},
		{"https://cdn.example:8443/lib/a.js", ScriptSource{Rest: "https://cdn.example:8443/lib/a.js"}},
		{"https://*.cdn.example/lib/*", ScriptSource{Rest: "https://*.cdn.example/lib/"}},
		{"https://**.cdn.example/**", ScriptSource{Rest: "https://*.cdn.example/"}},
		{"https://a*.cdn.example/lib/*", ScriptSource{Rest: "https:"}},
		{"http://cdn.example/**", ScriptSource{Rest: "http://cdn.example/"}},
	} {
		var glob URLGlob
		if err := glob.UnmarshalText([]byte(tt.glob)); err != nil {
			t.Fatal(err)
		}
		if got := glob.scriptSource(); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.glob, got, tt.want)
		}
	}
}

func TestSourcesOfRules(t *testing.T) {
	anywhere := []ScriptSource{{Any: true}}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "l.txt"), []byte("||good.example^\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, scripts string
		want          []ScriptSource
	}{
		{"nothing", "{}", nil},
		{"only what is allowed", `{rules: [{name: a, match: {src: ["/a/*"]}, action: allow}, {name: b, match: {src: ["/b/*"]}, action: isolate}, {name: c, match: {src: ["/c/*"]}, action: strip}]}`,
			[]ScriptSource{{Own: true, Rest: "/a/"}}},
		{"inline scripts have no source", `{rules: [{name: a, match: {digest: ["sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]}, action: allow}]}`, nil},
		{"a page's own", `{rules: [{name: a, match: {src: ["/a/*"], page: ["/p"]}, action: allow}]}`, []ScriptSource{{Own: true, Rest: "/a/"}}},
		{"by a list", `{lists: [l.txt], rules: [{name: a, match: {list: l.txt}, action: allow}]}`, anywhere},
		{"all", `{default: allow}`, anywhere},
	} {
		p, err := Parse(filepath.Join(dir, "p.yaml"), []byte("version: 1\nsite: {upstream: http://127.0.0.1:3000}\nxmpp: {domain: example.com}\nscripts: "+tt.scripts+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Scripts.Sources(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

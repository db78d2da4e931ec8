package proxy

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"chatproxy/policies"
)

// The guard decides in the browser on what scripts create; the proxy decides here on
// what stands in the markup. Both must come to the same verdict: a URL that one
// allows and the other does not is a hole. This runs the guard's own decide.ts.
func TestTheGuardDecidesAsTheProxyDoes(t *testing.T) {
	policy, err := policies.Parse("p.yaml", []byte(`version: 1
site: {upstream: http://127.0.0.1:3000}
xmpp: {domain: example.com}
scripts:
  rules:
    - {name: bad, match: {src: ["https://ads.example/bad/*.js"]}, action: strip}
    - {name: ads, match: {src: ["https://ads.example/**", "https://*.cdn.example/x.js", "http://plain.example:8080/*"]}, action: isolate, compartment: ads}
    - {name: many, match: {src: ["https://**.many.example/**"]}, action: allow}
    - {name: own, match: {src: ["/static/**", "/app.js?v=*"]}, action: allow}
    - {name: odd, match: {src: ["/a+b(c).js", "https://odd.example/[x]/$*^.js"]}, action: allow}
compartments: {ads: {}}
`))
	if err != nil {
		t.Fatal(err)
	}
	page, _ := url.Parse("https://www.example.com/news/today?x=1")
	scripts := []string{
		"/static/a.js", "../static/a.js", "static/a.js", "/static/../x.js", "/static/%2e%2e/x.js", "/static/a.js#h", "?static", "/static",
		"/app.js?v=1", "/app.js", "/app.js?v=", "/app.js?w=1", "/app.js?v=1&w", "//www.example.com/static/a.js", "https://www.example.com:443/static/a.js",
		"https://WWW.EXAMPLE.com/static/a.js", "http://www.example.com/static/a.js", "https://www.example.com:8443/static/a.js", "https://www.example.com./static/a.js",
		"https://ads.example/a.js", "https://ads.example/bad/a.js", "https://ads.example/bad/d/a.js", "https://ads.example:444/a.js", "https://ads.example.evil.net/a.js", "https://ads.example@evil.net/a.js",
		"https://a.cdn.example/x.js", "https://a.b.cdn.example/x.js", "https://.cdn.example/x.js", "https://cdn.example/x.js", "http://plain.example:8080/x", "http://plain.example:8080/x/y", "http://plain.example/x",
		"https://a.b.many.example/q", "https://many.example/q", "https://evil.net/.many.example/q", "https://evil.net?.many.example/", "https://evil.net#.many.example/",
		"/a+b(c).js", "/aab(c).js", "https://odd.example/[x]/$1^.js", "https://odd.example/x/$1^.js",
		`/\evil.net/static/a.js`, `\\evil.net/static/a.js`, "https:///evil.net/a.js", "///evil.net/static/a.js", "https:static/a.js", "/sta\ttic/a.js", " /static/a.js ", "/static/a b.js",
		"data:text/javascript,1", "javascript:1", "blob:https://www.example.com/1", "", "https://", "https://[::1]/static/a.js", "https://ads%2eexample/a.js", "https://ads。example/a.js", "/static/é.js", "/static/%C3%A9.js", "/static/..%2fuploads/x.js", "/static/..;/x.js", "/static/%61.js", "/static//x.js", "/api/x%2f..%2f..%2f..%2fstatic/|?cb", "https://ads.example/a;b", "https://ads.example/|a", "/static/a.js?b=c d", "/static/a.js?b={|}", "?", "/static/a.js?b=\\\\evil.net",
	}
	guard := guardVerdicts(t, policy, page, scripts)
	for i, src := range scripts {
		script := policies.Script{Page: policies.OriginOf(page)}
		if resolved, certain, err := policies.ResolveScriptURL(page, src); err == nil {
			script.URL, script.Certain = resolved, certain
		}
		here := policy.Scripts.Decide(script)
		there := guard[i]
		switch {
		case !script.Certain && here.Verdict == policies.Allow:
			t.Errorf("%q: the proxy allows what it cannot read", src)
		case !script.Certain:
			// The guard has the URL as the browser wrote it out, and may know more.
		case string(here.Verdict) != there.Verdict, here.Verdict == policies.Isolate && here.Compartment != there.Compartment:
			t.Errorf("%q: the proxy says %+v, the guard says %+v", src, here, there)
		}
	}
}

type guardVerdict struct{ Verdict, Compartment, URL string }

// guardVerdicts runs decide.ts under Node with a page's location.
func guardVerdicts(t *testing.T, policy *policies.Policy, page *url.URL, scripts []string) []guardVerdict {
	t.Helper()
	bundle := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join("..", "browser", "guard", "decide.ts")},
		Bundle:      true, Format: api.FormatIIFE, GlobalName: "guard",
	})
	if len(bundle.Errors) > 0 {
		t.Fatal(bundle.Errors)
	}
	input, err := json.Marshal(map[string]any{"config": newGuardConfig(policy), "origin": policies.OriginOf(page), "page": page.String(), "scripts": scripts})
	if err != nil {
		t.Fatal(err)
	}
	program := `
const input = JSON.parse(require("fs").readFileSync(0, "utf8"));
// What guard/dom.ts takes from the prototypes.
globalThis.location = { origin: input.origin };
globalThis.document = {};
globalThis.Document = class { createElement() {} };
for (const name of ["head", "body", "documentElement", "title", "referrer", "readyState"]) Object.defineProperty(Document.prototype, name, { get() {} });
globalThis.Node = class {};
Object.defineProperty(Node.prototype, "baseURI", { get: () => input.page });
` + string(bundle.OutputFiles[0].Contents) + `
const decide = guard.makeDecide(input.config);
console.log(JSON.stringify(input.scripts.map((script) => decide(script))));
`
	node := exec.Command("node", "-e", program)
	node.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	node.Stderr = &stderr
	output, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, stderr.String())
	}
	var verdicts []guardVerdict
	if err := json.Unmarshal(output, &verdicts); err != nil || len(verdicts) != len(scripts) {
		t.Fatalf("%d verdicts for %d scripts, %v", len(verdicts), len(scripts), err)
	}
	return verdicts
}

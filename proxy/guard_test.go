package proxy

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	pageURL := policies.NewPageURL(page)
	var resolved policies.ScriptURL
	for i, src := range scripts {
		here, certain := proxyDecision(policy, pageURL, &resolved, src)
		there := guard[i]
		switch {
		case !certain && here.Verdict == policies.Allow:
			t.Errorf("%q: the proxy allows what it cannot read", src)
		case !certain:
			// The guard has the URL as the browser wrote it out, and may know more.
		case string(here.Verdict) != there.Verdict, here.Verdict == policies.Isolate && string(here.Compartment) != there.Compartment:
			t.Errorf("%q: the proxy says %+v, the guard says %+v", src, here, there)
		case here.Verdict != policies.Strip && string(resolved.Bytes()) != strings.Split(there.URL, "#")[0]:
			t.Errorf("%q: the proxy reads %s, the guard %s", src, resolved.Bytes(), there.URL)
		}
	}
}

// proxyDecision is the proxy's verdict on an external script.
func proxyDecision(policy *policies.Policy, page *policies.PageURL, u *policies.ScriptURL, src string) (_ policies.Decision, certain bool) {
	script := policies.Script{Page: page}
	if u.Resolve(page, []byte(src)) == nil {
		script.URL = u
	}
	return policy.Scripts.Decide(&script), u.Certain()
}

// The guard has no lists. It may be stricter than the proxy for that, and never
// allows what the proxy does not.
func TestTheGuardAllowsNothingThatAListMayName(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"ads.txt": "||ads.example^\n/tracker.js\n", "good.txt": "||good.example^\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	policy, err := policies.Parse(filepath.Join(dir, "p.yaml"), []byte(`version: 1
site: {upstream: http://127.0.0.1:3000}
xmpp: {domain: example.com}
scripts:
  default: allow
  lists: [ads.txt, good.txt]
  rules:
    - {name: first, match: {src: ["/first/**"]}, action: allow}
    - {name: good, match: {list: good.txt, src: ["https://best.example/**"]}, action: allow}
    - {name: ads, match: {list: ads.txt, src: ["https://known.example/**"]}, action: isolate, compartment: ads}
    - {name: own, match: {src: ["/static/**"]}, action: allow}
    - {name: bad, match: {src: ["https://bad.example/**"]}, action: strip}
compartments: {ads: {}}
`))
	if err != nil {
		t.Fatal(err)
	}
	page, _ := url.Parse("https://www.example.com/news")
	tests := []struct{ src, proxy, guard string }{
		{"/first/a.js", "allow", "allow"},
		{"https://best.example/a.js", "allow", "allow"},
		{"https://good.example/a.js", "allow", "isolate"}, // only the list allows it
		{"https://known.example/a.js", "isolate", "isolate"},
		{"https://ads.example/a.js", "isolate", "isolate"},
		{"/static/a.js", "allow", "isolate"},         // the list may have named it,
		{"/static/tracker.js", "isolate", "isolate"}, // as it does this one
		{"https://bad.example/a.js", "strip", "strip"},
		{"https://other.example/a.js", "allow", "isolate"},
	}
	scripts := make([]string, len(tests))
	for i, tt := range tests {
		scripts[i] = tt.src
	}
	guard := guardVerdicts(t, policy, page, scripts)
	pageURL := policies.NewPageURL(page)
	var resolved policies.ScriptURL
	for i, tt := range tests {
		here, _ := proxyDecision(policy, pageURL, &resolved, tt.src)
		if string(here.Verdict) != tt.proxy || guard[i].Verdict != tt.guard {
			t.Errorf("%s: the proxy says %s, the guard %s; want %s and %s", tt.src, here.Verdict, guard[i].Verdict, tt.proxy, tt.guard)
		}
		if guard[i].Verdict == "allow" && here.Verdict != policies.Allow {
			t.Errorf("%s: only the guard allows it", tt.src)
		}
	}
}

type guardVerdict struct{ Verdict, Compartment, URL string }

// guardVerdicts runs decide.ts under Node with a page's location.
func guardVerdicts(t *testing.T, policy *policies.Policy, page *url.URL, scripts []string) []guardVerdict {
	t.Helper()
	var verdicts []guardVerdict
	runGuard(t, "decide.ts", "const decide = guard.makeDecide(input.config);", policy, page, scripts, &verdicts)
	if len(verdicts) != len(scripts) {
		t.Fatalf("%d verdicts for %d scripts", len(verdicts), len(scripts))
	}
	return verdicts
}

// runGuard runs a file of the guard under Node with a page's location. prepare is
// JavaScript that makes decide of it, which is called with each script.
func runGuard(t *testing.T, file, prepare string, policy *policies.Policy, page *url.URL, scripts []string, into any) {
	t.Helper()
	bundle := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join("..", "browser", "guard", file)},
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
globalThis.location = globalThis.self = { origin: input.origin };
globalThis.document = {};
globalThis.Document = class { createElement() {} };
for (const name of ["head", "body", "documentElement", "title", "referrer", "readyState"]) Object.defineProperty(Document.prototype, name, { get() {} });
globalThis.Node = class {};
globalThis.Element = class {};
Object.defineProperty(Node.prototype, "baseURI", { get: () => input.page });
` + string(bundle.OutputFiles[0].Contents) + `
` + prepare + `
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
	if err := json.Unmarshal(output, into); err != nil {
		t.Fatal(err)
	}
}

// The same for the texts of inline scripts. The guard may be stricter, where it cannot
// tell what a rule asks for, and never allows what the proxy does not.
func TestTheGuardDecidesOnTextsAsTheProxyDoes(t *testing.T) {
	sum := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	}
	sum512 := func(text string) string {
		sum := sha512.Sum512([]byte(text))
		return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
	}
	dir := t.TempDir()
	pinned := sha512.Sum384([]byte("pinned()"))
	lockText := "version: 1\nscripts:\n  - {kind: inline, page: /, digest: sha384-" + base64.StdEncoding.EncodeToString(pinned[:]) + ", size: 8, first_seen: \"2026-01-01\"}\n"
	if err := os.WriteFile(filepath.Join(dir, "chatproxy.lock"), []byte(lockText), 0o600); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("long();", 20_000)
	parse := func(inline, more string) *policies.Policy {
		t.Helper()
		policy, err := policies.Parse(filepath.Join(dir, "p.yaml"), []byte(`version: 1
site: {upstream: http://127.0.0.1:3000}
xmpp: {domain: example.com}
scripts:
  inline: `+inline+`
  lock: chatproxy.lock
  rules:
`+more+`
    - {name: bad, match: {text: ["evil("]}, action: strip}
    - {name: own, match: {digest: ["`+sum("own()")+`", "`+sum512("evil('not')")+`", "`+sum("ümläut('🦢')")+`", "`+sum(long)+`"]}, action: allow}
    - {name: tags, match: {src: ["https://tags.example/**"], text: ["gtag(", "dataLayer"]}, action: isolate, compartment: tags}
    - {name: loose, match: {text: ["loose"]}, action: isolate}
    - {name: files, match: {src: ["/static/**"]}, action: allow}
compartments: {tags: {}}
`))
		if err != nil {
			t.Fatal(err)
		}
		return policy
	}
	page, _ := url.Parse("https://www.example.com/news")
	scripts := []string{
		"pinned()", "pinned() ", "own()", "own();", "evil('not')", "own();evil()", "gtag('js')", "window.dataLayer=[];evil()", "loose own()",
		"", " ", "ümläut('🦢')", "ümläut('🦆')", "other()", long, long + " ", "GTAG(", "own()\r\n",
	}
	for _, tt := range []struct {
		name, inline, more string
		exact              bool
	}{
		{"rules", "strip", "", true},
		{"isolate", "isolate", "", true},
		{"allow", "allow", "", true},
		{"a rule for some pages", "allow", `    - {name: some, match: {text: ["own"], page: ["/news"]}, action: strip}`, false},
		{"a rule for elements", "allow", `    - {name: some, match: {id: ["x"]}, action: isolate}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			policy := parse(tt.inline, tt.more)
			var guard []guardVerdict
			runGuard(t, "inline.ts", `
const digest = (name, bytes) => name + "-" + require("crypto").createHash(name).update(bytes).digest("base64");
const decide = guard.makeDecideInline(input.config, guard.makeIsPinned(digest));`, policy, page, scripts, &guard)
			allowed := 0
			for i, text := range scripts {
				here := policy.Scripts.Decide(&policies.Script{Page: policies.NewPageURL(page), Inline: true, HasText: true, Text: []byte(text)})
				there := guard[i]
				if tt.exact && (string(here.Verdict) != there.Verdict || here.Verdict == policies.Isolate && string(here.Compartment) != there.Compartment) {
					t.Errorf("%.40q: the proxy says %+v, the guard says %+v", text, here, there)
				}
				if there.Verdict == "allow" {
					allowed++
					if here.Verdict != policies.Allow {
						t.Errorf("%.40q: only the guard allows it: the proxy says %+v", text, here)
					}
				}
			}
			if allowed == 0 {
				t.Error("the guard allows nothing, so this shows little")
			}
		})
	}
}

// The guard cannot have the browser check what a script creates, so it allows nothing
// that is pinned, in any spelling; the proxy allows it with its digest.
func TestTheGuardAllowsNothingThatIsPinned(t *testing.T) {
	dir := t.TempDir()
	digest := "sha384-" + strings.Repeat("A", 64)
	lockText := "version: 1\nscripts:\n  - {kind: external, url: \"https://www.example.com/static/p.js\", digest: " + digest + ", size: 1, first_seen: \"2026-01-01\"}\n"
	if err := os.WriteFile(filepath.Join(dir, "chatproxy.lock"), []byte(lockText), 0o600); err != nil {
		t.Fatal(err)
	}
	policy, err := policies.Parse(filepath.Join(dir, "p.yaml"), []byte(`version: 1
site: {upstream: http://127.0.0.1:3000}
xmpp: {domain: example.com}
scripts: {lock: chatproxy.lock, rules: [{name: own, match: {src: ["/static/**"]}, action: allow}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	page, _ := url.Parse("https://www.example.com/news")
	tests := []struct{ src, guard, integrity string }{
		{"/static/p.js", "isolate", digest},
		{"https://WWW.example.com:443/static/../static/p.js#x", "isolate", digest},
		{"/static/q.js", "allow", ""},
	}
	scripts := make([]string, len(tests))
	for i, tt := range tests {
		scripts[i] = tt.src
	}
	guard := guardVerdicts(t, policy, page, scripts)
	var u policies.ScriptURL
	for i, tt := range tests {
		here, _ := proxyDecision(policy, policies.NewPageURL(page), &u, tt.src)
		if here.Verdict != policies.Allow || here.Integrity != tt.integrity || guard[i].Verdict != tt.guard {
			t.Errorf("%s: the proxy says %+v, the guard %s", tt.src, here, guard[i].Verdict)
		}
	}
}

package integration

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chatproxy/integration/browsers"
)

// A loader that waits for the scripts which it creates is told when they have run, or
// have not loaded, wherever that was.
func TestLoadersHearOfScriptsThatWereMoved(t *testing.T) {
	const loader = `window.heard = [];
for (const name of ["slow", "missing", "quick"]) {
  const script = document.createElement("script");
  script.onload = () => heard.push(name + " load");
  script.addEventListener("error", () => heard.push(name + " error"));
  script.src = VENDOR + "/" + name + ".js";
  document.head.append(script);
}
const first = document.createElement("script"), second = document.createElement("script");
first.async = second.async = false;
first.src = VENDOR + "/slow.js?order=first";
second.src = VENDOR + "/quick.js?order=second";
second.onload = () => heard.push("second load");
document.head.append(first, second);
// What is never inserted never runs.
Object.assign(document.createElement("script"), { src: VENDOR + "/quick.js?order=never" });
// Nor does what is inserted only as markup, or taken out again before it could.`
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			var log lines
			held := make(chan struct{})
			vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".js")
				switch {
				case r.Method == http.MethodPost:
					fmt.Fprintf(&log, "[%s]", r.URL.RawQuery)
				case name == "missing":
					http.NotFound(w, r)
				default:
					if name == "slow" {
						<-held
					}
					w.Header().Set("Content-Type", "text/javascript")
					fmt.Fprintf(w, `fetch("http://%s/?%s %s " + URL.createObjectURL(new Blob()).split(":")[1].slice(0, 4), { method: "POST" })`, r.Host, name, r.URL.RawQuery)
				}
			}))
			t.Cleanup(vendor.Close)
			release := sync.OnceFunc(func() { close(held) })
			t.Cleanup(release)
			mux := http.NewServeMux()
			mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprint(w, `<!doctype html><title>page</title><body><script src="/static/loader.js"></script>`)
			})
			mux.HandleFunc("/static/loader.js", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/javascript")
				fmt.Fprint(w, strings.ReplaceAll(loader, "VENDOR", fmt.Sprintf("%q", vendor.URL)))
			})
			upstream := httptest.NewServer(mux)
			t.Cleanup(upstream.Close)
			address := freeAddress(t)
			policy := filepath.Join(t.TempDir(), "policy.yaml")
			if err := os.WriteFile(policy, fmt.Appendf(nil, `version: 1
listen: [%q]
site: {upstream: %q, hosts: [%[1]q]}
chat: {pages: ["/chat/**"]}
xmpp: {domain: example.com}
scripts: {rules: [{name: own, match: {src: ["/static/**"]}, action: allow}]}
`, address, upstream.URL), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, "serve", "--policy", policy).waitFor(t, "msg=listening")
			b := browsers.Start(t, engine)

			b.Open("http://" + address + "/page")
			b.Wait(`heard.includes("quick load") && heard.includes("missing error")`, patience)
			var heard []string
			b.EvalInto(&heard, "return heard")
			for _, early := range []string{"slow load", "second load"} {
				if slices.Contains(heard, early) {
					t.Errorf("heard %q before it could run", heard)
				}
			}
			release()
			b.Wait(`heard.includes("slow load") && heard.includes("second load")`, patience)
			for _, ran := range []string{"slow  null", "quick  null", "slow order=first null", "quick order=second null"} {
				select {
				case <-log.has("[" + strings.ReplaceAll(ran, " ", "%20") + "]"):
				case <-time.After(20 * time.Second):
					t.Errorf("%q did not run in a compartment: %s", ran, log.String())
				}
			}
			settle(b)
			b.EvalInto(&heard, "return heard")
			if len(heard) != 4 || strings.Contains(log.String(), "never") {
				t.Errorf("heard %q, ran %s", heard, log.String())
			}
		})
	}
}

// Data that a script puts into a script element stays there, since search engines and
// other scripts read it. Data that is code to the browser does not.
func TestCreatedDataBlocks(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			s := newCreatedSite(t)
			b := browsers.Start(t, engine)
			const put = `
const script = document.createElement("script");
script.type = arguments[0];
script.text = arguments[1];
document.head.append(script);
return script.text`
			for _, tt := range []struct {
				mediaType, text string
				kept            bool
			}{
				{"application/ld+json", `{"@context": "https://schema.org", "@type": "NewsArticle", "name": "imports"}`, true},
				{"application/json", `[1, "two", null]`, true},
				{"importmap", `{"imports": {"site": "/refused/ran.js"}}`, false},
				{"importmap", `{"scopes": {"/": {"site": "/refused/ran.js"}}}`, false},
				{"speculationrules", `{"prerender": [{"source": "list", "urls": ["/page"]}]}`, false},
				{"application/json", `{"a": 1}; ran()`, false},
			} {
				b.Open(s.protected + "?only=none")
				if got := b.Eval(put, tt.mediaType, tt.text); got != map[bool]string{true: tt.text}[tt.kept] {
					t.Errorf("behind chatproxy %s as %s is %q", tt.text, tt.mediaType, got)
				}
			}
			b.Open(s.plain + "?only=none") // the control
			if got := b.Eval(put, "importmap", `{"imports": {"site": "/refused/ran.js?mapped/strip"}}`); got == "" {
				t.Error("control: the import map was not set")
			}
			b.Eval(`import("site").catch(() => {})`)
			select {
			case <-s.seen.has("[mapped/strip/page]"):
			case <-time.After(20 * time.Second):
				t.Error("control: an import map does nothing without chatproxy either")
			}
		})
	}
}

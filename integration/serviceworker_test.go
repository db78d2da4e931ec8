package integration

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatproxy/integration/browsers"
)

// answering is a service worker that answers for the site: what it hands out meets no
// policy, and a script in it that no rule allows runs.
const answering = `oninstall = () => skipWaiting();
onactivate = (event) => event.waitUntil(clients.claim());
onfetch = (event) => {
  const { pathname } = new URL(event.request.url);
  if (pathname.startsWith("/page")) event.respondWith(new Response("<!doctype html><title>page</title><script>document.title = 'hostile'</script>", { headers: { "Content-Type": "text/html" } }));
};`

// A service worker that was there before chatproxy stood in front of the site goes with
// its next update, and the page that it answered is loaded from the site.
func TestServiceWorkersFromBeforeGo(t *testing.T) {
	for _, engine := range browsers.All {
		for _, tt := range []struct{ name, update string }{
			{"by an update", `navigator.serviceWorker.getRegistration().then((r) => r.update()).catch(() => {})`},
			{"by navigations", `location.href = "/page?" + Math.random()`},
		} {
			t.Run(string(engine)+", "+tt.name, func(t *testing.T) {
				site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					send := func(mediaType, text string) {
						w.Header().Set("Content-Type", mediaType)
						fmt.Fprint(w, text)
					}
					switch {
					case r.URL.Path == "/js/sw.js":
						w.Header().Set("Service-Worker-Allowed", "/")
						send("text/javascript", answering)
					case r.URL.Path == "/own/main.js":
						send("text/javascript", `document.title = "main"`)
					case strings.HasPrefix(r.URL.Path, "/page"):
						send("text/html", `<!doctype html><title>page</title><script>document.title = "hostile"</script><script src="/own/main.js"></script>`)
					default:
						send("text/html", "<!doctype html><title>else</title>")
					}
				}))
				t.Cleanup(site.Close)
				address := freeAddress(t)
				policy := filepath.Join(t.TempDir(), "policy.yaml")
				serve := func(pages string) *process {
					t.Helper()
					text := fmt.Sprintf(`version: 1
listen: [%q]
site: {upstream: %q, hosts: [%[1]q]}
chat: {pages: ["/chat"]}
xmpp: {domain: chat.test, server: "127.0.0.1:1"}
%[3]s
scripts:
  rules:
    - {name: own, match: {src: ["/own/**"]}, action: allow}
`, address, site.URL, pages)
					if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
					p := run(t, "serve", "--policy", policy)
					p.waitFor(t, "msg=listening")
					return p
				}
				const registrations = `(await navigator.serviceWorker.getRegistrations()).length`

				// The site as it was: chatproxy lets all of it pass.
				before := serve(`pages: [{match: "/**", mode: off}]`)
				b := browsers.Start(t, engine)
				b.Open("http://" + address + "/start")
				b.Eval(`await navigator.serviceWorker.register("/js/sw.js", { scope: "/" })`)
				b.Wait(`navigator.serviceWorker.controller`, patience)
				before.interrupt(t)
				after := serve("")

				// The control: it still answers, and no policy holds.
				b.Open("http://" + address + "/page#fragment")
				b.Wait(`document.title === "hostile"`, patience)
				if n := b.Eval(`return ` + registrations); n != 1.0 {
					t.Fatalf("control: there are %v registrations", n)
				}

				b.Eval(`setTimeout(() => { ` + tt.update + ` }, 0)`)
				after.waitFor(t, `msg="service worker refused"`)
				b.Wait(`document.title === "main" && `+registrations+` === 0 && !navigator.serviceWorker.controller`, patience)
				b.Open("http://" + address + "/page?again")
				b.Wait(`document.title === "main" && `+registrations+` === 0`, patience)
				if b.Eval(`try { return eval("true") } catch { return false }`) != false {
					t.Error("the page has no policy")
				}

				// One that is registered now goes at once, and answers nothing.
				b.Open("http://" + address + "/page?new")
				b.Eval(`await navigator.serviceWorker.register("/js/sw.js", { scope: "/" }).catch(() => {})`)
				b.Wait(registrations+` === 0`, patience)
			})
		}
	}
}

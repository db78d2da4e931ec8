package integration

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"chatproxy/csp"
	"chatproxy/demo/site"
	"chatproxy/integration/browsers"
)

// A site's own application that comes in parts works behind chatproxy without
// 'unsafe-inline', 'unsafe-eval' or 'strict-dynamic', and without a violation: chunks,
// preloads, style sheets, workers, as webpack and Vite load them by default.
func TestCodeSplitting(t *testing.T) {
	built := t.TempDir()
	build := exec.Command("node", filepath.Join("testdata", "splitting", "build.mjs"), built)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the bundlers: %v\n%s", err, output)
	}
	mux := http.NewServeMux()
	mux.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.Dir(built))))
	mux.HandleFunc("/webpack", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><html lang="de"><head><title>webpack</title><script>`+recorder+`</script></head><body><script src="/static/webpack/main.js"></script></body></html>`)
	})
	mux.HandleFunc("/vite", func(w http.ResponseWriter, _ *http.Request) {
		page, err := os.ReadFile(filepath.Join(built, "vite", "index.html"))
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(bytes.Replace(page, []byte("<head>"), []byte("<head><script>"+recorder+"</script>"), 1)) // the browser went away
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
scripts:
  rules:
    - {name: recorder, match: {digest: [%[3]q]}, action: allow}
    - {name: own, match: {src: ["/static/**"]}, action: allow}
`, address, upstream.URL, digest(recorder)), 0o600); err != nil {
		t.Fatal(err)
	}
	proxy := run(t, "serve", "--policy", policy)
	proxy.waitFor(t, "msg=listening")

	res, err := http.Get("http://" + address + "/webpack")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	sources, ok := csp.ParseHeader(res.Header.Values(csp.Header))[0].Get("script-src")
	if !ok || len(sources) != 1 || !strings.HasPrefix(sources[0], "'nonce-") {
		t.Errorf("script-src is %q, want a nonce alone", sources)
	}

	applications := []struct{ path, ready string }{
		{"/webpack", `app.shared === "shared" && app.page === "shared" && app.nested === "nested" && app.prefetched === "prefetched" &&
			app.locale === "Guten Tag" && app.colour === "rgb(1, 2, 3)" && app.worker === 42`},
		{"/vite", `app.shared === "shared" && app.page === "shared" && app.nested === "nested common" && app.common === "common" &&
			app.locale === "Guten Tag" && app.colour === "rgb(1, 2, 3)" && app.worker === 42`},
	}
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			b := browsers.Start(t, engine)
			for _, app := range applications {
				b.Open(upstream.URL + app.path)
				b.Wait(app.ready, patience) // the control
				b.Open("http://" + address + app.path)
				b.Wait(app.ready, patience)
				settle(b)
				var violations []string
				b.EvalInto(&violations, "return violations")
				for _, v := range violations {
					t.Errorf("%s: violation: %s", app.path, v)
				}
			}
		})
	}
}

// Converse's own parts load too: the words of a language, pictures, encryption with
// its WebAssembly.
func TestConversesOwnParts(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			server := newXMPP(t)
			_, vendor := newVendor(t)
			newspaper := site.NewSite(site.Options{ExtraHead: "<script>" + recorder + "</script>"})
			upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/about" {
					newspaper.ServeHTTP(w, r)
					return
				}
				page := httptest.NewRecorder()
				newspaper.ServeHTTP(page, r)
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				fmt.Fprint(w, strings.Replace(page.Body.String(), `<html lang="en">`, `<html lang="de">`, 1))
			}))
			t.Cleanup(upstream.Close)
			page, _ := protectedSite(t, server, upstream.URL, vendor, overBOSH)
			alice := newPerson(t, engine, "alice", page+"/about")
			alice.logIn()
			alice.openChat("bob")
			for _, part := range []string{"/locales/", "emoji.json", "libomemo.esm.min.js", ".wasm"} {
				alice.Wait(`performance.getEntriesByType("resource").some(({ name }) => name.includes("/.chatproxy/client/") && name.includes(arguments[0]))`, patience, part)
			}
			alice.Wait(`[...document.querySelectorAll("converse-chats *, converse-root *")].some((e) => e.childElementCount === 0 && /Kontakte|Nachricht/.test(e.textContent + (e.placeholder ?? "")))`, patience)
			quiet(t, alice)
		})
	}
}

package integration

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatproxy/demo/prosody"
)

// A trial is a site of one page with scripts of its own and of a vendor, with chatproxy
// in front of it and without. The vendor's scripts say what they find.
type trial struct {
	page   string // the protected site
	bare   string // the site itself
	vendor string
	said   lines // "[what a script said]"
	asked  lines // "[METHOD PATH cookie=… origin=… from=…]" of each request to the site itself
	proxy  *process
}

// trialOptions are what a trial is about. VENDOR in a text is the vendor's address, and
// SITE the site's own.
type trialOptions struct {
	policy  string            // scripts.rules of the vendor and compartments, as YAML
	html    string            // the page's markup
	own     map[string]string // the site's own scripts, by name: /own/NAME.js, or /ads/NAME.js
	scripts map[string]string // the vendor's, by name: /NAME.js
	pages   map[string]string // the vendor's pages, by path
	sends   map[string]string // where the vendor redirects, by path
}

// say is what every script has to tell what it found.
const say = `var say = (what) => void fetch("VENDOR/said", { method: "POST", mode: "no-cors", body: String(what) });` + "\n"

func newTrial(t *testing.T, o trialOptions) *trial {
	t.Helper()
	tr := &trial{}
	var fill *strings.Replacer
	send := func(w http.ResponseWriter, mediaType, text string) {
		w.Header().Set("Content-Type", mediaType+"; charset=utf-8")
		_, _ = fill.WriteString(w, text) // the client went away
	}
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		name, isScript := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".js")
		switch {
		case r.URL.Path == "/said":
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(&tr.said, "[%s]\n", body)
		case isScript && o.scripts[name] != "":
			send(w, "text/javascript", say+o.scripts[name])
		case o.sends[r.URL.Path] != "":
			http.Redirect(w, r, fill.Replace(o.sends[r.URL.Path]), http.StatusFound)
		case o.pages[r.URL.Path] != "":
			send(w, "text/html", "<!doctype html><script>"+say+"</script>"+o.pages[r.URL.Path])
		default:
			fmt.Fprintf(&tr.said, "[asked for %s]\n", r.URL.Path)
		}
	}))
	t.Cleanup(vendor.Close)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, _ := r.Cookie("visitor")
		value := ""
		if cookie != nil {
			value = cookie.Value
		}
		fmt.Fprintf(&tr.asked, "[%s %s cookie=%s origin=%s]\n", r.Method, r.URL.Path, value, r.Header.Get("Origin"))
		name, isScript := strings.CutSuffix(r.URL.Path, ".js")
		switch name = strings.TrimPrefix(strings.TrimPrefix(name, "/own/"), "/ads/"); {
		case isScript && o.own[name] != "":
			send(w, "text/javascript", say+o.own[name])
		case r.URL.Path == "/page":
			w.Header().Set("Set-Cookie", "visitor=secret; Path=/")
			send(w, "text/html", "<!doctype html><title>The page</title>"+o.html)
		}
	}))
	t.Cleanup(site.Close)
	tr.vendor, tr.bare = vendor.URL, site.URL

	address := freeAddress(t)
	tr.page = "http://" + address
	fill = strings.NewReplacer("VENDOR", tr.vendor, "SITE", tr.page)
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	text := fmt.Sprintf(`version: 1
listen: [%q]
site: {upstream: %q, hosts: [%q]}
chat: {pages: ["/chat"]}
xmpp: {domain: chat.test, server: "127.0.0.1:1"}
scripts:
  rules:
    - {name: own, match: {src: ["/own/**"]}, action: allow}
`, address, tr.bare, address) + fill.Replace(o.policy)
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tr.proxy = run(t, "serve", "--policy", policy)
	tr.proxy.waitFor(t, "msg=listening")
	return tr
}

// hears fails the test unless a script says it in time.
func (tr *trial) hears(t *testing.T, what string) bool {
	t.Helper()
	select {
	case <-tr.said.has("[" + what + "]"):
		return true
	case <-time.After(20 * time.Second):
		t.Errorf("no script said %q; they said:\n%s", what, tr.said.String())
		return false
	}
}

func (tr *trial) heard(what string) bool { return strings.Contains(tr.said.String(), what) }

// newTrialWithConsole runs a site with the chat and the console, and returns its address.
func newTrialWithConsole(t *testing.T, server *prosody.Server, console string) string {
	t.Helper()
	upstream := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(upstream.Close)
	address := freeAddress(t)
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	text := fmt.Sprintf("version: 1\nlisten: [%q]\nconsole: %q\nsite: {upstream: %q, hosts: [%q]}\nxmpp: {domain: %s, server: %q, ca: %q}\n",
		address, console, upstream.URL, address, domain, server.Addr(), server.CAFile())
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "serve", "--policy", policy).waitFor(t, "msg=listening")
	return "http://" + address
}

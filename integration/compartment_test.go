package integration

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"chatproxy/demo/site"
	"chatproxy/integration/browsers"
)

// A script that leaves for a document of its own takes the page with it where there
// is no chatproxy. From a compartment it gets a document without an origin, and the
// page stays where it is.
func TestACompartmentCannotTakeThePage(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			server := newXMPP(t)
			_, vendor := newVendor(t)
			a := newAttacker(t)
			upstream := httptest.NewServer(site.NewSite(site.Options{ExtraBody: `<script src="` + a.script + `/attacks/leave-frame.js"></script>`}))
			t.Cleanup(upstream.Close)
			page, _ := protectedSite(t, server, upstream.URL, vendor, overBOSH)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			b := browsers.Start(t, engine)

			b.Open(page + "/about")
			if !a.wait(ctx, "asked for false-page.html", func(loot []string) bool { return len(loot) > 0 }) {
				t.Fatal("the attack does not run in its compartment, so this test shows nothing")
			}
			settle(b)
			// The frame is taken away when it has left, so it may have had no time to tell.
			if got := a.all("leave-frame"); got != "" && got != "origin null, no storage" {
				t.Errorf("behind chatproxy: %q", got)
			}
			if got := b.URL(); got != page+"/about" {
				t.Errorf("the page went to %s", got)
			}

			b.Open(upstream.URL + "/about") // the control
			if !a.wait(ctx, "leave-frame", func(loot []string) bool {
				return strings.Contains(strings.Join(loot, "\n"), "origin "+a.cdn+", storage")
			}) {
				t.Errorf("control: the attack does not take the page without chatproxy either: %q", a.all("leave-frame"))
			}
		})
	}
}

// Scripts of one compartment run in the order in which a page would run them, and
// see the page's own events.
func TestScriptsKeepTheirOrder(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			server := newXMPP(t)
			var log lines
			vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Access-Control-Allow-Origin", "*")
				name, isScript := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".js")
				switch {
				case name == "first":
					w.Header().Set("Content-Type", "text/javascript")
					fmt.Fprintf(w, `var order = ["first"];
document.addEventListener("DOMContentLoaded", () => order.push("end " + document.readyState));
addEventListener("load", () => fetch("http://%s/order/" + (URL.createObjectURL(new Blob()).startsWith("blob:null") ? "null" : self.origin), { method: "POST", body: [...order, "load " + document.readyState].join() }));`, r.Host)
				case isScript:
					w.Header().Set("Content-Type", "text/javascript")
					fmt.Fprintf(w, "order.push(%q)", name)
				case r.Method == http.MethodPost:
					body := make([]byte, 1<<10)
					n, _ := r.Body.Read(body) // short, in one piece
					fmt.Fprintf(&log, "[%s %s]", r.URL.Path, body[:n])
				}
			}))
			t.Cleanup(vendor.Close)
			// The names that the guard must not look up on document.
			const clobbered = `<img name=head><img name=head><img name=body><img name=createElement><img name=querySelectorAll><img name=baseURI><img name=title>`
			scripts := clobbered + strings.ReplaceAll(`<script src="V/first.js"></script><script defer src="V/deferred.js"></script><script nomodule src="V/old.js"></script>
<script type="module" src="V/module.js"></script><script src="V/blocking.js"></script><svg><script href="V/drawn.js"></script></svg><p>more</p>`, "V", vendor.URL)
			upstream := httptest.NewServer(site.NewSite(site.Options{ExtraBody: scripts}))
			t.Cleanup(upstream.Close)
			page, _ := protectedSite(t, server, upstream.URL, vendor.URL, overBOSH)
			b := browsers.Start(t, engine)

			const order = "first,blocking,drawn,deferred,module,end interactive,load complete"
			for where, address := range map[string]string{"null": page, upstream.URL: upstream.URL} {
				b.Open(address + "/about")
				select {
				case <-log.has("[/order/" + where + " " + order + "]"):
				case <-time.After(20 * time.Second):
					t.Errorf("in %s: got %s, want the order %s", where, log.String(), order)
				}
			}
		})
	}
}

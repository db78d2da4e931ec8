package integration

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"chatproxy/demo/site"
	"chatproxy/integration/browsers"
)

// loader is a script of the site's own, which the policy allows. It creates further
// scripts in the ways that loaders do, and notes how each ends.
const loader = `window.ends = {};
const note = (way, end) => { ends[way] = end };
const element = (way, url) => {
  const script = document.createElement("script");
  script.onload = () => note(way, "load");
  script.onerror = () => note(way, "error");
  try { script.src = url } catch (error) { note(way, "thrown") }
  document.head.append(script);
};
const attempt = (way, act) => { try { act(); note(way, "done") } catch (error) { note(way, "thrown") } };
element("own", "/static/created.js?own");
element("vendor", VENDOR + "/created.js?vendor");
element("stranger", STRANGER + "/created.js?stranger");
element("refused", VENDOR + "/refused/created.js?refused");
element("data", "data:text/javascript,ran('data')");
attempt("attribute", () => {
  const script = document.createElement("script");
  script.setAttribute("src", STRANGER + "/created.js?attribute");
  document.head.append(script);
});
attempt("text", () => {
  const script = document.createElement("script");
  script.text = "ran('text')";
  document.head.append(script);
});
attempt("markup", () => {
  const div = document.createElement("div");
  div.innerHTML = "<img src=/nowhere.png onerror=\"ran('markup')\">";
  document.body.append(div);
});
attempt("fragment", () => document.body.append(document.createRange().createContextualFragment("<script>ran('fragment')<\/script>")));
attempt("write", () => document.write("<script src='" + STRANGER + "/created.js?write'><\/script>"));
attempt("eval", () => (0, eval)("ran('eval')"));
attempt("function", () => new Function("ran('function')")());
attempt("timeout", () => setTimeout("ran('timeout')", 0));
`

// created is what every one of those scripts does: it tells where it runs.
const created = `(() => {
  const way = new URL(document.currentScript.src).search.slice(1);
  const opaque = URL.createObjectURL(new Blob()).startsWith("blob:null"); // self.origin is virtual
  if (!opaque) window.ran(way);
  fetch(COLLECTOR + "/ran/" + way + (opaque ? "/compartment" : "/page"), { method: "POST", mode: "no-cors" });
})()`

// wayOf are the ways above and where the script of each may run behind chatproxy.
// What nothing allows runs nowhere; what document.write brings is markup without a
// nonce.
var wayOf = map[string]string{
	"own": "page", "vendor": "compartment", "stranger": "compartment", "refused": "", "data": "", "attribute": "compartment",
	"text": "", "markup": "", "fragment": "", "write": "", "eval": "", "function": "", "timeout": "",
}

// A script that a script of the page creates meets the same rules as one in the
// page's markup. Without chatproxy each of them runs in the page.
func TestCreatedScriptsMeetTheRules(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			server := newXMPP(t)
			var seen lines
			serveCreated := func() string {
				var self string
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if way, ok := strings.CutPrefix(r.URL.Path, "/ran/"); ok {
						fmt.Fprintf(&seen, "[%s]", way)
						return
					}
					w.Header().Set("Content-Type", "text/javascript")
					fmt.Fprint(w, strings.Replace(created, "COLLECTOR", fmt.Sprintf("%q", self), 1))
				}))
				t.Cleanup(s.Close)
				self = s.URL
				return s.URL
			}
			vendor, stranger := serveCreated(), serveCreated()
			scripts := strings.NewReplacer("VENDOR", fmt.Sprintf("%q", vendor), "STRANGER", fmt.Sprintf("%q", stranger)).Replace(loader)
			mux := http.NewServeMux()
			mux.HandleFunc("/static/loader.js", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/javascript")
				fmt.Fprint(w, `window.here = []; window.ran = (way) => here.push(way);`+"\n"+scripts)
			})
			mux.HandleFunc("/static/created.js", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/javascript")
				fmt.Fprint(w, strings.Replace(created, "COLLECTOR", fmt.Sprintf("%q", vendor), 1))
			})
			mux.Handle("/", site.NewSite(site.Options{ExtraBody: `<script src="/static/loader.js"></script>`}))
			upstream := httptest.NewServer(mux)
			t.Cleanup(upstream.Close)
			page, _ := protectedSite(t, server, upstream.URL, vendor, overBOSH)

			b := browsers.Start(t, engine)
			b.Open(page + "/about")
			for way, where := range wayOf {
				if where == "compartment" {
					select {
					case <-seen.has("[" + way + "/compartment]"):
					case <-time.After(30 * time.Second):
						t.Errorf("%s does not run in a compartment", way)
					}
				}
			}
			b.Wait(`ends.own === "load" && ends.vendor === "load" && ends.refused === "error" && ends.data === "error"`, patience)
			settle(b)
			var here []string
			b.EvalInto(&here, "return window.here")
			if len(here) != 1 || here[0] != "own" {
				t.Errorf("in the page ran %q, want only own", here)
			}
			for way, where := range wayOf {
				if where != "page" && strings.Contains(seen.String(), "["+way+"/page]") {
					t.Errorf("%s ran in the page", way)
				}
			}

			// The control.
			b.Open(upstream.URL + "/about")
			b.Wait(`Object.keys(ends).length === arguments[0] && here.length === arguments[0]`, patience, len(wayOf))
		})
	}
}

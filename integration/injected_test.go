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

// ran is what an injected script does when it runs: it tells the collector, which
// a document of any origin can do.
func ran(collector, name string) string {
	return fmt.Sprintf(`new Image().src="%s/ran/%s";void 0`, collector, name)
}

// injections are ten forms in which markup that a visitor stored in the upstream's
// pages becomes script. %s is the script, without quotes of its own kind.
func injections(collector string) []injection {
	js := func(name string) string { return ran(collector, name) }
	attribute := func(name string) string { return strings.ReplaceAll(js(name), `"`, "&quot;") }
	return []injection{
		{"script", `<script>` + js("script") + `</script>`, ""},
		{"handler", `<img src="/nowhere.png" onerror="` + attribute("handler") + `">`, ""},
		{"javascript-url", `<iframe src="javascript:` + attribute("javascript-url") + `"></iframe>`, ""},
		// The page's own script, which a rule allows, comes from the injector's host.
		{"base", `<base href="` + collector + `/base/">`, `<script src="static/site.js"></script>`},
		// The start tag is left open and takes the attributes of the page's own script.
		{"dangling", `<script src="` + collector + `/dangling.js" x=`, `<script src="/static/site.js"></script>`},
		{"srcdoc", `<iframe srcdoc="<script>` + attribute("srcdoc") + `</script>"></iframe>`, ""},
		{"svg", `<svg><script>` + js("svg") + `</script></svg>`, ""},
		{"object", `<object data="` + collector + `/object.html" type="text/html"></object>`, ""},
		{"refresh", `<meta http-equiv="refresh" content="0;url=data:text/html,<script>` + attribute("refresh") + `</script>">`, ""},
		{"importmap", `<script type="importmap">{"imports":{"site":"` + collector + `/importmap.js"}}</script>`, `<script type="module">` + ownModule + `</script>`},
	}
}

type injection struct {
	name   string
	markup string // put into the page
	after  string // more of the page's own markup that the injection needs
}

// injectionCollector serves what the injections load and notes which have run.
func injectionCollector(t *testing.T) (url string, seen *lines) {
	t.Helper()
	seen = &lines{}
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		switch {
		case strings.HasPrefix(name, "ran/"):
			fmt.Fprintf(seen, "[%s]", strings.TrimPrefix(name, "ran/"))
			w.WriteHeader(http.StatusNoContent)
		case name == "object.html":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, "<script>%s</script>", ran(server.URL, "object"))
		case strings.HasSuffix(name, ".js"):
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, ran(server.URL, map[string]string{
				"base/static/site.js": "base", "dangling.js": "dangling", "importmap.js": "importmap",
			}[name]))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, seen
}

// Markup injected into the upstream's pages runs without chatproxy, in each of ten
// forms, and in none behind it.
func TestInjectedMarkupDoesNotRun(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			server := newXMPP(t)
			_, vendor := newVendor(t)
			collector, seen := injectionCollector(t)
			b := browsers.Start(t, engine)
			for _, in := range injections(collector) {
				upstream := httptest.NewServer(site.NewSite(site.Options{ExtraBody: in.markup + in.after}))
				t.Cleanup(upstream.Close)
				page, _ := protectedSite(t, server, upstream.URL, vendor, overBOSH)

				look(b, page)
				if strings.Contains(seen.String(), "["+in.name+"]") {
					t.Errorf("%s ran behind chatproxy", in.name)
				}
				look(b, upstream.URL)
				select {
				case <-seen.has("[" + in.name + "]"):
				case <-time.After(20 * time.Second):
					t.Errorf("control: %s does not run without chatproxy either, so this form shows nothing", in.name)
				}
			}
		})
	}
}

// look opens a page of the site, frames another one in it, and gives both time to
// run what they have: a frame may go to data: URLs, a whole page may not.
func look(b *browsers.Browser, site string) {
	b.Open(site + "/about")
	b.Eval(`const frame = document.createElement("iframe");
frame.src = "/news/seed-library";
document.body.append(frame);
await new Promise((done) => { frame.onload = done; setTimeout(done, 5000) })`)
	settle(b)
}

// settle returns some loads of the page's own later: whatever came before them has
// run.
func settle(b *browsers.Browser) {
	b.Eval(`for (let i = 0; i < 3; i++) await new Promise((done) => {
  const image = new Image();
  image.onload = image.onerror = () => setTimeout(done, 150);
  image.src = "/static/favicon.svg?" + i + Math.random();
})`)
}

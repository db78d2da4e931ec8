package integration

import (
	"strings"
	"testing"
	"time"

	"chatproxy/integration/browsers"
)

// A compartment's frame that goes to the site's own host gets what a stranger gets, and a
// frame of the page that a log-in elsewhere sends back there has the visitor's cookies.
// The headers of the two are the same.
func TestFramesThatGoToTheSite(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			tr := newTrial(t, trialOptions{
				policy: `    - {name: a, match: {src: ["VENDOR/address.js"]}, action: isolate, compartment: a}
    - {name: m, match: {src: ["VENDOR/marked.js"]}, action: isolate, compartment: m}
compartments: {a: {}, m: {}}
`,
				html: `<body><script src="VENDOR/address.js"></script><script src="VENDOR/marked.js"></script>`,
				scripts: map[string]string{
					"address": `location.href = "SITE/ask/address?yes"`,
					"marked":  `location.href = "SITE/ask/marked?chatproxy-stranger="`,
				},
				pages: map[string]string{"/embedded": `<meta name="referrer" content="no-referrer"><script>location.href = "SITE/ask/embedded"</script>`},
				sends: map[string]string{"/login": "SITE/ask/back?code=1#id_token=2"},
			})
			arrives := func(request string) {
				t.Helper()
				select {
				case <-tr.asked.has(request):
				case <-time.After(20 * time.Second):
					t.Errorf("no %s arrived:\n%s", request, tr.asked.String())
				}
			}
			b := browsers.Start(t, engine)
			b.Open(tr.page + "/page")
			b.Open(tr.page + "/page?again") // with the cookie
			for _, way := range []string{"address", "marked"} {
				arrives("[GET /ask/" + way + " cookie=")
			}
			settle(b)
			if log := tr.asked.String(); !strings.Contains(log, "[GET /page cookie=secret ") {
				t.Errorf("control: the page itself has no cookie:\n%s", log)
			}
			for line := range strings.Lines(tr.asked.String()) {
				if strings.Contains(line, "/ask/") && !strings.Contains(line, " cookie= ") {
					t.Errorf("a compartment went to the site with the visitor's cookie: %s", line)
				}
			}

			// Another site: the same host with another port is none.
			login := strings.Replace(tr.vendor, "127.0.0.1", "localhost", 1) + "/login"
			b.Eval(`const frame = document.createElement("iframe"); frame.id = "login"; frame.src = arguments[0]; document.body.append(frame)`, login)
			arrives("[GET /ask/back cookie=secret ")
			b.Wait(`document.querySelector("#login").contentWindow.location.href === arguments[0]`, patience, tr.page+"/ask/back?code=1#id_token=2")
			if log := tr.asked.String(); strings.Count(log, "[GET /ask/back ") != 1 {
				t.Errorf("the log-in came back more than once:\n%s", log)
			}

			// A foreign frame without a referrer gains nothing: Chromium sends no cookies with it.
			if engine == browsers.Chromium {
				b.Eval(`const frame = document.createElement("iframe"); frame.src = arguments[0]; document.body.append(frame)`, strings.Replace(tr.vendor, "127.0.0.1", "localhost", 1)+"/embedded")
				arrives("[GET /ask/embedded cookie= ")
			}

			// The control: a sandboxed frame of a page without chatproxy. Chromium keeps
			// cookies without SameSite from it.
			want := "secret"
			if engine == browsers.Chromium {
				want = ""
			}
			b.Open(tr.bare + "/own/nothing")
			b.Eval(`const frame = document.createElement("iframe"); frame.sandbox = "allow-scripts"; frame.srcdoc = "<script>location.href = '" + location.origin + "/ask/control'</script>"; document.body.append(frame)`)
			arrives("[GET /ask/control cookie=" + want + " ")
		})
	}
}

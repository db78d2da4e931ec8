package integration

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"chatproxy/integration/browsers"
)

// asking sends requests of every kind to the site's own host.
const asking = `new Image().src = "SITE/ask/image";
const quiet = new Image(); quiet.referrerPolicy = "no-referrer"; quiet.src = "SITE/ask/quiet";
fetch("SITE/ask/fetch", { mode: "no-cors", credentials: "include" }).catch(() => {});
fetch("SITE/ask/post", { mode: "no-cors", credentials: "include", method: "POST", body: "x" }).catch(() => {});
navigator.sendBeacon("SITE/ask/beacon", "x");
const script = document.createElement("script"); script.src = "SITE/own/asked.js"; document.head.append(script);
const frame = document.createElement("iframe"); frame.name = "target" + Math.random(); document.body.append(frame);
const form = document.createElement("form"); form.method = "post"; form.action = "SITE/ask/form"; form.target = frame.name; document.body.append(form); form.submit();
say("asked");`

// A request of a compartment to the site's own host has none of the visitor's cookies,
// of whatever kind it is and in whatever browser. The page's own requests have them.
func TestACompartmentsRequestsHaveNoCookies(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			tr := newTrial(t, trialOptions{
				policy: `    - {name: ads, match: {src: ["/ads/**"]}, action: isolate, compartment: ads}
compartments: {ads: {connect: ["VENDOR"]}}
`,
				html: `<body><script src="/ads/ask.js"></script>`,
				own:  map[string]string{"ask": asking},
			})
			kinds := []string{"GET /ask/image", "GET /ask/quiet", "GET /ask/fetch", "POST /ask/post", "POST /ask/beacon", "GET /own/asked.js", "POST /ask/form"}
			b := browsers.Start(t, engine)
			b.Open(tr.page + "/page")
			b.Open(tr.page + "/page") // with the cookie
			tr.hears(t, "asked")
			for _, kind := range kinds {
				select {
				case <-tr.asked.has("[" + kind + " "):
				case <-time.After(20 * time.Second):
					t.Errorf("%s did not arrive, so this test shows nothing about it:\n%s", kind, tr.asked.String())
				}
			}
			settle(b)
			if log := tr.asked.String(); !strings.Contains(log, "[GET /page cookie=secret ") {
				t.Errorf("control: the page itself has no cookie:\n%s", log)
			}
			for line := range strings.Lines(tr.asked.String()) {
				if (strings.Contains(line, "/ask/") || strings.Contains(line, "/asked.js")) && !strings.Contains(line, " cookie= ") {
					t.Errorf("a compartment's request had the visitor's cookie: %s", line)
				}
			}

			// The control: the same script in the page.
			tr.asked.reset()
			b.Eval(`const script = document.createElement("script"); script.src = "/own/ask.js"; document.head.append(script)`)
			for _, kind := range kinds {
				select {
				case <-tr.asked.has("[" + kind + " cookie=secret "):
				case <-time.After(20 * time.Second):
					t.Errorf("control: %s of the page itself has no cookie:\n%s", kind, tr.asked.String())
				}
			}
		})
	}
}

// The chat's endpoints, reports and the console let in no opaque origin. The headers are
// those that the browsers send.
func TestEndpointsRefuseOpaqueOrigins(t *testing.T) {
	console := freeAddress(t)
	server := newXMPP(t)
	site := newTrialWithConsole(t, server, console)
	own := map[string]string{"Origin": site, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"}
	opaque := map[string]string{"Origin": "null", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "no-cors"}
	beacon := map[string]string{"Origin": site, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "no-cors"} // WebKit's
	const session = `<body xmlns="http://jabber.org/protocol/httpbind" rid="1" to="` + domain + `" ver="1.6" wait="1" hold="1" xml:lang="en" xmlns:xmpp="urn:xmpp:xbosh" xmpp:version="1.0"/>`
	const report = `{"csp-report": {"document-uri": "https://forged.example/", "effective-directive": "img-src"}}`
	ask := func(method, url, body, mediaType string, header map[string]string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", mediaType)
		for name, value := range header {
			r.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if header["Sec-Fetch-Site"] != "same-origin" && res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s lets %s read it", url, header)
		}
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(text)
	}
	for _, tt := range []struct {
		name, method, url, body, mediaType string
		ok                                 int
	}{
		{"BOSH", "POST", site + "/http-bind", session, "text/xml; charset=utf-8", 200},
		{"the console", "GET", "http://" + console + "/", "", "", 200},
		{"the console's numbers", "GET", "http://" + console + "/metrics", "", "", 200},
	} {
		header := own
		if strings.HasPrefix(tt.name, "the console") {
			header = map[string]string{"Origin": "http://" + console, "Sec-Fetch-Site": "same-origin"}
		}
		if code, text := ask(tt.method, tt.url, tt.body, tt.mediaType, header); code != tt.ok || tt.name == "BOSH" && !strings.Contains(text, "sid=") {
			t.Errorf("control: %s answers its own page %d: %.300s", tt.name, code, text)
		}
		for _, header := range []map[string]string{opaque, beacon} {
			if code, text := ask(tt.method, tt.url, tt.body, tt.mediaType, header); code != http.StatusForbidden || strings.Contains(text, "sid=") {
				t.Errorf("%s answers %s %d: %.300s", tt.name, header, code, text)
			}
		}
	}
	// A browser's own report has a media type that no script can send without being asked
	// for leave, which is not given.
	if code, _ := ask("POST", site+"/.chatproxy/report", report, "application/csp-report", opaque); code != http.StatusNoContent {
		t.Errorf("control: a browser's report of a locked document is answered %d", code)
	}
	for _, mediaType := range []string{"text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""} {
		if code, _ := ask("POST", site+"/.chatproxy/report", report, mediaType, opaque); code/100 != 4 {
			t.Errorf("a script's report of type %q is answered %d", mediaType, code)
		}
	}
	preflight := map[string]string{"Origin": "null", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
	if code, _ := ask("OPTIONS", site+"/.chatproxy/report", "", "", preflight); code/100 == 2 {
		t.Errorf("leave to send reports is given: %d", code)
	}
}

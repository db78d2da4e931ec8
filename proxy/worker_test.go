package proxy

import (
	"net/http"
	"strings"
	"testing"

	"chatproxy/csp"
)

// A script may become a worker, which takes its policy from its own response.
func TestScriptsCarryThePolicyOfWorkers(t *testing.T) {
	upstream := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
	}
	site := start(t, upstream, `
pages: [{match: "/off/**", mode: off}, {match: "/watched/**", mode: report-only}]
scripts: {rules: [{name: own, match: {src: ["/static/**", "https://cdn.example/lib/v1.js"]}, action: allow}]}`)
	own := site.URL
	want := "script-src " + own + "/.chatproxy/ " + own + "/static/ https://cdn.example/lib/v1.js 'wasm-unsafe-eval'; report-uri /.chatproxy/report"
	for _, tt := range []struct {
		path, media string
		want        string
	}{
		{"/static/worker.js", "text/javascript;charset=utf-8", want},
		{"/static/worker.js", "application/javascript", want},
		{"/static/a.css", "text/css", ""},
		{"/off/worker.js", "text/javascript", ""},
		{"/watched/worker.js", "text/javascript", ""},
	} {
		a := site.ask(t, "GET", tt.path+"?type="+strings.ReplaceAll(tt.media, ";", "%3B"), "Sec-Fetch-Dest", "script")
		if got := strings.Join(a.Header.Values(csp.Header), "|"); got != tt.want {
			t.Errorf("%s as %s:\n got %s\nwant %s", tt.path, tt.media, got, tt.want)
		}
	}
}

// What browsers make of it was tried: integration/serviceworker_test.go.
func TestServiceWorkersAreReplaced(t *testing.T) {
	upstream := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte("onfetch = answer"))
	}
	site := start(t, upstream, `
pages: [{match: "/sw.js", mode: off}, {match: "/watched/**", mode: report-only}]
scripts: {rules: [{name: own, match: {src: ["/static/**"]}, action: allow}]}`)
	for path, ours := range map[string]bool{"/static/sw.js": true, "/gone.js": true, "/page": true, "/.chatproxy/x": true, "/sw.js": false, "/watched/sw.js": false} {
		before := site.hits.Load()
		a := site.ask(t, "GET", path, "Service-Worker", "script", "Sec-Fetch-Dest", "serviceworker")
		if a.StatusCode != 200 || (a.body == serviceWorker) != ours {
			t.Errorf("%s: got %d %q", path, a.StatusCode, a.body)
		}
		if asked := site.hits.Load() > before; asked == ours {
			t.Errorf("%s: the upstream was asked: %v", path, asked)
		}
		if !ours {
			continue
		}
		for name, want := range map[string]string{"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-store", "Service-Worker-Allowed": "/"} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		a.wantNothingRuns(t)
		if a := site.ask(t, "GET", path); a.body == serviceWorker {
			t.Errorf("%s as a script is ours", path)
		}
	}
}

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

func TestServiceWorkersAreRefused(t *testing.T) {
	upstream := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/javascript") }
	site := start(t, upstream, `
pages: [{match: "/sw.js", mode: off}, {match: "/watched/**", mode: report-only}]
scripts: {rules: [{name: own, match: {src: ["/static/**"]}, action: allow}]}`)
	for path, want := range map[string]int{"/static/sw.js": 403, "/sw.js": 200, "/watched/sw.js": 200} {
		before := site.hits.Load()
		if a := site.ask(t, "GET", path, "Service-Worker", "script", "Sec-Fetch-Dest", "serviceworker"); a.StatusCode != want {
			t.Errorf("%s: got %d, want %d", path, a.StatusCode, want)
		}
		if asked := site.hits.Load() > before; asked != (want == 200) {
			t.Errorf("%s: the upstream was asked: %v", path, asked)
		}
		if a := site.ask(t, "GET", path); a.StatusCode != 200 {
			t.Errorf("%s as a script: got %d", path, a.StatusCode)
		}
	}
}

// Package console is the operator's listener. It has no log-in and belongs on
// loopback.
package console

import (
	"fmt"
	"html/template"
	"io"
	"net/http"
	"time"
)

// Status is what the operator wants to know of the policy.
type Status struct {
	Loaded   time.Time // when the policy that is in force was loaded
	Reloads  uint64    // since the start, that took effect
	Failures uint64    // reloads that left the policy before in force
	Problem  string    // why the last reload failed; "" when it did not
}

// New returns the console's handler: / shows the status, /healthz answers while the
// process lives, /readyz while it takes requests, /metrics has the status as numbers
// in the Prometheus text format.
func New(status func() Status) http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) {
		answer(w, "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "ok\n") // the client went away
	}
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /readyz", ok)
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, "text/plain; version=0.0.4; charset=utf-8")
		writeMetrics(w, status())
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, "text/html; charset=utf-8")
		_ = page.Execute(w, status())
	})
	return ownOnly(mux)
}

// ownOnly refuses what pages of other origins ask for, a compartment's frame with its
// opaque one among them: the console knows nobody, and has what the operator alone
// should see (CWE-346). A link to the console works.
func ownOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		site, origin := h.Get("Sec-Fetch-Site"), h.Get("Origin")
		foreign := (site == "cross-site" || site == "same-site") && h.Get("Sec-Fetch-Dest") != "document"
		if foreign || origin != "" && origin != "http://"+r.Host && origin != "https://"+r.Host {
			answer(w, "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "The console is not for other sites.\n") // the client went away
			return
		}
		next.ServeHTTP(w, r)
	})
}

// answer sets the header of an answer. The page has the operator's own words in it,
// and runs nothing.
func answer(w http.ResponseWriter, mediaType string) {
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
}

func writeMetrics(w io.Writer, s Status) {
	valid := 1
	if s.Problem != "" {
		valid = 0
	}
	_, _ = fmt.Fprintf(w, `# HELP chatproxy_policy_reloads_total Reloads of the policy, by whether they took effect.
# TYPE chatproxy_policy_reloads_total counter
chatproxy_policy_reloads_total{result="ok"} %d
chatproxy_policy_reloads_total{result="failed"} %d
# HELP chatproxy_policy_valid Whether the policy's files are valid as they were last read.
# TYPE chatproxy_policy_valid gauge
chatproxy_policy_valid %d
# HELP chatproxy_policy_loaded_timestamp_seconds When the policy in force was loaded.
# TYPE chatproxy_policy_loaded_timestamp_seconds gauge
chatproxy_policy_loaded_timestamp_seconds %d
`, s.Reloads, s.Failures, valid, s.Loaded.Unix())
}

var page = template.Must(template.New("console").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>chatproxy</title>
<style>
body{margin:2rem auto;max-width:48rem;padding:0 1rem;font:16px/1.5 system-ui,sans-serif;color:#1c2530;background:#f4f5f7}
h1{font-size:1.4rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem}
dt{color:#68727f}
dd{margin:0;font-variant-numeric:tabular-nums}
section{border-left:4px solid #c0392b;padding:.5rem 1rem;background:#fff}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
@media (prefers-color-scheme:dark){body{color:#e8ebef;background:#14181d}dt{color:#98a2af}section{background:#1c2229}}
</style>
</head>
<body>
<h1>chatproxy</h1>
{{if .Problem}}<section>
<p>The policy's files have problems. The policy that was there before is in force.</p>
<pre>{{.Problem}}</pre>
</section>{{end}}
<dl>
<dt>Policy in force since</dt><dd>{{.Loaded.Format "2006-01-02 15:04:05 MST"}}</dd>
<dt>Reloads</dt><dd>{{.Reloads}}</dd>
<dt>Failed reloads</dt><dd>{{.Failures}}</dd>
</dl>
</body>
</html>
`))

// Package console is the operator's listener. It has no log-in and belongs on
// loopback.
package console

import (
	"io"
	"net/http"
)

// New returns the console's handler: /healthz answers while the process lives,
// /readyz while it takes requests.
func New() http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, "ok\n") // the client went away
	}
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /readyz", ok)
	return mux
}

package bosh

import (
	"maps"
	"net/http"
)

// finalOnly keeps the informational responses (1xx) of the server's endpoint from the
// client. ReverseProxy would pass them on with all of their header, and forget our own.
type finalOnly struct {
	http.ResponseWriter
	header http.Header // of the response that comes next
}

func (f *finalOnly) Header() http.Header { return f.header }

func (f *finalOnly) WriteHeader(status int) {
	if status < 200 {
		return
	}
	maps.Copy(f.ResponseWriter.Header(), f.header)
	f.ResponseWriter.WriteHeader(status)
}

// Unwrap is for [http.ResponseController].
func (f *finalOnly) Unwrap() http.ResponseWriter { return f.ResponseWriter }

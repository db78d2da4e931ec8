package proxy

import (
	"errors"
	"net/http"
)

// flushing lets a body go out as the upstream sends it: what was written is flushed
// before more is read. A page that has come whole is written once and needs no flush.
//
// ReverseProxy can do this itself, with a FlushInterval below zero, but starts a timer
// for every response that costs more than the rest of it.
func flushing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&flushWriter{ResponseWriter: w, x: exchangeOf(r)}, r)
	})
}

type flushWriter struct {
	http.ResponseWriter
	x *exchange
}

// Unwrap is for http.ResponseController.
func (w *flushWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write implements http.ResponseWriter.
func (w *flushWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	if err != nil || w.x.whole {
		return n, err
	}
	if err := http.NewResponseController(w.ResponseWriter).Flush(); !errors.Is(err, http.ErrNotSupported) {
		return n, err
	}
	return n, nil
}

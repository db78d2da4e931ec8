package proxy

import (
	"errors"
	"net/http"

	"chatproxy/proxy/downstream"
)

// flushing lets a body go out as the upstream sends it: what was written is flushed
// before more is read. A page that has come whole is written once and needs no flush.
// Either way header, chunk and page leave in one system call.
//
// ReverseProxy can flush itself, with a FlushInterval below zero, but starts a timer
// for every response that costs more than the rest of it.
func flushing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&flushWriter{ResponseWriter: w, r: r, x: exchangeOf(r)}, r)
	})
}

type flushWriter struct {
	http.ResponseWriter
	r *http.Request
	x *exchange
}

// Unwrap is for http.ResponseController.
func (w *flushWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write implements http.ResponseWriter.
func (w *flushWriter) Write(p []byte) (n int, err error) {
	release := downstream.Gather(w.r)
	defer func() { err = errors.Join(err, release()) }()
	n, err = w.ResponseWriter.Write(p)
	if err != nil || w.x.whole {
		return n, err
	}
	if err := http.NewResponseController(w.ResponseWriter).Flush(); !errors.Is(err, http.ErrNotSupported) {
		return n, err
	}
	return n, nil
}

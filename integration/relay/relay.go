// Package relay is a bad network on demand. It stands between an XMPP client
// and chatproxy, passes BOSH requests and WebSocket frames on, and breaks what
// real networks break: connections that are cut before, between and in the
// middle of what they carry, requests that arrive twice or in another order,
// and delays.
//
// What is broken is decided by a seed and by what passes (the number of the
// request or frame), not by time, so that a failure can be tried again. Every
// fault is counted; a test must look at the counts, or it has shown nothing.
//
// The relay also judges: an answer that was lost on the way must come again
// byte by byte when the request is repeated, and two copies of one request must
// not both be answered with content that differs (XEP-0124 §14.3). See
// [Relay.Violations].
package relay

import (
	"fmt"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Kind is a kind of fault.
type Kind string

// The faults of BOSH.
const (
	AbortBefore  Kind = "abort before the request was passed on"
	AbortHeld    Kind = "abort after the request was passed on"
	LoseResponse Kind = "abort instead of the response"
	AbortMiddle  Kind = "abort in the middle of the response"
	Duplicate    Kind = "request sent twice"
	Reorder      Kind = "request overtaken by the next"
	Delay        Kind = "delay"
)

// The faults of WebSocket. Up is from the client to the server.
const (
	CutBetweenUp   Kind = "cut after a frame up"
	CutBetweenDown Kind = "cut after a frame down"
	CutInsideUp    Kind = "cut inside a frame up"
	CutInsideDown  Kind = "cut inside a frame down"
	SplitFrame     Kind = "frame in two pieces"
	DelayFrame     Kind = "delay of a frame"
)

// Options configure a [Relay].
type Options struct {
	// Target is chatproxy's host:port. Required.
	Target string

	// Seed decides where faults happen.
	Seed uint64

	// BOSH says how likely each fault is for a request that is sent the first
	// time, from 0 to 1; together at most 1. A repetition is left in peace, so
	// that each client's first retry succeeds. The creation of a session is
	// too: one whose answer is lost is another session.
	BOSH map[Kind]float64

	// Most caps the faults of each kind, for clients that make a request of each
	// message. Default: no cap.
	Most int

	// Frames says how likely [SplitFrame] and [DelayFrame] are.
	Frames map[Kind]float64

	// Cuts is how many WebSocket connections are cut. The four kinds take
	// turns.
	Cuts int
}

// Relay is a running relay. Its methods may be called from any goroutine.
type Relay struct {
	o        Options
	listener net.Listener
	server   *http.Server
	upstream *http.Transport
	pages    *httputil.ReverseProxy
	deck     []Kind // the order of the cuts

	mu         sync.Mutex
	injected   map[Kind]int
	violations []string
	sessions   map[string]*session // of BOSH, by sid
	sockets    uint64              // WebSockets so far
	cuts       int
	conns      map[net.Conn]struct{} // taken from the server
}

// Start starts a relay on a loopback port.
func Start(o Options) (*Relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the relay: %w", err)
	}
	r := &Relay{
		o:        o,
		listener: listener,
		upstream: &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true},
		deck:     dice{o.Seed}.shuffle(CutBetweenUp, CutBetweenDown, CutInsideUp, CutInsideDown),
		injected: map[Kind]int{},
		sessions: map[string]*session{},
		conns:    map[net.Conn]struct{}{},
	}
	r.pages = &httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { r.address(p.Out) },
		Transport: r.upstream,
		ErrorLog:  log.New(silent{}, "", 0), // a browser that leaves is no news
	}
	r.server = &http.Server{Handler: http.HandlerFunc(r.serve), ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(listener) }() // it ends with Close
	return r, nil
}

// Addr is where clients connect to.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Injected says how many faults of each kind there were.
func (r *Relay) Injected() map[Kind]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.injected)
}

// Violations lists what chatproxy answered and must not have.
func (r *Relay) Violations() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.violations)
}

// Close cuts all connections.
func (r *Relay) Close() {
	_ = r.server.Close()
	r.upstream.CloseIdleConnections()
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		_ = c.Close()
	}
}

func (r *Relay) serve(w http.ResponseWriter, req *http.Request) {
	switch {
	case req.Header.Get("Upgrade") != "":
		r.webSocket(w, req)
	case req.Method == http.MethodPost && req.URL.Path == "/http-bind":
		r.bosh(w, req)
	default:
		r.pages.ServeHTTP(w, req)
	}
}

// address sends a request to the target as if the client had meant it. Clients
// outside of browsers send no Origin, or cannot; a page that came through the
// relay has the relay's. Any other stays as it is.
func (r *Relay) address(out *http.Request) {
	out.URL = &url.URL{Scheme: "http", Host: r.o.Target, Path: out.URL.Path, RawQuery: out.URL.RawQuery}
	out.Host = r.o.Target
	if origin := out.Header.Get("Origin"); origin == "" || origin == "http://"+r.Addr() {
		if out.Method == http.MethodPost || out.Header.Get("Upgrade") != "" {
			out.Header.Set("Origin", "http://"+r.o.Target)
		}
	}
}

func (r *Relay) count(k Kind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.injected[k]++
}

// enough reports whether there were as many faults of a kind as there may be.
func (r *Relay) enough(k Kind) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.o.Most > 0 && r.injected[k] >= r.o.Most
}

func (r *Relay) violation(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.violations = append(r.violations, fmt.Sprintf(format, args...))
}

// keep makes Close cut a connection that the server no longer knows.
func (r *Relay) keep(c net.Conn) (forget func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[c] = struct{}{}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.conns, c)
	}
}

// cut ends a connection with a reset, as a network that loses its state does.
func cut(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// silent takes a log that nobody reads.
type silent struct{}

func (silent) Write(p []byte) (int, error) { return len(p), nil }

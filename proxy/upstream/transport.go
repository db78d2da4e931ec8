// Package upstream is the leg to the site's own server.
//
// Most of what it carries is a GET over plain HTTP/1.1 to a server on the same
// machine, and for that net/http.Transport does a lot: two goroutines stand on each
// connection, and a request passes from one to the next and back. Here such a request
// is written and its response read on the goroutine that asks, with net/http's own
// reading of both. Everything else goes to http.Transport. Decision 0009 has the figures.
package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// Options bound what the upstream may do. The zero value of each means its default.
type Options struct {
	// DialTimeout is how long a connection may take. Default: 10 s.
	DialTimeout time.Duration
	// HeaderTimeout is how long the upstream may take from the request to the end of
	// the response's header. Default: 60 s.
	HeaderTimeout time.Duration
	// IdleTimeout is how long a connection without a request is kept. Default: 90 s.
	IdleTimeout time.Duration
	// MaxIdle is how many of those are kept. Default: 64.
	MaxIdle int
	// MaxHeader bounds a response's header, in bytes. Default: 256 KiB.
	MaxHeader int64
	// ReadBuffer is how much is read at once, in bytes. Default: 64 KiB, so that a
	// page of usual size comes in with its header in one read.
	ReadBuffer int
	// TLS is for an upstream with https. Default: the system's roots.
	TLS *tls.Config
}

// A Transport is the http.RoundTripper to one upstream. It is for any number of
// goroutines.
type Transport struct {
	o       Options
	host    string // "name:port" of plain HTTP; "" when all goes through wrapped
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	wrapped *http.Transport
	idle    idle
}

// New returns the Transport to target, of which only scheme and host count.
func New(target *url.URL, o Options) *Transport {
	set(&o.DialTimeout, 10*time.Second)
	set(&o.HeaderTimeout, 60*time.Second)
	set(&o.IdleTimeout, 90*time.Second)
	set(&o.MaxIdle, 64)
	set(&o.MaxHeader, 256<<10)
	set(&o.ReadBuffer, 64<<10)
	t := &Transport{o: o, dial: (&net.Dialer{Timeout: o.DialTimeout, KeepAlive: 30 * time.Second}).DialContext}
	// No proxy from the environment, no decoding behind our back, a deadline for
	// every phase.
	t.wrapped = &http.Transport{
		DialContext:            t.dial,
		TLSClientConfig:        o.TLS,
		TLSHandshakeTimeout:    o.DialTimeout,
		ResponseHeaderTimeout:  o.HeaderTimeout,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        o.IdleTimeout,
		MaxIdleConnsPerHost:    o.MaxIdle,
		MaxResponseHeaderBytes: o.MaxHeader,
		ReadBufferSize:         o.ReadBuffer,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}
	t.idle.max, t.idle.timeout = o.MaxIdle, o.IdleTimeout
	if canProbe && target.Scheme == "http" {
		t.host = target.Host
	}
	return t
}

func set[T comparable](option *T, standard T) {
	var zero T
	if *option == zero {
		*option = standard
	}
}

// Close closes the connections that carry no request, and each of the others when its
// request is done. Requests are still answered.
func (t *Transport) Close() {
	t.idle.closeAll()
	t.wrapped.CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !t.direct(r) {
		res, err := t.wrapped.RoundTrip(r)
		if err != nil && strings.Contains(err.Error(), "timeout awaiting response headers") { // it has no name
			err = fmt.Errorf("%w: %w", ErrHeaderTimeout, err)
		}
		return res, err
	}
	for c := t.idle.take(); c != nil; c = t.idle.take() {
		res, err := c.exchange(r)
		if !errors.Is(err, errUnanswered) {
			return res, err
		}
		// The upstream gave the connection up while the request was under way to
		// it, which it may (RFC 9112 §9.3.1). A GET can be asked again.
	}
	c, err := t.connect(r.Context())
	if err != nil {
		return nil, err
	}
	return c.exchange(r)
}

// direct reports whether the request is one that needs no more than is here: plain
// HTTP, safe to repeat, without a body, and answered by a response and nothing else.
func (t *Transport) direct(r *http.Request) bool {
	return t.host != "" && r.URL.Host == t.host && r.URL.Scheme == "http" &&
		(r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		(r.Body == nil || r.Body == http.NoBody) &&
		r.Header.Get("Upgrade") == "" && r.Header.Get("Expect") == "" && !r.Close &&
		httpguts.ValidHostHeader(r.Host) && validFields(r.Header)
}

// validFields reports whether the fields can be written as they are (RFC 9110 §5.5).
// Request.Write would write some that cannot; http.Transport says what is wrong.
func validFields(h http.Header) bool {
	for name, values := range h {
		if !httpguts.ValidHeaderFieldName(name) {
			return false
		}
		for _, value := range values {
			if !httpguts.ValidHeaderFieldValue(value) {
				return false
			}
		}
	}
	return true
}

// connect returns a new connection.
func (t *Transport) connect(ctx context.Context) (*conn, error) {
	address := t.host
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort((&url.URL{Host: t.host}).Hostname(), "80")
	}
	nc, err := t.dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the upstream %s: %w", t.host, err)
	}
	return newConn(nc, t)
}

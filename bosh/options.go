package bosh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"chatproxy/xmpp"
)

// Options configure a [Bridge].
type Options struct {
	// Domain is the one XMPP domain that is served. Required.
	Domain string

	// Dial connects to the domain's server and returns before a stream is
	// opened; [xmpp.Dialer.Dial] is meant. The context carries the client's
	// address ([xmpp.WithClient]). Required.
	Dial func(context.Context) (*xmpp.Stream, error)

	// AllowOrigin decides whether the page of this request may use the
	// bridge. It is asked only about requests with exactly one Origin that
	// is not "null"; all others are refused. Required. Danger: one that
	// always says yes lets any website act for its visitors.
	AllowOrigin func(*http.Request) bool

	// ClientAddress names who sent a request, for the cap of sessions and,
	// if it is an IP address, for the server (PROXY protocol).
	// Default: the host of RemoteAddr. Danger: behind another proxy that is
	// one address for everybody; take it from a header only if a trusted
	// peer wrote the header.
	ClientAddress func(*http.Request) string

	// Secure reports whether the client reached the site over TLS. Default:
	// r.TLS != nil.
	Secure func(*http.Request) bool

	// Limits bound what clients may use.
	Limits Limits

	// Log is told of sessions and failures, never of payloads. Default: nothing.
	Log *slog.Logger
}

// Limits bound clients. A zero field means its default.
type Limits struct {
	// Body caps a BOSH request body and a WebSocket message, in bytes.
	// Default: 256 KiB.
	Body int

	// Queue is how much may wait for a client, in bytes, before the server
	// is no longer read, which TCP makes it notice. Default: 256 KiB.
	Queue int

	// SessionsPerAddress caps the sessions of one ClientAddress, over both
	// transports. Default: 20.
	SessionsPerAddress int

	// Sessions caps all sessions. Default: 20 000.
	Sessions int

	// Wait is the longest time that a BOSH request is held; a client may ask
	// for less. Whole seconds. Default: 60 s. Keep it under the idle timeout
	// of whatever stands in front.
	Wait time.Duration

	// Inactivity is how long a BOSH session lives without a request. Whole
	// seconds. Default: 60 s.
	Inactivity time.Duration

	// Polling is the shortest time between two empty requests of a polling
	// BOSH session. Whole seconds. Default: 2 s.
	Polling time.Duration

	// Gap is how long a BOSH request waits for an earlier one that is missing;
	// then that is skipped. Default: 3 s.
	Gap time.Duration

	// Handshake bounds how long a client may take for one request body or
	// for its first WebSocket message, and how long the first BOSH answer
	// waits for the server's features. Default: 10 s.
	Handshake time.Duration

	// Write bounds one write, to a client or to the server. Default: 15 s.
	Write time.Duration

	// Ping is the time between two WebSocket pings. A client that has not
	// answered one after Write is taken for lost. Default: 30 s, below the
	// 60 s after which common proxies cut an idle connection.
	Ping time.Duration
}

func (l Limits) withDefaults() Limits {
	setInt := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	setInt(&l.Body, 256<<10)
	setInt(&l.Queue, 256<<10)
	setInt(&l.SessionsPerAddress, 20)
	setInt(&l.Sessions, 20_000)
	set := func(field *time.Duration, value time.Duration) {
		if *field <= 0 {
			*field = value
		}
	}
	set(&l.Wait, 60*time.Second)
	set(&l.Inactivity, 60*time.Second)
	set(&l.Polling, 2*time.Second)
	set(&l.Gap, 3*time.Second)
	set(&l.Handshake, 10*time.Second)
	set(&l.Write, 15*time.Second)
	set(&l.Ping, 30*time.Second)
	return l
}

// stanzaLimits hold what a client sends to what the server would accept.
func (l Limits) stanzaLimits() xmpp.Limits { return xmpp.Limits{StanzaBytes: l.Body} }

// Bridge is both transports of one domain.
type Bridge struct {
	// BOSH serves /http-bind.
	BOSH *Manager
	// WebSocket serves /xmpp-websocket.
	WebSocket *WebSocket
}

// New makes a bridge. It fails if a required option is missing.
func New(o Options) (*Bridge, error) {
	switch {
	case o.Domain == "":
		return nil, errors.New("bosh: Options.Domain is missing")
	case o.Dial == nil:
		return nil, errors.New("bosh: Options.Dial is missing")
	case o.AllowOrigin == nil:
		return nil, errors.New("bosh: Options.AllowOrigin is missing; without it any website could use the bridge")
	}
	if o.ClientAddress == nil {
		o.ClientAddress = remoteHost
	}
	if o.Secure == nil {
		o.Secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Limits = o.Limits.withDefaults()
	seats := newSeats(o.Limits)
	return &Bridge{BOSH: newManager(o, seats), WebSocket: newWebSocket(o, seats)}, nil
}

// Close ends all sessions and returns when the last of their goroutines has:
// clients are told system-shutdown, and the server's side is dropped so that
// XEP-0198 sessions can be resumed through another proxy. New sessions are
// refused from the moment it is called. If ctx ends first, its error is
// returned, and the rest ends in the background.
func (b *Bridge) Close(ctx context.Context) error {
	done := make(chan struct{})
	b.BOSH.shutdown()
	b.WebSocket.shutdown()
	go func() {
		defer close(done)
		b.BOSH.work.Wait()
		b.WebSocket.work.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("closing the XMPP bridge: %w", context.Cause(ctx))
	}
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

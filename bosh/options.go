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

	// Resume returns what gives the connection of a request back to the HTTP server
	// that it came from, with what came on it and was not read; nil where that cannot
	// be. A connection that keeps what was unread has a method Unread() int, which
	// says how many bytes that still are. With it a BOSH request that waits is taken out of the HTTP server, which
	// makes a session several times smaller. Default: requests stay in the server.
	Resume func(*http.Request) func(conn net.Conn, unread []byte)

	// Through names endpoints of the server that are passed through to,
	// instead of bridging to its stream. Default: none. Danger: over BOSH, what
	// looks into a session (Stanzas, the pace of log-ins, bytes of a session)
	// does not see one that is passed through.
	Through Through

	// FormerDomains were served here once. Clients that ask for one of them
	// are told host-gone instead of host-unknown. Default: none.
	FormerDomains []string

	// SeeOtherURI is where BOSH clients that come without TLS are sent, the
	// https address of this very manager say. Default: they are served, and
	// it is for the listener to redirect them.
	SeeOtherURI string

	// Compress lets BOSH responses be compressed with gzip for clients that
	// accept it. Default: they are not. Danger: an attacker who can write
	// to a user and sees the sizes of the user's encrypted responses can guess at
	// what stands beside his words (BREACH, CWE-310).
	Compress bool

	// Limits bound what clients may use.
	Limits Limits

	// Stanzas decides which stanzas pass. Default: all do. Before the client has
	// logged in it decides too.
	Stanzas StanzaPolicy

	// Drain is how [Bridge.Close] lets clients go.
	Drain Drain

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
	// transports. Default: 20. IPv6 addresses count by their first 64 bits, here
	// and below: whoever has one has them all.
	SessionsPerAddress int

	// Sessions caps all sessions. Default: 20 000.
	Sessions int

	// NewSessionsPerAddress is how many sessions may begin in a second from one
	// ClientAddress. As many as SessionsPerAddress, and twice this number, may at
	// once. Default: 5.
	NewSessionsPerAddress int

	// NewSessions is how many sessions may begin in a second in all; twice as many
	// may at once. Default: 500.
	NewSessions int

	// LoginFailuresPerAddress is how many log-ins of one ClientAddress may fail
	// before it has to wait for the next, from a second up to 15 min. An hour's
	// quarter without a failure is a new beginning. Default: 20, since an office may
	// be one address.
	LoginFailuresPerAddress int

	// LoginFailuresPerAccount is the same of one account, from a second up to a
	// minute: more would let anybody keep somebody else out. Default: 10. It works
	// for the mechanisms that name the account first: PLAIN and SCRAM.
	LoginFailuresPerAccount int

	// StanzaRate is how many stanzas one session may send in a second. For a
	// moment ten times as many may come. Default: 100.
	StanzaRate int

	// ByteRate is the same in bytes. Default: 256 KiB.
	ByteRate int

	// Flood is how long a client may send faster than that, and be slowed down,
	// before its session ends. Default: 30 s.
	Flood time.Duration

	// Idle is how long a session lives without a stanza in either direction.
	// Default: 24 h.
	Idle time.Duration

	// Life is how long a session lives at all. Default: 7 days.
	Life time.Duration

	// Wait is the longest time that a BOSH request is held; a client may ask
	// for less. Whole seconds. Default: 60 s. Keep it under the idle timeout
	// of whatever stands in front.
	Wait time.Duration

	// Hold is how many BOSH requests of a session are held at most; a client
	// may ask for less. More than one is of no use to browsers, and each
	// costs a connection. Default: 1. At most 4.
	Hold int

	// MaxPause is the longest pause that a BOSH client may ask for. Whole
	// seconds. Default: 120 s.
	MaxPause time.Duration

	// Streams is how many streams a BOSH session may have (XEP-0124 §16).
	// Each is a connection to the server and counts as a session of its
	// address. 1 turns multiple streams off. Default: 4.
	Streams int

	// Replay caps the BOSH responses of a session that are kept for
	// repetition, in bytes. Reaching it ends the session. It must have room
	// for the responses that a client can miss at once, each of which may
	// be as large as Queue and a stanza. Default: 4 MiB.
	Replay int

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
	setInt(&l.NewSessionsPerAddress, 5)
	setInt(&l.NewSessions, 500)
	setInt(&l.LoginFailuresPerAddress, 20)
	setInt(&l.LoginFailuresPerAccount, 10)
	setInt(&l.StanzaRate, 100)
	setInt(&l.ByteRate, 256<<10)
	setInt(&l.Hold, 1)
	l.Hold = min(l.Hold, maxRequests-1)
	setInt(&l.Streams, 4)
	setInt(&l.Replay, 4<<20)
	set := func(field *time.Duration, value time.Duration) {
		if *field <= 0 {
			*field = value
		}
	}
	set(&l.Wait, 60*time.Second)
	set(&l.Inactivity, 60*time.Second)
	set(&l.MaxPause, 120*time.Second)
	set(&l.Polling, 2*time.Second)
	set(&l.Gap, 3*time.Second)
	set(&l.Handshake, 10*time.Second)
	set(&l.Write, 15*time.Second)
	set(&l.Ping, 30*time.Second)
	set(&l.Flood, 30*time.Second)
	set(&l.Idle, 24*time.Hour)
	set(&l.Life, 7*24*time.Hour)
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

	drain Drain
}

// New makes a bridge. It fails if a required option is missing.
func New(o Options) (*Bridge, error) {
	switch {
	case o.Domain == "":
		return nil, errors.New("bosh: Options.Domain is missing")
	case o.Dial == nil && (o.Through.BOSH == nil || o.Through.WebSocket == nil):
		return nil, errors.New("bosh: Options.Dial is missing")
	case o.AllowOrigin == nil:
		return nil, errors.New("bosh: Options.AllowOrigin is missing; without it any website could use the bridge")
	}
	if err := o.Through.check(o.Stanzas); err != nil {
		return nil, err
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
	seats, guard := newSeats(o.Limits), newGuard(&o)
	return &Bridge{BOSH: newManager(o, seats, guard), WebSocket: newWebSocket(o, seats, guard), drain: o.Drain}, nil
}

// Close ends all sessions, spread over a time as [Options.Drain] says, and returns
// when the last of their goroutines has: clients are told system-shutdown, and the
// server's side is dropped so that XEP-0198 sessions can be resumed through another
// proxy. New sessions are refused from the moment it is called. If ctx ends first, the
// sessions that are left end at once and in the background, and its error is returned.
func (b *Bridge) Close(ctx context.Context) error {
	b.drain.run(ctx, append(b.BOSH.shutdown(), b.WebSocket.shutdown()...))
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.BOSH.work.Wait()
		if b.BOSH.through != nil {
			b.BOSH.through.way.CloseIdleConnections()
		}
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

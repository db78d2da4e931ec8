package bosh

import (
	"context"
	"strconv"
	"sync"
	"time"

	"chatproxy/xmpp"
)

// passages are the sessions of a server's own BOSH endpoint that were made
// through this proxy, and only those can be used through it. A session id that
// the server handed out elsewhere, or that somebody guesses, is refused before
// the server is asked (CWE-384, CWE-639); a session that began over TLS is not
// continued in the clear (XEP-0124 §15), nor by the page of another origin. An
// address does not bind it: a phone that leaves the house keeps its session.
type passages struct {
	mu     sync.Mutex
	known  map[string]*passage // by sid
	closed bool
}

// passage is one session of the server's endpoint.
type passage struct {
	sid        string
	name       string // for the log
	overTLS    bool
	origin     string
	requests   int           // how many the client may have open
	wait       time.Duration // the longest that the server holds a request
	inactivity time.Duration
	grace      time.Duration // beyond the server's own times
	ctx        context.Context
	stop       context.CancelCauseFunc // ends its requests

	// The rest belongs to whoever holds passages.mu.
	release func() // of the seat
	open    int    // requests on their way
	ended   bool   // by the server; repetitions of the end are still passed
	idle    *time.Timer
	until   time.Time // when idle is to end it
}

// longest caps what a server or a client says of times.
const longest = time.Hour

// seconds reads an attribute that has a number of them.
func seconds(s string, fallback time.Duration) time.Duration {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return fallback
	}
	return min(time.Duration(n)*time.Second, longest)
}

// begin counts the making of a session as work, unless the proxy shuts down.
func (s *passages) begin(work *sync.WaitGroup) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		work.Add(1)
	}
	return !s.closed
}

// create notes the session that the server announces in the answer to p, which
// is the session's first request and on its way.
func (s *passages) create(tag *xmpp.Body, p *passing, limits Limits) (*passage, error) {
	get := func(name string) string { v, _ := tag.Attribute(name); return v }
	sid := get("sid")
	if sid == "" {
		return nil, endpointError("makes a session without sid")
	}
	made := &passage{
		sid:        sid,
		name:       logName(sid),
		overTLS:    p.overTLS,
		origin:     p.origin,
		wait:       seconds(get("wait"), limits.Wait),
		inactivity: seconds(get("inactivity"), limits.Inactivity),
		grace:      limits.Handshake,
		release:    p.release,
		open:       1,
	}
	if made.requests, _ = strconv.Atoi(get("requests")); made.requests < 1 || made.requests > 16 {
		made.requests = 2
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errShutdown
	}
	if s.known[sid] != nil {
		return nil, endpointError("hands out a sid twice")
	}
	made.ctx, made.stop = context.WithCancelCause(context.Background())
	made.idle = time.AfterFunc(longest, func() { s.inactive(made) })
	made.idle.Stop()
	s.known[sid] = made
	return made, nil
}

// enter finds the session of a request and counts the request, as work too.
func (s *passages) enter(q *passing, work *sync.WaitGroup) (*passage, Condition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.known[q.get("sid")]
	switch {
	case p == nil || p.overTLS && !q.overTLS || p.origin != q.origin:
		return nil, ItemNotFound
	case p.open >= p.requests+2:
		// One more may pause or terminate, and one may be a repetition whose
		// first connection is not known to be lost. More only cost memory
		// (XEP-0124 §11, CWE-770).
		return nil, PolicyViolation
	}
	work.Add(1)
	p.open++
	p.idle.Stop()
	return p, ""
}

// leave is the end of a request. A client that has none open is inactive, and
// may be for as long as the server allows, or for the pause that it asked for.
func (s *passages) leave(p *passage, pause time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.open--
	if p.open == 0 && !p.ended {
		patience := max(p.inactivity, pause) + p.grace
		p.until = time.Now().Add(patience)
		p.idle.Reset(patience)
	}
}

func (s *passages) inactive(p *passage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The timer may have fired while a request was on its way to mu.
	if !p.ended && p.open == 0 && !time.Now().Before(p.until) {
		p.finish()
		delete(s.known, p.sid)
	}
}

func (p *passage) finish() {
	p.ended = true
	p.idle.Stop()
	p.release()
}

// end is called when the server has ended the session. For a while its sid is
// still known, so that a client that lost the last answer gets it.
func (s *passages) end(p *passage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.ended {
		return
	}
	p.finish()
	time.AfterFunc(tombstone, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.known, p.sid)
	})
}

// close lets no session be made any more, and returns how to end each that
// there is.
func (s *passages) close() (ends []func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, p := range s.known {
		ends = append(ends, func() { s.shut(p) })
	}
	return ends
}

// shut ends a session and answers its requests because the proxy goes away.
func (s *passages) shut(p *passage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !p.ended {
		p.finish()
	}
	delete(s.known, p.sid)
	p.stop(errShutdown)
}

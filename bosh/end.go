package bosh

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"chatproxy/xmpp"
)

// tombstone is how long an ended session answers repetitions, so that a
// client that lost the final answer gets it (XEP-0124 §14.3).
const tombstone = 10 * time.Second

// watchIdle starts the inactivity timer if no request is open. Only then does
// a client count as inactive (XEP-0124 §10); a connection that the client
// closed is not open, or lost clients would stay online as ghosts.
func (s *session) watchIdle() {
	if s.ended || s.open() {
		return
	}
	s.since = time.Now()
	s.idle.Reset(s.m.o.Limits.Inactivity)
}

func (s *session) open() bool {
	if len(s.held) > 0 {
		return true
	}
	for _, e := range s.early {
		if !e.gone {
			return true
		}
	}
	return false
}

func (s *session) inactive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The timer may have fired while a request was on its way to mu.
	if s.ended || s.open() || time.Since(s.since) < s.m.o.Limits.Inactivity {
		return
	}
	s.m.o.Log.Info("BOSH session ends: its client is gone", "session", s.name)
	s.end(nil, ItemNotFound)
}

// stop ends a session from outside.
func (s *session) stop(c Condition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(nil, c)
}

// goodbye ends the session on the client's request e, whose payload the
// server has by now: everything that is held gets its answer, and what the
// server said last is delivered.
func (s *session) goodbye(e *exchange) {
	stream := s.stream
	s.flush()
	for len(s.held) > 0 {
		s.answerOldest(nil)
	}
	s.m.o.Log.Info("BOSH session ends: its client said goodbye", "session", s.name)
	s.m.work.Go(func() { _ = stream.Close() }) // the client is gone either way
	s.stream = nil                             // so that end does not abort it
	s.end(e, "")
}

// end ends the session: every open request, and e if it is not nil and has
// no place in the session, gets the terminal answer; the first also gets what
// was queued. The server's connection is dropped, not closed: if the client
// is alive it can resume an XEP-0198 session elsewhere.
func (s *session) end(e *exchange, c Condition, last ...xmpp.Stanza) {
	if s.ended {
		return
	}
	open := slices.Clone(s.held)
	for _, rid := range slices.Sorted(maps.Keys(s.early)) {
		open = append(open, s.early[rid])
	}
	for _, late := range s.late {
		if late != e {
			open = append(open, late)
		}
	}
	if e != nil {
		open = append(open, e)
	}
	content := append(s.takeQueue(), last...)
	for _, e := range open {
		if e.gone {
			continue
		}
		s.answer(e, terminal(c, content...))
		content = nil
	}
	s.finish()
}

// finish frees what the session holds. Its answers stay for a while.
func (s *session) finish() {
	s.ended = true
	s.idle.Stop()
	s.gap.Stop()
	s.held, s.early, s.orphans, s.skipped, s.late = nil, nil, nil, nil, nil
	if s.stream != nil {
		s.m.work.Go(s.stream.Abort) // it may take a moment, and mu is held
		s.stream = nil
	}
	close(s.done)
	s.cancel()
	s.gate.close()
	s.release()
	time.AfterFunc(tombstone, func() { s.m.forget(s) })
}

// unreachable is called when there is no connection to the server.
func (s *session) unreachable(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.m.o.Log.Error("BOSH session has no server", "session", s.name, "reason", err)
	switch {
	case permanent(err):
		s.end(nil, RemoteConnectionFailed)
	case s.announced:
		s.end(nil, SystemShutdown)
	default:
		// A server that restarts must not log everybody out: Strophe tries
		// again after a 5xx, and gives up after a terminal condition.
		for _, e := range s.held {
			e.tell(response{http.StatusServiceUnavailable, makeBody(nil, nil)})
		}
		s.held = nil
		s.end(nil, SystemShutdown)
	}
}

// lost is called when the server's stream ended.
func (s *session) lost(stream *xmpp.Stream, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.m.o.Log.Info("BOSH session ends: its stream did", "session", s.name, "reason", err)
	var said *xmpp.StreamError
	switch {
	case errors.As(err, &said):
		s.end(nil, RemoteStreamError, said.Stanza)
	case errors.Is(err, io.EOF):
		s.end(nil, SystemShutdown)
	default:
		var syntax *xmpp.SyntaxError
		if errors.As(err, &syntax) {
			s.end(nil, InternalServerError)
			return
		}
		s.end(nil, SystemShutdown)
	}
}

package bosh

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"chatproxy/xmpp"
)

// stream is one stream of a session (XEP-0124 §16) and its connection to the
// server. A session begins with one; nearly all have no other.
type stream struct {
	name    string // the "stream" attribute: opaque and unpredictable
	lang    string
	release func() // gives its seat back
	gate    *gate  // what may pass, see gate.go

	up   *xmpp.Stream // nil until it is open
	told bool         // the client knows what introduce says

	leaving bool // its last words are being said, by who ends the connection then

	// The login succeeded, and the client has not asked for the restart that
	// must follow; restartDue is the pump's alone.
	succeeded, restartDue bool
}

func newStream(lang string, g *gate, release func()) *stream {
	return &stream{name: newSID(), lang: lang, gate: g, release: release}
}

// run connects to the server and reads the stream until that ends.
func (s *session) run(st *stream) {
	up, err := s.m.o.Dial(s.ctx)
	if err == nil {
		if err = s.write(func(ctx context.Context) error { return up.Open(ctx, st.lang) }); err != nil {
			up.Abort()
		}
	}
	if err != nil {
		s.unreachable(st, err)
		return
	}
	s.mu.Lock()
	if !s.has(st) {
		s.mu.Unlock()
		up.Abort()
		return
	}
	st.up = up
	s.startPump()
	s.mu.Unlock()
	s.m.work.Add(1)   // until the stream ends, also while no goroutine reads it
	go s.read(st, up) // with a stack of its own: dialling needs a deep one
}

// read reads a stream until it ends.
func (s *session) read(st *stream, up *xmpp.Stream) {
	for {
		// Not s.ctx: when the client says goodbye, the stream is read to its
		// end. up.Abort wakes this up in all other cases.
		stanza, err := up.NextOrIdle(context.Background())
		switch {
		case errors.Is(err, xmpp.ErrIdle):
			if up.WhenReadable(func() { s.read(st, up) }) {
				return
			}
			continue
		}
		// What has come together goes out together: a response for each would have
		// the client ask for every single one of them.
		for more := true; err == nil && more; {
			var next xmpp.Stanza
			next, more, err = up.NextNow()
			if !isHeader(stanza) { // XEP-0206 §3: the header is never shown
				s.deliver(st, up, stanza)
			}
			stanza = next
		}
		s.mu.Lock()
		s.flush()
		s.mu.Unlock()
		if err != nil {
			s.lost(st, err)
			s.m.work.Done()
			return
		}
	}
}

// write runs one write to the server within its deadline.
func (s *session) write(do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.m.o.Limits.Write)
	defer cancel()
	return do(ctx)
}

// has reports whether the stream is open, or about to be.
func (s *session) has(st *stream) bool { return !s.ended && slices.Contains(s.streams, st) }

// find is the open stream of this name, or nil.
func (s *session) find(name string) *stream {
	for _, st := range s.streams {
		if st.name == name {
			return st
		}
	}
	return nil
}

// targets are the streams that a request is for: the one that it names, or
// all of them (§16.4). It is false if the name is none of this session. A
// name of a stream that was closed just now may be in a request that was
// under way; then nobody gets it.
func (s *session) targets(q *request) ([]*stream, bool) {
	if q.stream == "" || s.m.o.Limits.Streams == 1 {
		return s.streams, true
	}
	if st := s.find(q.stream); st != nil {
		return []*stream{st}, true
	}
	return nil, q.empty() || slices.Contains(s.closed, q.stream)
}

// forward sends a request's payload to the server, and returns the streams
// that failed.
func (s *session) forward(streams []*stream, q *request) (failed []*stream) {
	if !q.carries() {
		return nil
	}
	for _, st := range streams {
		stanzas, err := s.fromClient(st, q)
		if err != nil {
			return nil // the session has ended
		}
		if err := s.write(func(ctx context.Context) error { return st.send(ctx, q, stanzas) }); err != nil {
			s.m.o.Log.Warn("BOSH session lost its server", "session", s.name, "reason", err)
			failed = append(failed, st)
		}
	}
	return failed
}

func (st *stream) send(ctx context.Context, q *request, stanzas []xmpp.Stanza) error {
	switch {
	case q.restart: // its payload is ignored (XEP-0206 §5)
		if q.lang != "" {
			st.lang = q.lang
		}
		return st.up.Open(ctx, st.lang)
	case st.restartDue:
		// The client logged in and goes on without the restart that it must
		// ask for, as clients do that grew up with punjab, Prosody and ejabberd, which
		// run their own stream. The server would end ours; so it is
		// restarted, and the payload follows, which needs no features to be
		// seen first. The client gets the features with the answer.
		if err := st.up.Open(ctx, st.lang); err != nil {
			return err
		}
	}
	return st.up.Send(ctx, stanzas...)
}

// another opens one more stream and tells the client its name (§16.3). What
// cannot be opened is a stream that ends at once: the session goes on.
func (s *session) another(e *exchange) {
	q := e.request
	c := s.m.o.refuses(q.to)
	var release func()
	if c == "" && len(s.streams) >= s.m.o.Limits.Streams {
		c = PolicyViolation
	}
	if c == "" {
		var err error
		if release, err = s.m.seats.take(s.address); err != nil {
			s.m.o.Log.Warn("BOSH stream refused", "session", s.name, "reason", err)
			c = PolicyViolation
		}
	}
	st := newStream(q.lang, s.m.guard.gate(s.address), release)
	s.several = true
	news := item{of: st, begins: true}
	if c != "" {
		news = item{of: st, over: true, condition: c}
	} else {
		s.streams = append(slices.Clip(s.streams), st)
		s.m.work.Go(func() { s.run(st) })
	}
	if e.gone || e.answered { // with one of the next answers then
		s.enqueue(news)
		s.hold1(e)
		return
	}
	s.answerInTurn(e, func() response {
		return s.say(q.rid, saying{of: st, begins: news.begins, over: news.over, condition: c})
	})
}

// close takes a stream out of the session. The caller ends the connection.
func (s *session) close(st *stream) {
	s.streams = slices.DeleteFunc(slices.Clone(s.streams), func(other *stream) bool { return other == st })
	s.closed = append(s.closed, st.name)
	if len(s.closed) > 8 {
		s.closed = slices.Delete(s.closed, 0, 1)
	}
	st.release()
	st.gate.close()
	s.roomy.Broadcast()
}

// streamOver ends one stream for a reason of the server's side: the session
// too, if it was the last (§16.6). The server's connection is dropped.
func (s *session) streamOver(st *stream, c Condition, last ...xmpp.Stanza) {
	switch {
	case !s.has(st):
		return
	case len(s.streams) == 1:
		s.end(c, last...)
		return
	}
	s.close(st)
	if st.up != nil {
		st.up.Abort()
	}
	for _, stanza := range last {
		s.enqueue(item{of: st, stanza: stanza})
	}
	s.enqueue(item{of: st, over: true, condition: c})
	s.flush()
	s.startPump() // its next request may have waited for this stream
}

// unreachable is called when there is no connection to the server.
func (s *session) unreachable(st *stream, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.has(st) {
		return
	}
	s.m.o.Log.Error("BOSH session has no server", "session", s.name, "reason", err)
	switch {
	case len(s.streams) > 1 || permanent(err):
		s.streamOver(st, RemoteConnectionFailed)
	case s.asked == nil && outOfResources(err):
		s.end(InternalServerError)
	case s.asked == nil:
		s.end(SystemShutdown)
	default:
		// A server that restarts must not log everybody out: Strophe tries
		// again after a 5xx, and gives up after a terminal condition.
		for _, e := range s.held {
			e.answered = true
			e.tell(unavailable())
		}
		s.held = nil
		s.end(SystemShutdown)
	}
}

// lost is called when the server's stream ended.
func (s *session) lost(st *stream, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.has(st) {
		return
	}
	s.m.o.Log.Info("BOSH session's stream ended", "session", s.name, "reason", err)
	var said *xmpp.StreamError
	var syntax *xmpp.SyntaxError
	switch {
	case errors.As(err, &said):
		s.streamOver(st, RemoteStreamError, said.Stanza)
	case errors.As(err, &syntax):
		// What is wrong between the manager and the server is a stream error
		// and only that (§17.2), here one that we found.
		s.streamOver(st, RemoteStreamError, streamErrorStanza(syntax.Condition))
	default:
		s.streamOver(st, lostConnection(len(s.streams)))
	}
}

// lostConnection is the condition for a connection that was there and is not
// any more, in a session of so many streams. The standard has
// remote-connection-failed, which is right for one of several. For the last
// it would be the end of the chat: Converse takes it for final, and the usual
// cause is a server that restarts.
func lostConnection(streams int) Condition {
	if streams > 1 {
		return RemoteConnectionFailed
	}
	return SystemShutdown
}

// streamErrorStanza is a <stream:error/> of our own.
func streamErrorStanza(condition string) xmpp.Stanza {
	st := xmpp.Stanza{XML: fmt.Appendf(nil, `<stream:error><%s xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>`, condition)}
	st.Name.Space, st.Name.Local = xmpp.NSStream, "error"
	return st
}

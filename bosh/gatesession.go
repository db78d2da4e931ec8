package bosh

import (
	"context"
	"errors"

	"chatproxy/xmpp"
)

// The gate in a BOSH session, see gate.go.

// fromClient returns what of a request goes to the server. What the gate answers
// itself is queued for the client. An error means that the session has ended.
func (s *session) fromClient(at *stream, q *request) ([]xmpp.Stanza, error) {
	ended := func(err error) error {
		s.m.o.Log.Warn("BOSH session ends: its client breaks the rules", "session", s.name, "reason", err)
		s.stop(PolicyViolation)
		return err
	}
	if q.restart { // its payload is ignored
		if err := at.gate.wait(s.ctx, 0); err != nil { // it costs the server more than a stanza
			return nil, ended(err)
		}
		return nil, nil
	}
	pass := q.stanzas[:0:0]
	for _, st := range q.stanzas {
		on, back, err := xmpp.Stanza{}, xmpp.Stanza{}, at.gate.wait(s.ctx, len(st.XML))
		if err == nil {
			on, back, err = at.gate.up(st)
		}
		if back.XML != nil && !s.reply(at, back) && err == nil {
			err = errUnfetched
		}
		if errors.Is(err, errClosed) { // by the other side, while this came
			return nil, nil
		}
		if err != nil {
			return nil, ended(err)
		}
		if on.XML != nil {
			pass = append(pass, on)
		}
	}
	return pass, nil
}

// reply queues an answer of our own. It does not wait for room as deliver does, since
// it runs where the requests are processed that make room. A client that hangs up
// before it is answered could fill the memory so (CWE-770): it is false for one that has
// left more than any request is worth.
func (s *session) reply(at *stream, st xmpp.Stanza) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(at) {
		s.enqueue(item{of: at, stanza: st})
	}
	limits := s.m.o.Limits
	return s.queueBytes <= limits.Queue+4*limits.Body
}

var errUnfetched = errors.New("the client is denied much and does not fetch the answers")

// fromServer returns what a stanza of the server is to the client, or false if it is
// not for it.
func (s *session) fromServer(at *stream, up *xmpp.Stream, st xmpp.Stanza) (xmpp.Stanza, bool) {
	on, back := at.gate.down(st)
	if back.XML != nil {
		// If this fails, so does reading the stream.
		_ = s.write(func(ctx context.Context) error { return up.Send(ctx, back) })
	}
	return on, on.XML != nil
}

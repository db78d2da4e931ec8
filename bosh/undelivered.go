package bosh

import (
	"context"

	"chatproxy/xmpp"
)

// returnUndelivered gives back what never got to a client that is gone (XEP-0206
// §7): who asked it something is told that nobody answers, and the server keeps a
// message for later instead of losing it. It is called before the session ends.
func (s *session) returnUndelivered() {
	for _, st := range s.streams {
		if st.up == nil {
			continue
		}
		var back []xmpp.Stanza
		for _, i := range s.queue {
			if i.of != st {
				continue
			}
			if answer, ok := st.gate.undelivered(i.stanza); ok {
				back = append(back, answer)
			}
		}
		if back == nil {
			continue
		}
		up := st.up
		st.leaving = true
		s.m.work.Go(func() {
			_ = s.write(func(ctx context.Context) error { return up.Send(ctx, back...) }) // or the server knows by itself
			up.Abort()
		})
	}
}

// undelivered is what the sender of a stanza is told that its client never got. In a
// stream with XEP-0198 it is nothing: the server has what the client did not count,
// and gives it to the client that resumes.
func (g *gate) undelivered(st xmpp.Stanza) (back xmpp.Stanza, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.counted.on || !isStanza(st) {
		return back, false
	}
	facts := g.facts(st, false)
	switch facts.Kind {
	case "iq":
		return errorAnswer(st, facts, "service-unavailable", "")
	case "message":
		return errorAnswer(st, facts, "recipient-unavailable", "")
	}
	return back, false
}

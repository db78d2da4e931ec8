package bosh

import (
	"maps"
	"slices"
	"time"

	"chatproxy/xmpp"
)

// tombstone is how long an ended session answers repetitions, so that a
// client that lost the final answer gets it (XEP-0124 §14.3).
const tombstone = 10 * time.Second

// stop ends a session from outside.
func (s *session) stop(c Condition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(c)
}

// goodbye ends the session on the client's request e, whose payload the
// server has by now. The oldest open request is told so, with what the server
// said last; the others get an empty body (XEP-0124 §13).
func (s *session) goodbye(e *exchange) {
	s.m.o.Log.Info("BOSH session ends: its client said goodbye", "session", s.name)
	for _, st := range s.streams {
		if up := st.up; up != nil {
			s.m.work.Go(func() { _ = up.Close() }) // the client is gone either way
			st.leaving = true
		}
	}
	s.early[e.request.rid] = e
	content := s.lastWords()
	s.dismiss(s.open(), func(rid int64, oldest bool) response {
		if oldest {
			return s.terminal(rid, "", content...)
		}
		return response{body: makeBody(s.ackAttributes(rid), nil)}
	})
	s.finish()
}

// dismiss answers these requests for the last time. The oldest that somebody
// waits for is told apart; if nobody does, the oldest, which may be repeated.
func (s *session) dismiss(open []*exchange, answer func(rid int64, oldest bool) response) {
	for _, st := range s.streams {
		st.release() // first: a client that has its answer may begin the next session
	}
	oldest := max(0, slices.IndexFunc(open, (*exchange).waits))
	for i, e := range open {
		s.answer(e, answer(e.request.rid, i == oldest))
	}
}

// farewell closes one stream of several on the client's request, whose
// payload the server has by now (§16.5).
func (s *session) farewell(st *stream) {
	s.close(st)
	if up := st.up; up != nil {
		s.m.work.Go(func() { _ = up.Close() })
	}
	s.enqueue(item{of: st, over: true})
}

// end ends the session: every open request gets the terminal answer, the
// first also what was queued. The server's connections are dropped, not
// closed: if the client is alive it can resume an XEP-0198 session elsewhere.
func (s *session) end(c Condition, last ...xmpp.Stanza) {
	if s.ended {
		return
	}
	content := append(s.lastWords(), last...)
	open, tell := s.open(), s.allTerminal(c, content)
	if len(open) == 0 && c != ItemNotFound {
		// Whoever comes next is told: a client that only hears that its session
		// is not there comes back to a server that has thrown it out.
		s.unsaid = func(rid int64) response { return tell(rid, true) }
	}
	s.dismiss(open, tell)
	s.finish()
}

// allTerminal makes terminal answers, the first of which has the content.
func (s *session) allTerminal(c Condition, content []xmpp.Stanza) func(int64, bool) response {
	return func(rid int64, oldest bool) response {
		if oldest {
			return s.terminal(rid, c, content...)
		}
		return s.terminal(rid, c)
	}
}

// reject ends the session because of the request e, which breaks its rules.
// It gets the condition, and nothing of what is queued: it may come from
// somebody who is guessing (CWE-200). The requests that were open before get
// "other-request" and their due.
func (s *session) reject(e *exchange, c Condition) {
	rid := e.request.rid
	if s.ended {
		e.refuse(s.terminal(rid, ItemNotFound))
		return
	}
	s.m.o.Log.Info("BOSH session ends: a request breaks its rules", "session", s.name, "condition", c)
	content := s.lastWords()
	others := slices.DeleteFunc(s.open(), func(other *exchange) bool { return other == e })
	s.dismiss(others, s.allTerminal(OtherRequest, content))
	e.refuse(s.terminal(rid, c)) // not kept: it may have the RID of another
	s.finish()
}

// refuse answers a request that may have been answered before it was processed.
func (e *exchange) refuse(rsp response) {
	if !e.answered {
		e.answered = true
		e.tell(rsp)
	}
}

// open are the requests without an answer, in the order of RIDs; nobody may be
// waiting for it any more.
func (s *session) open() []*exchange {
	open := slices.Clone(s.late)
	for rid := range s.orphans {
		open = append(open, &exchange{request: &request{rid: rid}, reply: make(chan response, 1), gone: true})
	}
	open = append(open, s.held...)
	for _, rid := range slices.Sorted(maps.Keys(s.early)) {
		open = append(open, s.early[rid])
	}
	open = slices.DeleteFunc(open, func(e *exchange) bool { return e.answered })
	slices.SortStableFunc(open, func(a, b *exchange) int { return int(a.request.rid - b.request.rid) })
	return open
}

// lastWords are the stanzas that a terminal answer still carries. Of a
// session with several streams those of the oldest go out in order while
// there are requests for them; what is left belongs to one of many streams,
// which a terminal answer for all cannot say (§16.6).
func (s *session) lastWords() []xmpp.Stanza {
	if s.several {
		for len(s.held) > 1 && len(s.queue) > 0 {
			s.answerOldest()
		}
		return nil
	}
	return s.take().stanzas
}

// terminal is the answer to the request rid that ends the session.
func (s *session) terminal(rid int64, c Condition, stanzas ...xmpp.Stanza) response {
	rsp := response{body: makeBody(append(s.ackAttributes(rid), terminate(c)...), stanzas)}
	if s.legacy {
		rsp.status = c.legacyStatus()
	}
	return rsp
}

// finish frees what the session holds. Its answers stay for a while.
func (s *session) finish() {
	s.ended = true
	s.stopTimers()
	for _, st := range s.streams {
		if st.up != nil && !st.leaving {
			s.m.work.Go(st.up.Abort) // it may take a moment, and mu is held
		}
		st.release() // once is enough
		st.gate.close()
	}
	s.held, s.early, s.orphans, s.skipped, s.late = nil, nil, nil, nil, nil
	s.streams, s.queue = nil, nil
	s.cancel()
	s.roomy.Broadcast()
	time.AfterFunc(tombstone, func() { s.m.forget(s) })
}

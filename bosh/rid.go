package bosh

import (
	"maps"
	"slices"
)

// arrive takes in a request of an existing session. The exchange that it
// returns may be answered already.
func (s *session) arrive(q *request) *exchange {
	e := &exchange{request: q, reply: make(chan response, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopIdle(q)
	if q.rid <= s.last || s.early[q.rid] != nil {
		s.repeated(e)
		return e
	}
	if q.rid > s.last+int64(s.requests) && s.gapped() {
		s.skipGap()
	}
	switch {
	case s.ended && s.unsaid != nil && q.rid <= s.window() && s.keys.next(q):
		rsp := s.unsaid(q.rid)
		s.unsaid, s.last = nil, q.rid
		s.answer(e, rsp)
	case s.ended:
		e.tell(s.terminal(q.rid, ItemNotFound))
	case slices.ContainsFunc(s.streams, func(st *stream) bool { return st.gate.expired() != nil }):
		s.reject(e, PolicyViolation)
	case q.rid > s.window():
		s.reject(e, ItemNotFound) // XEP-0124 §14.2
	case s.tooMany(q), s.pace.tooFast(s, q):
		s.reject(e, PolicyViolation)
	case q.pause > s.m.o.Limits.MaxPause:
		s.reject(e, PolicyViolation) // more than was offered (§10)
	default:
		s.take1(e)
	}
	return e
}

// take1 puts a new request where the pump finds it.
func (s *session) take1(e *exchange) {
	q := e.request
	if s.early == nil {
		s.early = map[int64]*exchange{}
	}
	before := s.inOrder()
	s.early[q.rid] = e
	// Keys are checked as soon as their order is known, before anything is
	// processed or answered.
	for rid := before + 1; s.early[rid] != nil; rid++ {
		if !s.keys.next(s.early[rid].request) {
			s.reject(s.early[rid], ItemNotFound)
			return
		}
	}
	s.acknowledged(q)
	if missing := q.rid - before - 1; missing > 0 {
		s.m.o.Log.Debug("BOSH request waits for earlier ones", "session", s.name, "missing", missing)
	}
	s.startPump()
	s.watchGap()
}

// inOrder is the highest RID up to which all requests are processed, or are
// there to be.
func (s *session) inOrder() int64 {
	rid := s.last
	for s.early[rid+1] != nil {
		rid++
	}
	return rid
}

// window is the highest RID that may come next. It is counted from what has
// come, not from what was processed, since a client does not see how slow the
// server is.
func (s *session) window() int64 { return s.inOrder() + int64(s.requests) }

// repeated answers a request whose RID was used before: with what it was
// answered then, or when it will be (XEP-0124 §14.3). It is never processed
// again.
func (s *session) repeated(e *exchange) {
	q := e.request
	switch {
	case !s.keys.again(q):
		s.reject(e, ItemNotFound)
		return
	case s.pace.tooOften(q):
		s.reject(e, PolicyViolation)
		return
	}
	if k, ok := s.replay.find(q.rid); ok {
		e.answered = true
		e.tell(k.rsp)
		s.watchIdle()
		return
	}
	inTurn := func(other *exchange) bool { return other.request.rid == q.rid }
	first, waiting, late := s.early[q.rid], slices.IndexFunc(s.held, inTurn), slices.IndexFunc(s.late, inTurn)
	switch {
	case s.ended:
		e.tell(s.terminal(q.rid, ItemNotFound))
	case waiting >= 0:
		// The client lost the connection and asks again before the proxy
		// noticed: the answer belongs on the new one.
		s.held[waiting].supersede()
		s.held[waiting] = e
	case s.orphans[q.rid]:
		delete(s.orphans, q.rid)
		s.hold1(e)
	case first != nil && first.answered:
		s.reject(e, ItemNotFound) // before it was processed, and long ago
	case first != nil:
		first.supersede()
		e.request = first.request // what came first counts
		s.early[q.rid] = e
	case late >= 0:
		s.late[late].supersede()
		e.request = s.late[late].request
		s.late[late] = e
	case s.skipped[q.rid]:
		delete(s.skipped, q.rid)
		s.late = append(s.late, e)
		s.startPump()
	default:
		s.reject(e, ItemNotFound) // its answer is not there any more
	}
}

// tooMany reports whether a client opens more requests than it may
// (XEP-0124 §11). Requests that were hung up do not count, since that may be
// all that is left of a page that was reloaded; for the same reason there is
// room for one that was hung up without the proxy's notice, and one more for
// a goodbye. What waits for a slow server is bounded in any case (CWE-770).
func (s *session) tooMany(q *request) bool {
	open := len(s.held) + 1
	for _, e := range s.early {
		if e.waits() {
			open++
		}
	}
	allowed := s.requests + 1
	if q.terminate || q.pauses {
		allowed++
	}
	return open > allowed || len(s.early) > 2*s.requests+2
}

// supersede answers a connection whose request came again on another with a
// recoverable condition (XEP-0124 §17.3).
func (e *exchange) supersede() {
	if e.waits() {
		e.answered = true
		e.tell(response{body: makeBody([]attribute{{"type", "error"}}, nil)})
	}
}

// hold1 holds a processed request, and answers what must not be held.
func (s *session) hold1(e *exchange) {
	rid := e.request.rid
	switch {
	case e.answered: // while the server was slow
		s.watchIdle()
		return
	case e.gone:
		s.orphan(rid)
		s.watchIdle()
		return
	}
	at, _ := slices.BinarySearchFunc(s.held, rid, func(h *exchange, rid int64) int {
		return int(h.request.rid - rid)
	})
	s.held = slices.Insert(s.held, at, e)
	s.flush()
	if s.report != 0 {
		s.answerUpTo(e) // at once, so that the client hears of its loss
	}
	for len(s.held) > s.hold {
		s.answerOldest()
	}
}

// orphan notes that a request has no connection for its answer. Old ones are
// forgotten, or a client could fill the memory with them (CWE-770).
func (s *session) orphan(rid int64) {
	if s.orphans == nil {
		s.orphans = map[int64]bool{}
	}
	s.orphans[rid] = true
	if oldest := s.last - int64(s.replay.depth); len(s.orphans) > s.replay.depth {
		maps.DeleteFunc(s.orphans, func(rid int64, _ bool) bool { return rid < oldest })
	}
}

// settle decides what requests before rid that have no connection are answered
// if they come again: nothing, since now a later one is answered, and what is said
// after that must not be found in an earlier answer (XEP-0124 §8, §14.2). The
// content goes to the later one, because a page that was reloaded never asks for
// what it gave up.
func (s *session) settle(rid int64) {
	for _, orphan := range slices.Sorted(maps.Keys(s.orphans)) {
		if orphan < rid {
			delete(s.orphans, orphan)
			s.replay.keep(orphan, response{body: makeBody(s.ackAttribute(orphan), nil)}, s.m.o.Limits.Replay)
		}
	}
}

// answerUpTo answers a held request and those before it.
func (s *session) answerUpTo(e *exchange) {
	for slices.Contains(s.held, e) {
		s.answerOldest()
	}
}

// expire is called when a request's wait is over. A held one is answered with
// nothing. One that is in order but not processed yet, because the server is
// slow, is answered too, and so are those before it: they will be processed.
// If requests before it are missing they are lost, and so is the session.
func (s *session) expire(e *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answerUpTo(e)
	rid := e.request.rid
	switch {
	case s.ended || s.early[rid] != e:
	case rid > s.inOrder():
		s.end(ItemNotFound)
	default:
		for len(s.held) > 0 {
			s.answerOldest()
		}
		for next := s.last + 1; next <= rid; next++ {
			switch e := s.early[next]; {
			case e.waits():
				s.answer(e, s.say(next, s.take()))
			case !e.answered: // in its turn, should it be repeated
				s.answer(e, s.say(next, saying{}))
			}
		}
		s.watchIdle()
	}
}

// hungUp is called when the client closed the connection of e.
func (s *session) hungUp(e *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.gone = true
	rid := e.request.rid
	if at := slices.Index(s.held, e); at >= 0 {
		s.held = slices.Delete(s.held, at, at+1)
		s.orphan(rid)
	}
	s.watchIdle()
}

package bosh

import (
	"context"
	"net/http"
	"slices"
	"time"

	"chatproxy/xmpp"
)

// replay keeps the last answers of a session, for clients that did not get
// them (XEP-0124 §14.3). A repeated request is never processed again.
type replay struct {
	depth int
	kept  []kept
}

type kept struct {
	rid int64
	rsp response
}

func (c *replay) keep(rid int64, rsp response) {
	c.kept = append(c.kept, kept{rid, rsp})
	if len(c.kept) > c.depth {
		c.kept = slices.Delete(c.kept, 0, 1)
	}
}

func (c *replay) find(rid int64) (response, bool) {
	for _, k := range c.kept {
		if k.rid == rid {
			return k.rsp, true
		}
	}
	return response{}, false
}

// pace notices polling clients that ask too often (XEP-0124 §12): two new
// empty requests within the polling interval, the first of which was
// answered with nothing.
type pace struct {
	lastEmpty  time.Time // zero if the last new request had a payload
	gotNothing bool
}

func (p *pace) answered(empty bool) { p.gotNothing = empty }

func (p *pace) tooFast(q *request, interval time.Duration) bool {
	empty := len(q.stanzas) == 0 && !q.restart && !q.terminate
	before := p.lastEmpty
	p.lastEmpty = time.Time{}
	if empty {
		p.lastEmpty = time.Now()
	}
	return empty && !before.IsZero() && p.gotNothing && time.Since(before) < interval
}

// arrive takes in a request of an existing session. The exchange that it
// returns may be answered already.
func (s *session) arrive(q *request) *exchange {
	e := &exchange{request: q, reply: make(chan response, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle.Stop()
	if rsp, ok := s.replay.find(q.rid); ok {
		e.tell(rsp)
		s.watchIdle()
		return e
	}
	if q.rid > s.last+int64(s.requests) && s.gapped() {
		s.skipGap()
	}
	switch first, waiting := s.early[q.rid], s.heldAt(q.rid); {
	case s.ended:
		e.tell(terminal(ItemNotFound))
	case s.gate.expired() != nil:
		s.end(e, PolicyViolation)
	case waiting >= 0:
		// The client lost the connection and asks again before the proxy
		// noticed: the answer belongs on the new one.
		s.held[waiting].supersede()
		s.held[waiting] = e
	case s.orphans[q.rid]:
		delete(s.orphans, q.rid)
		s.hold1(e)
	case first != nil:
		first.supersede()
		e.request = first.request // what came first counts
		s.early[q.rid] = e
	case s.skipped[q.rid]:
		delete(s.skipped, q.rid)
		s.late = append(s.late, e)
		s.startPump()
	case q.rid <= s.last || q.rid > s.last+int64(s.requests):
		s.end(e, ItemNotFound) // outside of the window (XEP-0124 §14.2)
	case s.tooMany(q):
		s.end(e, PolicyViolation)
	case s.polling() && q.rid == s.last+1 && s.pace.tooFast(q, s.m.o.Limits.Polling):
		s.end(e, PolicyViolation)
	default:
		s.early[q.rid] = e
		if missing := q.rid - s.last - 1; missing > 0 {
			s.m.o.Log.Debug("BOSH request waits for earlier ones", "session", s.name, "missing", missing)
		}
		s.startPump()
		s.watchGap()
	}
	return e
}

// tooMany reports whether a client opens more requests than it may
// (XEP-0124 §11). Requests that were hung up do not count, and one more is
// let through for a goodbye.
func (s *session) tooMany(q *request) bool {
	open := len(s.held) + 1
	for _, e := range s.early {
		if !e.gone {
			open++
		}
	}
	allowed := s.requests + 1 // a held one is answered when the next is processed
	if q.terminate {
		allowed++
	}
	return open > allowed
}

// supersede answers a connection whose request came again on another.
func (e *exchange) supersede() {
	if !e.gone {
		e.tell(emptyResponse())
	}
}

func (s *session) heldAt(rid int64) int {
	return slices.IndexFunc(s.held, func(e *exchange) bool { return e.request.rid == rid })
}

// startPump makes sure that requests which are next in order are processed.
// It does so in a goroutine of its own, because writing to a busy server may
// take longer than the client wants to wait.
func (s *session) startPump() {
	if s.ended || s.pumping || s.stream == nil || s.early[s.last+1] == nil && len(s.late) == 0 {
		return
	}
	s.pumping = true
	s.m.work.Go(s.pump)
}

// pump processes requests in the order of their RIDs. The window of RIDs
// bounds how many can be waiting for it.
func (s *session) pump() {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.pumping = false }()
	for !s.ended && (len(s.late) > 0 || s.early[s.last+1] != nil) {
		if len(s.late) > 0 {
			s.forwardLate()
			continue
		}
		q, stream := s.early[s.last+1].request, s.stream
		s.mu.Unlock()
		err := s.forward(stream, q)
		s.mu.Lock()
		if s.ended {
			return
		}
		e := s.early[s.last+1] // a repetition may have taken its place
		delete(s.early, s.last+1)
		s.last++
		switch {
		case err != nil:
			s.m.o.Log.Warn("BOSH session lost its server", "session", s.name, "reason", err)
			s.end(e, SystemShutdown)
		case q.terminate:
			s.goodbye(e)
		default:
			s.hold1(e)
		}
		s.watchGap()
	}
}

// forward sends a request's payload to the server.
func (s *session) forward(stream *xmpp.Stream, q *request) error {
	stanzas, err := s.fromClient(q)
	if err != nil {
		return err
	}
	return s.write(func(ctx context.Context) error {
		if q.restart { // its payload is ignored (XEP-0206 §5)
			return stream.Open(ctx, s.asked.lang)
		}
		return stream.Send(ctx, stanzas...)
	})
}

// hold1 holds a processed request, and answers what must not be held.
func (s *session) hold1(e *exchange) {
	rid := e.request.rid
	if e.gone {
		s.orphans[rid] = true
		delete(s.orphans, rid-int64(s.replay.depth))
		s.watchIdle()
		return
	}
	at, _ := slices.BinarySearchFunc(s.held, rid, func(h *exchange, rid int64) int {
		return int(h.request.rid - rid)
	})
	s.held = slices.Insert(s.held, at, e)
	s.flush()
	for len(s.held) > s.hold {
		s.answerOldest(nil)
	}
}

// answerUpTo answers a held request, and those before it, with nothing.
func (s *session) answerUpTo(e *exchange) {
	for slices.Contains(s.held, e) {
		s.answerOldest(nil)
	}
}

// expire is called when a request's wait is over. A held one is answered with
// nothing. The one that is next in order but not processed yet, because the
// server is slow, is answered too: it will be processed. If requests before it are missing they are
// lost, and so is the session.
func (s *session) expire(e *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answerUpTo(e)
	rid := e.request.rid
	switch {
	case s.ended || s.early[rid] != e:
	case rid == s.last+1:
		for len(s.held) > 0 {
			s.answerOldest(nil)
		}
		s.answer(e, response{http.StatusOK, makeBody(nil, s.takeQueue())})
		e.gone = true // its connection is, for all that comes
		s.watchIdle()
	case s.early[s.last+1] == nil:
		s.end(nil, ItemNotFound)
	}
}

// hungUp is called when the client closed the connection of e.
func (s *session) hungUp(e *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.gone = true
	rid := e.request.rid
	if at := s.heldAt(rid); at >= 0 && s.held[at] == e {
		s.held = slices.Delete(s.held, at, at+1)
		s.orphans[rid] = true
	}
	s.watchIdle()
}

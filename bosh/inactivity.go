package bosh

import "time"

// watchIdle starts the inactivity timer if no request is open. Only then does
// a client count as inactive (XEP-0124 §10); a connection that the client
// closed is not open, or lost clients would stay online as ghosts.
func (s *session) watchIdle() {
	if s.ended || s.waited() {
		return
	}
	s.since = time.Now()
	if s.idle == nil {
		s.idle = time.AfterFunc(s.patience(), s.inactive)
		return
	}
	s.idle.Reset(s.patience())
}

// patience is how long the client may be silent.
func (s *session) patience() time.Duration {
	if s.pause > 0 {
		return s.pause
	}
	return s.inactivity
}

// waited reports whether some request waits for its answer.
func (s *session) waited() bool {
	if len(s.held) > 0 {
		return true
	}
	for _, e := range s.early {
		if e.waits() {
			return true
		}
	}
	return false
}

func (s *session) inactive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The timer may have fired while a request was on its way to mu.
	if s.ended || s.waited() || time.Since(s.since) < s.patience() {
		return
	}
	s.m.o.Log.Info("BOSH session ends: its client is gone", "session", s.name)
	s.returnUndelivered()
	s.end(ItemNotFound)
}

// stopIdle is called for every request, also a repeated one. The next request
// after a pause ends it (§10), unless it is the one that asked for it, once
// more.
func (s *session) stopIdle(q *request) {
	if s.idle != nil {
		s.idle.Stop()
	}
	if s.rest != q.rid {
		s.pause = 0
	}
}

// pauseFor answers a processed request for a pause (§10): everything that is
// held is answered at once, and the client may be silent for longer, or less
// long, than usual. The answer has no payload; what is queued waits.
func (s *session) pauseFor(e *exchange) {
	s.pause, s.rest = e.request.pause, e.request.rid
	s.answerInTurn(e, func() response { return s.say(e.request.rid, saying{}) })
}

func (s *session) stopTimers() {
	if s.idle != nil {
		s.idle.Stop()
	}
	if s.gap != nil {
		s.gap.Stop()
	}
}

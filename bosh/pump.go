package bosh

import (
	"slices"

	"chatproxy/xmpp"
)

// startPump makes sure that requests which are next in order are processed.
// It does so in a goroutine of its own, because writing to a busy server may
// take longer than the client wants to wait.
func (s *session) startPump() {
	if s.ended || s.pumping || s.due() == nil {
		return
	}
	s.pumping = true
	s.m.work.Go(s.pump)
}

// due is the next request that can be processed, or nil. A stream that is
// still being opened holds up what comes for it.
func (s *session) due() *exchange {
	e := s.early[s.last+1]
	if len(s.late) > 0 {
		e = s.late[0]
	}
	if e == nil {
		return nil
	}
	streams, _ := s.targets(e.request)
	if e.request.carries() && slices.ContainsFunc(streams, func(st *stream) bool { return st.up == nil }) {
		return nil
	}
	return e
}

// pump processes requests in the order of their RIDs. The window of RIDs
// bounds how many can be waiting for it.
func (s *session) pump() {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.pumping = false }()
	for e := s.due(); e != nil && !s.ended; e = s.due() {
		late := len(s.late) > 0
		q := e.request
		streams, ok := s.targets(q)
		if !ok {
			s.reject(e, ItemNotFound) // §16.4
			return
		}
		for _, st := range streams {
			client := slices.ContainsFunc(q.stanzas, func(stanza xmpp.Stanza) bool { return stanza.Name.Space == xmpp.NSClient })
			st.restartDue = st.succeeded && client && !q.restart
			st.succeeded = st.succeeded && !client && !q.restart
		}
		s.mu.Unlock()
		failed := s.forward(streams, q)
		s.mu.Lock()
		if s.ended {
			return
		}
		if late {
			e = s.late[0]
			s.late = s.late[1:]
		} else {
			e = s.early[q.rid] // a repetition may have taken its place
			delete(s.early, q.rid)
			s.last = q.rid
			s.keys.forget(s.last - keysRemembered)
		}
		q.stanzas = nil // it may be held for long
		s.processed(e, late, failed)
		s.watchGap()
	}
}

// processed decides what becomes of a request whose payload the server has.
func (s *session) processed(e *exchange, late bool, failed []*stream) {
	q := e.request
	for _, st := range failed {
		s.early[q.rid] = e // among the open ones
		if s.streamOver(st, lostConnection(len(s.streams))); s.ended {
			return
		}
		delete(s.early, q.rid)
	}
	named := s.find(q.stream)
	switch {
	case q.terminate && (q.stream == "" || named != nil && len(s.streams) == 1):
		s.goodbye(e)
	case q.pauses:
		s.pauseFor(e)
	case late:
		s.answer(e, s.say(q.rid, saying{}))
	case q.another() && s.m.o.Limits.Streams > 1:
		s.another(e)
	default:
		if q.terminate && named != nil {
			s.farewell(named)
		}
		s.pause = 0
		s.hold1(e)
	}
}

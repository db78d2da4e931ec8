package bosh

import (
	"context"
	"sync"
	"time"
)

// session is one BOSH session and its streams to the server.
//
// Three goroutines meet in it: the handler of each HTTP request, run, which
// reads a stream of the server, and pump, which writes to them. All state below mu
// belongs to whoever holds mu; nobody holds it while waiting on the network.
//
// What only few sessions need, the maps above all, is made when it is needed:
// most of a session's life is waiting, and there are many of them.
type session struct {
	m          *Manager
	sid        string
	name       string    // for the log
	address    string    // who has it, for the cap of sessions
	asked      *creation // nil once the creation response went out
	content    string    // the Content-Type of its responses
	legacy     bool      // the client knows HTTP errors only
	overTLS    bool      // the client came over TLS
	wait       time.Duration
	hold       int
	requests   int             // XEP-0124: how many the client may have open, and the RID window
	inactivity time.Duration   // as announced
	done       <-chan struct{} // closed when the session ends
	ctx        context.Context
	cancel     context.CancelFunc

	mu      sync.Mutex
	streams []*stream // the open ones, see stream.go
	several bool      // there has been more than one
	closed  []string  // names of streams that were closed lately
	ended   bool
	unsaid  func(rid int64) response // how it ended, if nobody was there to be told

	last    int64               // the last RID that was processed; all before it were too
	early   map[int64]*exchange // received and not processed yet, by RID
	held    []*exchange         // processed and waiting for something to say, by RID
	orphans map[int64]bool      // processed, but the client hung up before the answer
	skipped map[int64]bool      // given up as missing, see gap.go
	late    []*exchange         // skipped, and came after all
	gap     *time.Timer         // runs while the next request is missing
	pumping bool
	replay  replay
	report  int64 // an answer that the client seems to have lost, see ack.go
	keys    keys
	pace    pace
	full    bool // there was no room for an answer

	queue      []item // from the server, for the next answers
	queueBytes int
	roomy      *sync.Cond // signalled when the queue became shorter

	idle  *time.Timer   // runs only while no request is open
	since time.Time     // when it was started
	pause time.Duration // instead of inactivity; 0 if the client did not ask
	rest  int64         // the RID of the request that asked
}

// exchange is one HTTP request of a session and the way to its connection.
type exchange struct {
	request  *request
	reply    chan response // room for the one answer
	wake     func()        // tells who waits outside of the HTTP server, see park.go
	answered bool
	gone     bool // the connection ended without the answer
}

// tell gives the one answer to whoever has the connection. It is called with mu.
func (e *exchange) tell(rsp response) {
	e.reply <- rsp
	if e.wake != nil {
		e.wake()
	}
}

// waits reports whether somebody waits for the answer.
func (e *exchange) waits() bool { return !e.gone && !e.answered }

// maxRequests caps how many requests a client may have open, whatever "hold"
// it asks for: each may cost a body's memory (CWE-770).
const maxRequests = 5

func newSession(m *Manager, q *request, address string, overTLS bool, release func()) (*session, *exchange) {
	limits := m.o.Limits
	s := &session{
		m:          m,
		sid:        newSID(),
		address:    address,
		asked:      q.create,
		content:    q.create.contentType,
		legacy:     q.create.legacy,
		overTLS:    overTLS,
		wait:       min(q.create.wait, limits.Wait),
		hold:       min(q.create.hold, limits.Hold), // never above the client's (XEP-0124 §7.2)
		inactivity: limits.Inactivity,
		last:       q.rid,
		streams:    []*stream{newStream(q.lang, m.guard.gate(address), release)},
	}
	s.roomy = sync.NewCond(&s.mu)
	s.name = logName(s.sid)
	// Above the "hold" that the client asked for, also if it does not get it.
	s.requests = max(s.hold, min(q.create.hold, maxRequests-1)) + 1
	if s.wait == 0 {
		s.hold = 0 // either makes it a polling session
	}
	if s.polling() {
		s.inactivity += limits.Polling // since it is silent between two polls (§12)
	}
	s.replay = replay{depth: s.requests + 1, acks: q.create.acks}
	s.keys.next(q)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.done = s.ctx.Done()
	e := &exchange{request: q, reply: make(chan response, 1)}
	s.held = append(s.held, e) // answered when the features come
	return s, e
}

// polling reports whether the client asked for a session without held
// requests (XEP-0124 §12).
func (s *session) polling() bool { return s.hold == 0 }

// limit is how long e is held at most: as long as the client said.
func (s *session) limit(e *exchange) time.Duration {
	switch {
	case e.request.create != nil:
		return min(s.wait, s.m.o.Limits.Handshake)
	case s.wait == 0:
		return s.m.o.Limits.Polling // it is not held, but it takes a moment
	}
	return s.wait
}

// serve waits for the answer of e, at most for limit. It is false if the client
// hung up.
func (s *session) serve(ctx context.Context, e *exchange, limit time.Duration) (response, bool) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case rsp := <-e.reply:
		return rsp, true
	case <-ctx.Done():
		s.hungUp(e)
		return response{}, false
	case <-timer.C:
	}
	s.expire(e)
	select {
	case rsp := <-e.reply:
		return rsp, true
	case <-ctx.Done():
		s.hungUp(e)
		return response{}, false
	}
}

// flush answers held requests, the oldest first, while there is something to
// say.
func (s *session) flush() {
	for len(s.queue) > 0 && len(s.held) > 0 {
		s.answerOldest()
	}
}

// answerOldest answers in the order of RIDs, as clients expect it, with what
// there is to say.
func (s *session) answerOldest() {
	e := s.held[0]
	s.held = s.held[1:]
	if len(s.held) == 0 {
		s.held = nil
	}
	said := s.take()
	s.pace.answered(len(said.stanzas) == 0)
	s.answer(e, s.say(e.request.rid, said))
	s.watchIdle()
}

// answerInTurn answers e with rsp, and everything that is held before it.
func (s *session) answerInTurn(e *exchange, rsp func() response) {
	for len(s.held) > 0 && s.held[0].request.rid < e.request.rid {
		s.answerOldest()
	}
	s.pace.answered(true)
	s.answer(e, rsp())
	s.watchIdle()
}

// answer sends a response and remembers it: that it was written does not
// mean that it arrived.
func (s *session) answer(e *exchange, rsp response) {
	if e.answered {
		return
	}
	s.settle(e.request.rid)
	e.answered = true
	e.tell(rsp)
	if s.replay.keep(e.request.rid, rsp, s.m.o.Limits.Replay) || s.full || s.ended {
		return
	}
	s.full = true
	s.m.work.Go(s.overflowed) // not here: an answer is only part of a change
}

// overflowed ends a session whose client does not take its answers.
func (s *session) overflowed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.m.o.Log.Warn("BOSH session ends: its client leaves too many answers without acknowledgement", "session", s.name)
	if s.replay.acks {
		s.end(PolicyViolation)
		return
	}
	s.end(UndefinedCondition, ourCondition("replay-overflow"))
}

package relay

import (
	"context"
	"time"
)

func (r *Relay) session(sid string) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[sid]
}

func (r *Relay) begin(sid string, rid int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions[sid] = &session{
		first: rid, passed: rid, next: rid + 1,
		attempts: map[int64]int{}, lost: map[int64][]byte{}, changed: make(chan struct{}),
	}
}

func (s *session) attempt(rid int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts[rid]++
	return s.attempts[rid]
}

// sent notes that a request is on its way to chatproxy.
func (s *session) sent(rid int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed = max(s.passed, rid)
	s.wake()
}

// delivered notes that the client has the answer to rid.
func (s *session) delivered(rid int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.lost, rid)
	if rid == s.next {
		s.next++
		s.wake()
	}
}

func (s *session) lose(rid int64, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost[rid] = body
}

func (s *session) lostAnswer(rid int64) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost[rid]
}

func (s *session) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// overtaken holds a request back until the next one was passed on, unless another
// is held back already. It is false if none came: the client has nothing more to
// say.
func (s *session) overtaken(ctx context.Context, rid int64) bool {
	if !s.holding.CompareAndSwap(false, true) {
		return false
	}
	defer s.holding.Store(false)
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if !s.until(ctx, func() bool { return s.passed > rid }) {
		return false
	}
	// Written is not read: the head start makes it all but certain.
	sleep(ctx, 5*time.Millisecond)
	return true
}

// turn waits until the answers to all earlier requests were sent to the client,
// which processes them as they come (see [OrderHeader]): a network that changes
// their order, which is not what is tried here, shows its user messages in the
// wrong order whatever the connection manager does.
func (s *session) turn(ctx context.Context, rid int64) bool {
	return s.until(ctx, func() bool { return s.next >= rid })
}

func (s *session) until(ctx context.Context, so func() bool) bool {
	for {
		s.mu.Lock()
		is, changed := so(), s.changed
		s.mu.Unlock()
		if is {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

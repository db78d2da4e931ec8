package load

import (
	"context"
	"strconv"
	"time"
)

// text is what each message says: a line of chat.
const text = "The quick brown fox jumps over the lazy dog, and asks when the shop opens."

// message makes the next message; mu is held.
func (s *Session) message() []byte {
	id := s.ledger.sent
	s.ledger.sent++
	return []byte(`<message xmlns="jabber:client" type="chat" to="` + s.jid + `" id="` + strconv.Itoa(id) + `"><body>` + text + `</body></message>`)
}

// keep sets how many messages are to be under way, 0 for none of its own accord.
func (s *Session) keep(window int) {
	s.mu.Lock()
	s.window = window
	s.mu.Unlock()
	s.refill()
}

// refill sends as many messages as the window wants.
func (s *Session) refill() {
	s.mu.Lock()
	var out [][]byte
	for s.err == nil && s.ledger.underWay() < s.window {
		out = append(out, s.message())
	}
	s.mu.Unlock()
	if len(out) == 0 {
		return
	}
	if err := s.wire.send(out...); err != nil {
		s.fail(err)
	}
}

// say sends one message whose delay is measured.
func (s *Session) say() {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	if s.sentAt == nil {
		s.sentAt = map[int]time.Time{}
	}
	s.sentAt[s.ledger.sent] = time.Now()
	m := s.message()
	s.mu.Unlock()
	if err := s.wire.send(m); err != nil {
		s.fail(err)
	}
}

// drain waits until every message has come, the session has failed, or ctx ends.
func (s *Session) drain(ctx context.Context) {
	for {
		s.mu.Lock()
		done := s.err != nil || s.ledger.underWay() <= 0
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-s.changed:
		case <-ctx.Done():
			return
		}
	}
}

// ledger counts the messages of one session, whose numbers rise from 0.
type ledger struct {
	sent, received      int
	next                int // the number that is expected
	missing             map[int]bool
	doubled, outOfOrder int
	errors              int
}

func (l *ledger) underWay() int { return l.sent - l.received - l.errors }

func (l *ledger) receive(id int) {
	switch {
	case id < 0 || id >= l.sent:
		l.errors++
		return
	case id >= l.next:
		for ; l.next < id; l.next++ {
			if l.missing == nil {
				l.missing = map[int]bool{}
			}
			l.missing[l.next] = true
		}
		l.next = id + 1
	case l.missing[id]:
		delete(l.missing, id)
		l.outOfOrder++
	default:
		l.doubled++
		return
	}
	l.received++
}

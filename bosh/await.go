package bosh

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"chatproxy/xmpp/arrival"
)

// A WebSocket that waits for its client inside of the library keeps a goroutine with
// 8 KiB of stack, and it stays there when only a pong comes. So the library is asked for
// a message when there is one: until then the session waits here, first with a goroutine
// and then without.

// socketIdle is how long a goroutine waits. Among messages that follow each other it is
// cheaper than what comes after.
const socketIdle = time.Second

// waiting is a WebSocket between two messages.
type waiting struct {
	in      *bufio.Reader // what the library reads from
	looking sync.Mutex    // held by whoever reads from it, outside of the library

	mu      sync.Mutex
	watch   *arrival.Watch
	parked  bool // no goroutine waits, and up is to be called
	peeking bool // one does, with a deadline of its own

	pings  int // sent so far
	pinged atomic.Pointer[ping]
}

// ping is one that was sent and not answered yet.
type ping struct {
	payload []byte
	ponged  chan struct{} // closed by the pong
	once    sync.Once
}

// await returns when the client sends something, or the session is to end. It is false
// if no goroutine is needed until then: up is called when it is.
func (s *socket) await() bool {
	s.waiting.looking.Lock()
	defer s.waiting.looking.Unlock()
	for s.ctx.Err() == nil {
		if s.waiting.in.Buffered() == 0 {
			err := s.look(1, s.ws.idle)
			if errors.Is(err, os.ErrDeadlineExceeded) && s.ctx.Err() == nil && s.park() {
				return false
			}
			if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				return true // the library will see it too
			}
			continue
		}
		if !s.takePong() {
			return true
		}
	}
	return true
}

// look waits until n bytes are there, at most for d. Its deadline is gone when it
// returns, since the library, and goodbye, have theirs.
func (s *socket) look(n int, d time.Duration) error {
	if !s.deadline(true, time.Now().Add(d)) {
		return os.ErrDeadlineExceeded
	}
	_, err := s.waiting.in.Peek(n)
	s.deadline(false, time.Time{})
	return err
}

// deadline sets one for look, unless the session is to end.
func (s *socket) deadline(peeking bool, t time.Time) bool {
	s.waiting.mu.Lock()
	defer s.waiting.mu.Unlock()
	if peeking && s.ctx.Err() != nil {
		return false
	}
	s.waiting.peeking = peeking
	_ = s.raw.SetReadDeadline(t) // a failure shows when it is read
	return true
}

// takePong takes a pong out of what has come, if that is next. A frame that does not
// come whole is left to the library.
func (s *socket) takePong() bool {
	const head, mask = 2, 4 // RFC 6455 §5.2, for a frame of less than 126 bytes
	if s.look(head, s.ws.o.Limits.Handshake) != nil {
		return false
	}
	b, _ := s.waiting.in.Peek(head) // they are there
	const pong, masked = 0x8a, 0x80
	size := int(b[1] &^ masked)
	if b[0] != pong || b[1]&masked == 0 || size > 125 || s.look(head+mask+size, s.ws.o.Limits.Handshake) != nil {
		return false
	}
	b, _ = s.waiting.in.Peek(head + mask + size)
	key, payload := b[head:head+mask], bytes.Clone(b[head+mask:])
	for i := range payload {
		payload[i] ^= key[i%mask]
	}
	_, _ = s.waiting.in.Discard(len(b))
	s.pong(payload)
	return true
}

// pong is called with each pong. One that answers no ping of ours is allowed, and means
// nothing (RFC 6455 §5.5.3).
func (s *socket) pong(payload []byte) {
	if p := s.waiting.pinged.Load(); p != nil && bytes.Equal(p.payload, payload) {
		p.once.Do(func() { close(p.ponged) })
	}
}

// ping sends a ping and waits for the pong. One goroutine calls it. The library's own
// Ping would wait for a pong that the library does not see. That it is written here is
// no matter to the library, for it is a whole frame in one write, and not amid another:
// of the library's frames only those of write can take more than one.
func (s *socket) ping() error {
	ctx, cancel := context.WithTimeout(s.ctx, s.ws.o.Limits.Write)
	defer cancel()
	s.waiting.pings++
	p := &ping{payload: strconv.AppendInt(nil, int64(s.waiting.pings), 10), ponged: make(chan struct{})}
	s.waiting.pinged.Store(p)
	defer s.waiting.pinged.Store(nil)
	const final, opcode = 0x80, 9 // RFC 6455 §5.2
	s.writing.Lock()
	_ = s.raw.SetWriteDeadline(time.Now().Add(s.ws.o.Limits.Write)) // a failure shows when it is written
	_, err := s.raw.Write(append([]byte{final | opcode, byte(len(p.payload))}, p.payload...))
	_ = s.raw.SetWriteDeadline(time.Time{})
	s.writing.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-p.ponged:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// park lets arrival wait. It is false if that cannot be.
func (s *socket) park() bool {
	s.waiting.mu.Lock()
	defer s.waiting.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	var err error
	s.waiting.watch, err = arrival.On(arrival.Of(s.raw), func(bool) {
		s.waiting.mu.Lock()
		parked := s.waiting.parked
		s.waiting.parked = false
		s.waiting.mu.Unlock()
		if parked {
			s.up()
		}
	})
	s.waiting.parked = err == nil
	return s.waiting.parked
}

// disturb makes await return, and waits until it has. The session is to end by then.
func (s *socket) disturb() {
	s.waiting.mu.Lock()
	if s.waiting.parked {
		s.waiting.parked = false
		s.waiting.watch.Stop() // whether or not it was in time
		go s.up()
	}
	if s.waiting.peeking { // not if it is in the library, which would close the socket
		_ = s.raw.SetReadDeadline(time.Unix(1, 0))
	}
	s.waiting.mu.Unlock()
	s.waiting.looking.Lock() // and await does not look again
	defer s.waiting.looking.Unlock()
}

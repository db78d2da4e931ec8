package xmpp

import (
	"context"
	"errors"
	"os"
	"time"

	"chatproxy/xmpp/arrival"
)

// ErrIdle is returned by [Stream.NextOrIdle] when nothing has come for a while.
var ErrIdle = errors.New("nothing comes from the XMPP server")

// idleAfter is how long NextOrIdle waits. Among stanzas that follow each other a stream
// that is watched would cost more than a goroutine that waits.
const idleAfter = time.Second

// NextOrIdle is [Stream.Next], but returns ErrIdle when nothing has come for a second.
// The stream stays the caller's to read: it calls [Stream.WhenReadable], or this again.
func (s *Stream) NextOrIdle(ctx context.Context) (Stanza, error) {
	if !s.resting {
		s.reading.Lock()
	}
	s.resting = false
	st, err := s.nextWithin(ctx, idleAfter)
	if errors.Is(err, os.ErrDeadlineExceeded) && !s.aborted.Load() && ctx.Err() == nil {
		s.resting = true // and reading is still held, so that Close waits for the rest
		return Stanza{}, ErrIdle
	}
	s.reading.Unlock()
	return st, err
}

// WhenReadable calls f, in a goroutine of its own, when NextOrIdle has something to
// return: a stanza, perhaps, or how the stream ended. Until then the stream has no
// goroutine. It is false if that cannot be, and f is not called.
func (s *Stream) WhenReadable(f func()) bool {
	s.watching.Lock()
	defer s.watching.Unlock()
	if s.closing.Load() || s.aborted.Load() {
		return false
	}
	w, err := arrival.On(arrival.Of(s.conn), func(bool) {
		s.watching.Lock()
		s.watch = nil
		s.watching.Unlock()
		f()
	})
	if err != nil {
		return false
	}
	s.watch, s.resume = w, f
	return true
}

// disturb wakes up whoever waits with WhenReadable.
func (s *Stream) disturb() {
	s.watching.Lock()
	defer s.watching.Unlock()
	if s.watch != nil && s.watch.Stop() {
		go s.resume()
	}
	s.watch, s.resume = nil, nil
}

// waitAtMost sets how long the next read may wait, 0 for as long as it takes. It is
// called by whoever is reading; a stream that is being closed is read to its end.
func (s *Stream) waitAtMost(patience time.Duration) {
	switch {
	case patience > 0 && !s.closing.Load():
		s.hurried = true
		_ = s.conn.SetReadDeadline(time.Now().Add(patience)) // a failure shows when it is read
	case s.hurried:
		s.hurried = false
		_ = s.conn.SetReadDeadline(time.Time{})
	}
}

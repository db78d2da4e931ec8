package upstream

import (
	"sync"
	"time"
)

// idle keeps the connections that carry no request, the one used last on top: when
// fewer are needed, those at the bottom grow old and are closed.
type idle struct {
	max     int
	timeout time.Duration

	mu    sync.Mutex
	conns []*conn // the oldest first
	over  bool    // no more are kept
	timer *time.Timer
}

// take returns a connection that the upstream has not closed and on which it has said
// nothing unasked, or nil.
func (i *idle) take() *conn {
	for {
		i.mu.Lock()
		n := len(i.conns)
		if n == 0 {
			i.mu.Unlock()
			return nil
		}
		c := i.conns[n-1]
		i.conns[n-1] = nil
		i.conns = i.conns[:n-1]
		i.mu.Unlock()
		if c.quiet() {
			return c
		}
		_ = c.Close() // it is of no more use, however it closes
	}
}

// put takes a connection whose response was read to its end.
func (i *idle) put(c *conn) {
	c.since = time.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.over || len(i.conns) >= i.max {
		_ = c.Close()
		return
	}
	i.conns = append(i.conns, c)
	if i.timer == nil {
		i.timer = time.AfterFunc(i.timeout, i.expire)
	}
}

// expire closes what has been idle for too long, and looks again when the next will
// have been.
func (i *idle) expire() {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := time.Now()
	n := 0
	for n < len(i.conns) && now.Sub(i.conns[n].since) >= i.timeout {
		_ = i.conns[n].Close()
		n++
	}
	i.conns = append(i.conns[:0], i.conns[n:]...)
	if i.timer = nil; len(i.conns) > 0 {
		i.timer = time.AfterFunc(i.timeout-now.Sub(i.conns[0].since), i.expire)
	}
}

func (i *idle) closeAll() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, c := range i.conns {
		_ = c.Close()
	}
	i.conns, i.over = nil, true
	if i.timer != nil {
		i.timer.Stop()
		i.timer = nil
	}
}

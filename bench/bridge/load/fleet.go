package load

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Fleet is many sessions at one endpoint.
type Fleet struct {
	sessions []*Session
	repeated atomic.Int32
}

// Repeated is how many log-ins were begun anew because the server said nothing.
func (f *Fleet) Repeated() int { return int(f.repeated.Load()) }

// A login that the server does not go on with for loginPatience is begun anew, at most
// twice: of some thousand WebSockets that are opened at once, ejabberd 23.01 leaves one
// without an answer now and then.
const (
	loginPatience = 10 * time.Second
	logins        = 3
)

// OpenFleet opens n sessions, parallel of them at a time. It fails if one does.
func OpenFleet(ctx context.Context, e Endpoint, n, parallel int) (*Fleet, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &Fleet{sessions: make([]*Session, n)}
	var work sync.WaitGroup
	turns := make(chan int)
	for range parallel {
		work.Go(func() {
			for i := range turns {
				s, err := f.open(ctx, e)
				if err != nil {
					cancel(err)
					continue
				}
				f.sessions[i] = s
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		turns <- i
	}
	close(turns)
	work.Wait()
	if ctx.Err() != nil {
		f.Abandon()
		return nil, context.Cause(ctx)
	}
	return f, nil
}

// open opens one session.
func (f *Fleet) open(ctx context.Context, e Endpoint) (*Session, error) {
	for try := 1; ; try++ {
		one, stop := context.WithTimeout(ctx, loginPatience)
		s, err := Open(one, e)
		stop()
		if err == nil || ctx.Err() != nil || one.Err() == nil || try == logins {
			return s, err
		}
		f.repeated.Add(1)
	}
}

// Close ends the sessions as clients do that leave.
func (f *Fleet) Close() { f.close(true) }

// Abandon ends the sessions without a word, which takes no time.
func (f *Fleet) Abandon() { f.close(false) }

func (f *Fleet) close(goodbye bool) {
	var work sync.WaitGroup
	turns := make(chan *Session)
	for range 16 {
		work.Go(func() {
			for s := range turns {
				s.close(goodbye)
			}
		})
	}
	for _, s := range f.sessions {
		if s != nil {
			turns <- s
		}
	}
	close(turns)
	work.Wait()
}

// Flood keeps window messages of each session under way, and returns how many came
// back in a second, over d after a warm-up. It ends when none is under way any more, or
// 20 s later; what became of them is in Counts.
func (f *Fleet) Flood(ctx context.Context, window int, warmup, d time.Duration) (perSecond float64, err error) {
	for _, s := range f.sessions {
		go s.keep(window)
	}
	defer func() {
		for _, s := range f.sessions {
			s.keep(0)
		}
		_ = f.settle(ctx) // told by Counts
	}()
	if err := sleep(ctx, warmup); err != nil {
		return 0, err
	}
	before, start := f.Counts(), time.Now()
	if err := sleep(ctx, d); err != nil {
		return 0, err
	}
	after, took := f.Counts(), time.Since(start)
	return float64(after.Received-before.Received) / took.Seconds(), nil
}

// Say lets each session in turn say something once in every interval, for d, and
// returns how long each message was under way.
func (f *Fleet) Say(ctx context.Context, interval, d time.Duration) ([]time.Duration, error) {
	pause := max(interval/time.Duration(len(f.sessions)), time.Microsecond)
	start := time.Now()
	for i := 0; ; i++ {
		at := time.Duration(i) * pause
		if at >= d {
			break
		}
		if err := sleep(ctx, time.Until(start.Add(at))); err != nil {
			return nil, err
		}
		f.sessions[i%len(f.sessions)].say()
	}
	if err := f.settle(ctx); err != nil {
		return nil, err
	}
	var delays []time.Duration
	for _, s := range f.sessions {
		s.mu.Lock()
		delays = append(delays, s.delays...)
		s.delays = nil
		s.mu.Unlock()
	}
	return delays, nil
}

// settle waits at most 20 s for the messages that are under way.
func (f *Fleet) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, s := range f.sessions {
		s.drain(ctx)
	}
	return f.Counts().Sound()
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Counts are what became of sessions and of their messages.
type Counts struct {
	Sessions, Failed    int
	Sent, Received      int
	Lost                int // not here, or not yet
	Doubled, OutOfOrder int
	Errors              int // came back as an error, or as something else
	Reason              error
}

// Counts counts.
func (f *Fleet) Counts() Counts {
	var c Counts
	for _, s := range f.sessions {
		s.mu.Lock()
		c.Sessions++
		if s.err != nil {
			c.Failed++
			c.Reason = s.err
		}
		c.Sent += s.ledger.sent
		c.Received += s.ledger.received
		c.Lost += s.ledger.underWay()
		c.Doubled += s.ledger.doubled
		c.OutOfOrder += s.ledger.outOfOrder
		c.Errors += s.ledger.errors
		s.mu.Unlock()
	}
	return c
}

// Sound is nil if nothing was lost, doubled or reordered and no session has failed.
func (c Counts) Sound() error {
	if c.Lost == 0 && c.Doubled == 0 && c.OutOfOrder == 0 && c.Errors == 0 && c.Failed == 0 {
		return nil
	}
	err := fmt.Errorf("of %d messages %d lost, %d doubled, %d out of order, %d errors; %d of %d sessions failed",
		c.Sent, c.Lost, c.Doubled, c.OutOfOrder, c.Errors, c.Failed, c.Sessions)
	if c.Reason != nil {
		err = fmt.Errorf("%w: %w", err, c.Reason)
	}
	return err
}

// Add adds the counts of other sessions.
func (c *Counts) Add(other Counts) {
	c.Sessions += other.Sessions
	c.Failed += other.Failed
	c.Sent += other.Sent
	c.Received += other.Received
	c.Lost += other.Lost
	c.Doubled += other.Doubled
	c.OutOfOrder += other.OutOfOrder
	c.Errors += other.Errors
	if c.Reason == nil {
		c.Reason = other.Reason
	}
}

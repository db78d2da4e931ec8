package bosh

import (
	"context"
	"errors"
	"time"

	"golang.org/x/time/rate"
)

// flow holds one client to a pace. What comes faster waits, so that TCP slows the
// client down; a client that does not let up for Limits.Flood is sent away. Without
// it one client could keep the server busy for all others (CWE-770).
type flow struct {
	stanzas, bytes *rate.Limiter
	patience       time.Duration
	fast           time.Time // since when the client has been too fast, or zero
}

var errFlood = errors.New("the client has been sending too fast for too long")

// burst is how long a client may send at twice its pace, in seconds: a client that
// logs in asks for much at once.
const burst = 10

func newFlow(l Limits) flow {
	return flow{
		stanzas:  rate.NewLimiter(rate.Limit(l.StanzaRate), burst*l.StanzaRate),
		bytes:    rate.NewLimiter(rate.Limit(l.ByteRate), max(burst*l.ByteRate, l.Body)),
		patience: l.Flood,
	}
}

// letsUp reports whether the client has kept below its pace for so long that it may send
// a second's worth at once. A breath between two stanzas is not enough: the machine takes
// such when it is busy, and a client could, once in each time of patience.
func (f *flow) letsUp(now time.Time) bool {
	for _, l := range []*rate.Limiter{f.stanzas, f.bytes} {
		if l.TokensAt(now) < float64(l.Limit()) {
			return false
		}
	}
	return true
}

// wait waits until the client may send a stanza of n bytes.
func (f *flow) wait(ctx context.Context, n int) error {
	now := time.Now()
	delay := max(
		f.stanzas.ReserveN(now, 1).DelayFrom(now),
		f.bytes.ReserveN(now, min(n, f.bytes.Burst())).DelayFrom(now))
	switch {
	case delay <= 0:
		if f.letsUp(now) {
			f.fast = time.Time{}
		}
		return nil
	case f.fast.IsZero():
		f.fast = now
	case now.Sub(f.fast) > f.patience:
		return errFlood
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

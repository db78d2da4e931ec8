package bosh

import (
	"context"
	"math/rand/v2"
	"time"
)

// Drain is how clients are let go when the proxy ends.
type Drain struct {
	// Spread is the longest time over which sessions end, so that their clients do
	// not all come back to the next proxy in one second. With few of them it takes
	// less: 200 are told in a second. Default: none, all at once.
	Spread time.Duration

	// SeeOtherURI is where WebSocket clients are sent: the "see-other-uri" of
	// RFC 7395 §3.6.1, a wss: or https: URI. Default: none, they come back here.
	SeeOtherURI string
}

// comeBack is how many clients a second the next proxy is expected to take.
const comeBack = 200

// run calls all ends, in no order that clients could count on, spread over the time.
// When ctx ends, those that are left are called at once.
func (d Drain) run(ctx context.Context, ends []func()) {
	rand.Shuffle(len(ends), func(i, j int) { ends[i], ends[j] = ends[j], ends[i] })
	window := min(d.Spread, time.Duration(len(ends))*time.Second/comeBack)
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i, end := range ends {
		share := (float64(i) + rand.Float64()) / float64(len(ends))
		timer.Reset(time.Until(start.Add(time.Duration(share * float64(window)))))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		end()
	}
}

package main

import (
	"context"
	"fmt"
	"time"

	"chatproxy/bench/bridge/load"
)

// talkers and pace make the traffic of which the delay is measured: so little that no
// message waits for another.
const (
	talkers = 10
	pace    = 100 * time.Millisecond
)

// mostDelay is what the bridge may add to the median.
const mostDelay = 0.3 // ms

// latency measures how long a message is under way through Prosody's own endpoint, and
// through the bridge in front of the same Prosody.
func (b *bench) latency(ctx context.Context, o options) error {
	prosody, err := b.prosody(ctx)
	if err != nil {
		return err
	}
	bridge, err := b.bridge(ctx, prosody)
	if err != nil {
		return err
	}
	for _, transport := range []load.Transport{load.BOSH, load.WebSocket} {
		var own, bridged []float64
		for range o.rounds {
			for _, way := range []struct {
				running
				delays *[]float64
			}{{prosody, &own}, {bridge, &bridged}} {
				delay, err := talk(ctx, o, way.endpoint(transport))
				if err != nil {
					return err
				}
				*way.delays = append(*way.delays, delay)
			}
		}
		t := table(fmt.Sprintf("Delay of a message over %v: %d sessions, one message every %v, medians of %d rounds' medians", transport, talkers, pace/talkers, o.rounds), "", "ms")
		row(t, "Prosody's own", fmt.Sprintf("%.3f", median(own)))
		row(t, "chatproxy in front of it", fmt.Sprintf("%.3f", median(bridged)))
		_ = t.Flush() // to stdout, as everything here
		added := median(bridged) - median(own)
		verdict(fmt.Sprintf("%v, at most %.1f ms added", transport, mostDelay), added <= mostDelay, "%.3f", added)
	}
	return nil
}

// talk returns the median delay in milliseconds.
func talk(ctx context.Context, o options, e load.Endpoint) (float64, error) {
	f, err := load.OpenFleet(ctx, e, talkers, talkers)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if _, err := f.Say(ctx, pace, o.warmup); err != nil {
		return 0, err
	}
	delays, err := f.Say(ctx, pace, o.duration)
	if err != nil {
		return 0, err
	}
	ms := make([]float64, len(delays))
	for i, d := range delays {
		ms[i] = float64(d) / float64(time.Millisecond)
	}
	return median(ms), nil
}

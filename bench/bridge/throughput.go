package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"chatproxy/bench/bridge/load"
	"chatproxy/bench/server"
)

// throughput measures how many messages pass in a second: through the bridge to the
// stub and back, and through the servers' own endpoints.
func (b *bench) throughput(ctx context.Context, o options) error {
	bridge, err := b.inFrontOfStub(ctx, false)()
	if err != nil {
		return err
	}
	prosody, err := b.prosody(ctx)
	if err != nil {
		return err
	}
	ejabberd, err := b.ejabberd(ctx)
	if err != nil {
		return err
	}
	peers := []struct {
		name string
		running
	}{{"chatproxy to the stub", bridge}, {"Prosody", prosody}, {"ejabberd", ejabberd}}
	for _, goal := range []struct {
		transport load.Transport
		least     float64
	}{{load.BOSH, 5}, {load.WebSocket, 1.5}} {
		rates, cpus := make([][]float64, len(peers)), make([][]float64, len(peers))
		counts := make([]load.Counts, len(peers))
		for range o.rounds {
			for i, p := range peers {
				rate, cpu, c, err := flood(ctx, o, p.running, goal.transport)
				if err != nil {
					return fmt.Errorf("%v, %s: %w", goal.transport, p.name, err)
				}
				counts[i].Add(c)
				rates[i], cpus[i] = append(rates[i], rate), append(cpus[i], cpu)
			}
		}
		t := table(fmt.Sprintf("Messages over %v: %d sessions, %d messages of each under way, medians of %d rounds", goal.transport, o.busy, o.window, o.rounds),
			"", "messages/s", "min", "max", "of Prosody", "CPU µs", "lost", "doubled", "out of order", "failed sessions")
		for i, p := range peers {
			row(t, p.name, fmt.Sprintf("%.0f", median(rates[i])), fmt.Sprintf("%.0f", slices.Min(rates[i])), fmt.Sprintf("%.0f", slices.Max(rates[i])),
				fmt.Sprintf("%.2f", median(rates[i])/median(rates[1])), fmt.Sprintf("%.1f", median(cpus[i])),
				strconv.Itoa(counts[i].Lost), strconv.Itoa(counts[i].Doubled), strconv.Itoa(counts[i].OutOfOrder), strconv.Itoa(counts[i].Failed))
		}
		_ = t.Flush() // to stdout, as everything here
		ratio := median(rates[0]) / median(rates[1])
		verdict(fmt.Sprintf("%v, at least %.1f times as many messages as Prosody", goal.transport, goal.least), ratio >= goal.least, "%.2f", ratio)
		verdict(fmt.Sprintf("%v, no message lost, doubled or out of order in chatproxy", goal.transport), counts[0].Sound() == nil, "%d of %d", counts[0].Received, counts[0].Sent)
	}
	return nil
}

// flood returns the messages in a second, and the microseconds of CPU time that the
// server took for one.
func flood(ctx context.Context, o options, r running, transport load.Transport) (rate, cpu float64, c load.Counts, err error) {
	f, err := load.OpenFleet(ctx, r.endpoint(transport), o.busy, 16)
	if err != nil {
		return 0, 0, c, err
	}
	defer f.Close()
	before := server.CPUTime(r.group)
	if rate, err = f.Flood(ctx, o.window, o.warmup, o.duration); err != nil {
		return 0, 0, c, err
	}
	used := server.CPUTime(r.group) - before
	c = f.Counts()
	return rate, float64(used/time.Microsecond) / float64(c.Received), c, nil
}

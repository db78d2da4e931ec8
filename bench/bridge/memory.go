package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"chatproxy/bench/bridge/load"
	"chatproxy/bench/server"
)

// early sessions are there when the memory is measured first, so that what a server
// needs once is not counted.
const early = 50

// memory measures how much more memory a server has with idle sessions than without.
func (b *bench) memory(ctx context.Context, o options) error {
	peers := []struct {
		name      string
		transport load.Transport
		start     func() (running, error)
		goal      float64 // KiB for a session, 0 for none
	}{
		{"chatproxy", load.BOSH, b.inFrontOfStub(ctx, false), 20},
		{"chatproxy, STARTTLS to the server", load.BOSH, b.inFrontOfStub(ctx, true), 0},
		{"Prosody", load.BOSH, func() (running, error) { return b.prosody(ctx) }, 0},
		{"ejabberd", load.BOSH, func() (running, error) { return b.ejabberd(ctx) }, 0},
		{"chatproxy", load.WebSocket, b.inFrontOfStub(ctx, false), 24},
		{"chatproxy, STARTTLS to the server", load.WebSocket, b.inFrontOfStub(ctx, true), 0},
		{"Prosody", load.WebSocket, func() (running, error) { return b.prosody(ctx) }, 0},
		{"ejabberd", load.WebSocket, func() (running, error) { return b.ejabberd(ctx) }, 0},
	}
	t := table(fmt.Sprintf("Memory: %d idle sessions, %v after the last login", o.idle, o.settle),
		"", "", "KiB a session", "without, MiB", "with, MiB", "logins/s", "begun anew")
	defer func() { _ = t.Flush() }() // to stdout, as everything here; also what is there when a peer fails
	var verdicts []func()
	var own float64 // of chatproxy without TLS over the same transport
	for _, p := range peers {
		if !strings.HasPrefix(p.name, o.server) {
			continue
		}
		r, err := p.start()
		if err != nil {
			return err
		}
		f, err := b.measureMemory(ctx, o, r, p.transport)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if err := b.stop(); err != nil {
			return err
		}
		kib := float64(f.after-f.before) / float64(o.idle) / 1024
		fmt.Fprintf(os.Stderr, "bridge: %v, %s: %.1f KiB a session\n", p.transport, p.name, kib) // the table takes its time
		row(t, p.name, p.transport.String(), fmt.Sprintf("%.1f", kib), mib(f.before), mib(f.after), fmt.Sprintf("%.0f", f.logins), fmt.Sprint(f.repeated))
		if f.repeated > 0 && strings.HasPrefix(p.name, "chatproxy") {
			return fmt.Errorf("%s left %d logins without an answer", p.name, f.repeated)
		}
		if p.goal > 0 {
			own = kib
			verdicts = append(verdicts, func() {
				verdict(fmt.Sprintf("%v, at most %.0f KiB for an idle session", p.transport, p.goal), kib <= p.goal, "%.1f", kib)
			})
			continue
		}
		verdicts = append(verdicts, func(own float64) func() {
			return func() {
				if own == 0 {
					return // chatproxy was not measured
				}
				fmt.Printf("%v, %s: %.2f times chatproxy's\n", p.transport, p.name, kib/own)
			}
		}(own))
	}
	_ = t.Flush() // to stdout, as everything here
	for _, say := range verdicts {
		say()
	}
	return nil
}

// inFrontOfStub starts chatproxy in front of a stub.
func (b *bench) inFrontOfStub(ctx context.Context, tls bool) func() (running, error) {
	return func() (running, error) {
		stub, err := b.stub(ctx, tls)
		if err != nil {
			return stub, err
		}
		return b.bridge(ctx, stub)
	}
}

// memoryFigures are the bytes of a server without the sessions and with them.
type memoryFigures struct {
	before, after int
	logins        float64 // in a second
	repeated      int     // logins that the server left without an answer
}

func (b *bench) measureMemory(ctx context.Context, o options, r running, transport load.Transport) (f memoryFigures, err error) {
	if need := 2*(o.idle+early) + 200; need > b.descriptors {
		return f, fmt.Errorf("%d sessions take %d file descriptors", o.idle, need)
	}
	first, err := load.OpenFleet(ctx, r.endpoint(transport), early, 16)
	if err != nil {
		return f, err
	}
	defer first.Abandon() // its server is stopped next
	// The same time as below, so that garbage has the same chance to be collected.
	if err := wait(ctx, o.settle); err != nil {
		return f, err
	}
	f.before = server.Memory(r.group)
	start := time.Now()
	idle, err := load.OpenFleet(ctx, r.endpoint(transport), o.idle, 32)
	if err != nil {
		return f, err
	}
	defer idle.Abandon()
	f.logins = float64(o.idle) / time.Since(start).Seconds()
	f.repeated = first.Repeated() + idle.Repeated()
	if err := wait(ctx, o.settle); err != nil {
		return f, err
	}
	f.after = server.Memory(r.group)
	// They must be there still, each of them.
	if _, err := idle.Say(ctx, 10*time.Second, 10*time.Second); err != nil {
		return f, err
	}
	return f, first.Counts().Sound()
}

func mib(bytes int) string { return fmt.Sprintf("%.0f", float64(bytes)/(1<<20)) }

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

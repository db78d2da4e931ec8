package main

import (
	"context"
	"fmt"
	"time"

	"chatproxy/bench/bridge/load"
	"chatproxy/bench/server"
)

// hold holds sessions through the bridge, half of them over each transport. Each says
// something once a minute, and everybody once more at the end.
func (b *bench) hold(ctx context.Context, o options) error {
	// A session takes two descriptors in the bridge, and this machine may allow one
	// process fewer than that.
	bridges := (2*o.held+1000)/(b.descriptors-1000) + 1
	var fleets []*load.Fleet
	defer func() {
		for _, f := range fleets {
			f.Abandon()
		}
	}()
	var group []int
	for i := range bridges {
		r, err := b.inFrontOfStub(ctx, false)()
		if err != nil {
			return err
		}
		group = append(group, r.group)
		share := o.held*(i+1)/bridges - o.held*i/bridges
		for _, part := range []struct {
			load.Transport
			n int
		}{{load.BOSH, share / 2}, {load.WebSocket, share - share/2}} {
			f, err := load.OpenFleet(ctx, r.endpoint(part.Transport), part.n, 32)
			if err == nil && f.Repeated() > 0 {
				err = fmt.Errorf("chatproxy left %d logins without an answer", f.Repeated())
			}
			if err != nil {
				return err
			}
			fleets = append(fleets, f)
		}
	}
	start := time.Now()
	errs := make(chan error)
	for _, f := range fleets {
		go func() {
			_, err := f.Say(ctx, time.Minute, o.hold)
			if err == nil {
				_, err = f.Say(ctx, 10*time.Second, 10*time.Second)
			}
			errs <- err
		}()
	}
	var broken error
	for range fleets {
		if err := <-errs; err != nil {
			broken = err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	var all load.Counts
	for _, f := range fleets {
		all.Add(f.Counts())
	}
	memory := 0
	for _, g := range group {
		memory += server.Memory(g)
	}
	fmt.Printf("\n%d sessions over both transports through %d chatproxy, held for %v: %d sessions failed; of %d messages %d lost, %d doubled, %d out of order; %s MiB\n",
		all.Sessions, bridges, time.Since(start).Round(time.Second), all.Failed, all.Sent, all.Lost, all.Doubled, all.OutOfOrder, mib(memory))
	if broken != nil {
		fmt.Println("the last failure:", broken)
	}
	verdict("None lost", all.Sound() == nil, "%d", all.Lost+all.Failed)
	return nil
}

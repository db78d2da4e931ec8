package xmpp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// headStart is how long an address is tried before the next one is too
// (RFC 8305 §5, Connection Attempt Delay).
const headStart = 250 * time.Millisecond

// maxAddresses caps the addresses of one target (CWE-400).
const maxAddresses = 8

// race connects to the first address that answers, over all targets: a host
// that is down costs a head start and not its whole time-out. It is RFC 8305
// with SRV targets, as §7.3 there has it: names are looked up at once, the
// addresses of the preferred target go first, IPv6 and IPv4 in turn.
//
// One goroutine, that of run, knows the state; look-ups and attempts report to
// it and never wait, since their channels have room for all of them.
type race struct {
	resolver *net.Resolver
	targets  []target

	waiting  [][]netip.Addr // by target: addresses not tried yet
	resolved []bool         // by target
	names    int            // look-ups that have not reported
	running  int            // attempts that have not reported
	answers  chan answer
	attempts chan attempt
	failures []error
}

type answer struct {
	target    int
	addresses []netip.Addr
	err       error
}

type attempt struct {
	target int
	conn   net.Conn
	err    error
}

// run returns a connection and the target that it is to.
func (r *race) run(ctx context.Context) (net.Conn, int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the attempts that lost
	r.waiting = make([][]netip.Addr, len(r.targets))
	r.resolved = make([]bool, len(r.targets))
	r.answers = make(chan answer, len(r.targets))
	r.attempts = make(chan attempt, len(r.targets)*maxAddresses)
	r.names = len(r.targets)
	for i := range r.targets {
		go r.lookUp(ctx, i)
	}
	defer func() { go closeLosers(r.attempts, r.running) }()

	tick := time.NewTimer(headStart)
	defer tick.Stop()
	patient := true // wait for the look-up of a target that comes earlier
	for {
		if (r.running == 0 || !patient) && r.start(ctx, patient) {
			tick.Reset(headStart)
			patient = true
		}
		if r.running == 0 && r.names == 0 {
			return nil, 0, errors.Join(append(r.failures, context.Cause(ctx))...)
		}
		select {
		case a := <-r.answers:
			r.names--
			r.resolved[a.target] = true
			r.waiting[a.target] = a.addresses
			if a.err != nil {
				r.failures = append(r.failures, a.err)
			}
		case a := <-r.attempts:
			r.running--
			if a.err == nil {
				return a.conn, a.target, nil
			}
			r.failures = append(r.failures, a.err)
			patient = false // a failure is answered at once (RFC 8305 §5)
		case <-tick.C:
			patient = false
		case <-ctx.Done():
			return nil, 0, errors.Join(append(r.failures, context.Cause(ctx))...)
		}
	}
}

// start begins the next attempt, if there is one. A patient one leaves out
// targets that come behind one whose name is still being looked up.
func (r *race) start(ctx context.Context, patient bool) bool {
	for i, addresses := range r.waiting {
		if len(addresses) > 0 {
			r.waiting[i] = addresses[1:]
			r.running++
			go r.try(ctx, i, addresses[0])
			return true
		}
		if patient && !r.resolved[i] {
			return false
		}
	}
	return false
}

func (r *race) try(ctx context.Context, i int, ip netip.Addr) {
	t := r.targets[i]
	if t.security == Plain && !ip.Unmap().IsLoopback() {
		// Checked on the very address that is connected to, after name
		// resolution, so that no DNS answer can lead it outside (CWE-319).
		r.attempts <- attempt{err: ErrNotLoopback}
		return
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(ip, t.port).String())
	r.attempts <- attempt{i, conn, err}
}

func (r *race) lookUp(ctx context.Context, i int) {
	host := r.targets[i].host
	if ip, err := netip.ParseAddr(host); err == nil {
		r.answers <- answer{i, []netip.Addr{ip}, nil}
		return
	}
	addresses, err := r.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		err = fmt.Errorf("looking up a server's address: %w", err)
	}
	r.answers <- answer{i, inTurn(addresses), err}
}

// inTurn sorts addresses so that families alternate and IPv6 begins (RFC 8305
// §4), and keeps maxAddresses of them.
func inTurn(addresses []netip.Addr) []netip.Addr {
	var six, four, all []netip.Addr
	for _, a := range addresses {
		if a = a.Unmap(); a.Is4() {
			four = append(four, a)
		} else {
			six = append(six, a)
		}
	}
	for i := range max(len(six), len(four)) {
		if i < len(six) {
			all = append(all, six[i])
		}
		if i < len(four) {
			all = append(all, four[i])
		}
	}
	return all[:min(len(all), maxAddresses)]
}

// closeLosers takes in the attempts that had not reported when the race was
// over.
func closeLosers(attempts <-chan attempt, running int) {
	for range running {
		if a := <-attempts; a.conn != nil {
			_ = a.conn.Close()
		}
	}
}

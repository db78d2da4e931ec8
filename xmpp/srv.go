package xmpp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// target is one place to connect to.
type target struct {
	host     string // a name or an IP address
	port     uint16
	security Security
}

// maxTargets caps the records that are used, since whoever answers for the
// domain chooses their number (CWE-400).
const maxTargets = 16

// targets lists where to connect to, the most preferred first (RFC 6120
// §3.2, XEP-0368).
func (d *Dialer) targets(ctx context.Context, ascii string) ([]target, error) {
	if d.Server != "" {
		t, err := parseTarget(d.Server, d.Security)
		return []target{t}, err
	}
	var services []service
	switch d.Security {
	case DirectTLS:
		services = []service{{name: "xmpps-client", security: DirectTLS}}
	case Auto:
		services = []service{{name: "xmpps-client", security: DirectTLS}, {name: "xmpp-client", security: StartTLS}}
	default:
		services = []service{{name: "xmpp-client", security: d.Security}}
	}
	if err := lookUp(ctx, d.resolver(), ascii, services); err != nil {
		return nil, err
	}
	return choose(services, ascii, d.Security)
}

// service is one kind of SRV record, and the answer to its look-up.
type service struct {
	name     string
	security Security
	records  []*net.SRV
	err      error
}

// afterFirst is how long a look-up is waited for when another one has found
// records: some name servers drop questions that they do not like.
const afterFirst = time.Second

// lookUp fills in the records of all services. That there are none is not an
// error; that nobody could tell is one, unless another service has some.
func lookUp(ctx context.Context, resolver *net.Resolver, domain string, services []service) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan int, len(services))
	found := make([]service, len(services))
	for i, s := range services {
		go func() {
			_, s.records, s.err = resolver.LookupSRV(ctx, s.name, "tcp", domain)
			found[i] = s
			answers <- i
		}()
	}
	var enough <-chan time.Time
	some := false
	for range services {
		select {
		case i := <-answers:
			services[i] = found[i]
			// With an error too: then some of the names were no names.
			if some = some || len(services[i].records) > 0; some && enough == nil {
				enough = time.After(afterFirst)
			}
		case <-enough:
			return nil
		}
	}
	if some {
		return nil
	}
	var failures []error
	for _, s := range services {
		var dns *net.DNSError
		if s.err != nil && (!errors.As(s.err, &dns) || !dns.IsNotFound) {
			failures = append(failures, s.err)
		}
	}
	if len(failures) > 0 {
		return fmt.Errorf("looking up SRV records: %w", errors.Join(failures...))
	}
	return nil
}

// choose makes the records of all services one list of targets. A record with
// the target "." says that there is no such service (RFC 2782); no record at
// all says nothing, and the domain itself is the target.
func choose(services []service, domain string, security Security) ([]target, error) {
	var all []candidate
	for _, s := range services {
		for _, r := range s.records {
			host := strings.TrimSuffix(r.Target, ".")
			if host != "" && r.Port != 0 {
				all = append(all, candidate{r, target{host, r.Port, s.security}})
			}
		}
	}
	last := services[len(services)-1] // the one whose port has a default
	switch {
	case len(all) > 0:
	case len(last.records) > 0:
		return nil, ErrNotOffered
	case security == DirectTLS:
		return []target{{domain, 5223, DirectTLS}}, nil // by custom: no document names a port
	default:
		return []target{{domain, 5222, last.security}}, nil
	}
	order(all, rand.IntN)
	var targets []target
	for _, c := range all[:min(len(all), maxTargets)] {
		targets = append(targets, c.target)
	}
	return targets, nil
}

type candidate struct {
	record *net.SRV
	target target
}

// order sorts by priority, and draws the order within one priority by weight
// (RFC 2782): each record is next with the probability of its share of the
// weight that is left. Records of both services are one set (XEP-0368 §3).
// intn returns a number from 0 to n-1.
func order(all []candidate, intn func(n int) int) {
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Compare(a.record.Priority, b.record.Priority)
	})
	for len(all) > 0 {
		same := 1
		for same < len(all) && all[same].record.Priority == all[0].record.Priority {
			same++
		}
		byWeight(all[:same], intn)
		all = all[same:]
	}
}

func byWeight(all []candidate, intn func(n int) int) {
	// Those without weight first, so that they have "a very small chance".
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Compare(min(a.record.Weight, 1), min(b.record.Weight, 1))
	})
	sum := 0
	for _, c := range all {
		sum += int(c.record.Weight)
	}
	for ; len(all) > 1; all = all[1:] {
		drawn, running, i := intn(sum+1), 0, 0
		for ; i < len(all)-1; i++ {
			if running += int(all[i].record.Weight); running >= drawn {
				break
			}
		}
		next := all[i]
		copy(all[1:i+1], all[:i])
		all[0] = next
		sum -= int(next.record.Weight)
	}
}

func parseTarget(server string, security Security) (target, error) {
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return target{}, fmt.Errorf("the server's address: %w", err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || host == "" || number == 0 {
		return target{}, errors.New("the server's address is not host:port")
	}
	if security == Auto {
		security = StartTLS
	}
	return target{host, uint16(number), security}, nil
}

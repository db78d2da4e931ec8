package xmpp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Which targets the records of a zone make, for each way to secure them.
func TestSRVTargets(t *testing.T) {
	type records = map[string][]dnsmessage.SRVResource
	none := srv(0, 0, ".", 0)
	for _, test := range []struct {
		name                   string
		zone                   zone
		startTLS, direct, auto string
	}{
		{"no records", zone{},
			"a.example:5222 starttls", "a.example:5223 direct", "a.example:5222 starttls"},
		{"both, by priority", zone{srv: records{
			directRecords:   {srv(20, 0, "c.example", 443), srv(5, 0, "d.example", 5223)},
			startTLSRecords: {srv(10, 0, "b.example", 5222), srv(30, 0, "e.example", 5222)}}},
			"b.example:5222 starttls, e.example:5222 starttls",
			"d.example:5223 direct, c.example:443 direct",
			"d.example:5223 direct, b.example:5222 starttls, c.example:443 direct, e.example:5222 starttls"},
		{"no direct TLS", zone{srv: records{directRecords: {none}, startTLSRecords: {srv(1, 1, "b.example", 5222)}}},
			"b.example:5222 starttls", "error", "b.example:5222 starttls"},
		{"no STARTTLS", zone{srv: records{startTLSRecords: {none}, directRecords: {srv(1, 1, "b.example", 443)}}},
			"error", "b.example:443 direct", "b.example:443 direct"},
		{"neither", zone{srv: records{startTLSRecords: {none}, directRecords: {none}}},
			"error", "error", "error"},
		{"no direct TLS, and nothing else said", zone{srv: records{directRecords: {none}}},
			"a.example:5222 starttls", "error", "a.example:5222 starttls"},
		{"no STARTTLS, and nothing else said", zone{srv: records{startTLSRecords: {none}}},
			"error", "a.example:5223 direct", "error"},
		{"a record with port 0 is none", zone{srv: records{startTLSRecords: {srv(1, 1, "b.example", 0), srv(2, 1, "c.example", 5222)}}},
			"c.example:5222 starttls", "a.example:5223 direct", "c.example:5222 starttls"},
		{"one look-up fails", zone{broken: map[string]bool{directRecords: true},
			srv: records{startTLSRecords: {srv(1, 1, "b.example", 5222)}}},
			"b.example:5222 starttls", "failure", "b.example:5222 starttls"},
		{"one look-up has no answer", zone{silent: map[string]bool{directRecords: true},
			srv: records{startTLSRecords: {srv(1, 1, "b.example", 5222)}}},
			"b.example:5222 starttls", "failure", "b.example:5222 starttls"},
		{"both look-ups fail", zone{broken: map[string]bool{directRecords: true, startTLSRecords: true}},
			"failure", "failure", "failure"},
	} {
		t.Run(test.name, func(t *testing.T) {
			resolver := test.zone.serve(t)
			for security, want := range map[Security]string{StartTLS: test.startTLS, DirectTLS: test.direct, Auto: test.auto} {
				d := &Dialer{Domain: "a.example", Security: security, Resolver: resolver}
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				targets, err := d.targets(ctx, "a.example")
				cancel()
				var got []string
				for _, found := range targets {
					got = append(got, fmt.Sprintf("%s:%d %s", found.host, found.port,
						map[Security]string{StartTLS: "starttls", DirectTLS: "direct"}[found.security]))
				}
				switch {
				case want == "error":
					if !errors.Is(err, ErrNotOffered) {
						t.Errorf("%v: got %v, %v, want ErrNotOffered", security, got, err)
					}
				case want == "failure":
					// The domain's own port is not tried: an attacker who can
					// break DNS answers must not choose the server.
					if err == nil || errors.Is(err, ErrNotOffered) {
						t.Errorf("%v: got %v, %v, want a failed look-up", security, got, err)
					}
				case err != nil || strings.Join(got, ", ") != want:
					t.Errorf("%v: got %v, %v\nwant %s", security, got, err, want)
				}
			}
		})
	}
}

func TestSRVTargetsAreCapped(t *testing.T) {
	s := service{name: "xmpp-client"}
	for i := range 1000 {
		s.records = append(s.records, &net.SRV{Target: "b.example.", Port: uint16(1 + i)})
	}
	if got, err := choose([]service{s}, "a.example", StartTLS); len(got) != maxTargets || err != nil {
		t.Errorf("got %d targets, %v", len(got), err)
	}
}

// RFC 2782: within a priority each record comes first as often as its weight
// says, and one without weight rarely.
func TestSRVWeights(t *testing.T) {
	weights := map[string]uint16{"a": 70, "b": 20, "c": 10, "d": 0}
	random := rand.New(rand.NewPCG(1, 2))
	first := map[string]int{}
	const draws = 10_000
	for range draws {
		var all []candidate
		for _, name := range []string{"b", "d", "a", "c"} {
			all = append(all, candidate{&net.SRV{Priority: 5, Weight: weights[name]}, target{host: name}})
		}
		all = append(all, candidate{&net.SRV{Priority: 1, Weight: 0}, target{host: "preferred"}})
		order(all, random.IntN)
		if all[0].target.host != "preferred" {
			t.Fatalf("priority 1 does not come first: %v", all)
		}
		seen := map[string]bool{}
		for _, c := range all {
			seen[c.target.host] = true
		}
		if len(seen) != 5 {
			t.Fatalf("a record is lost: %v", all)
		}
		first[all[1].target.host]++
	}
	for name, weight := range weights {
		want := int(weight) * draws / 100
		if got := first[name]; got < want-300 || got > want+300 {
			t.Errorf("%s came first %d times of %d, its weight is %d of 100", name, got, draws, weight)
		}
	}
	if first["d"] == 0 {
		t.Error("a record without weight never comes first")
	}
}

func TestServerAddress(t *testing.T) {
	for server, want := range map[string]target{
		"b.example:5222": {"b.example", 5222, StartTLS},
		"[::1]:5223":     {"::1", 5223, StartTLS},
	} {
		if got, err := parseTarget(server, Auto); err != nil || got != want {
			t.Errorf("%s: got %v, %v", server, got, err)
		}
	}
	for _, server := range []string{"b.example", ":5222", "b.example:0", "b.example:99999", "b.example:xmpp"} {
		if got, err := parseTarget(server, StartTLS); err == nil {
			t.Errorf("%s: got %v", server, got)
		}
	}
}

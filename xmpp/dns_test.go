package xmpp

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// zone is what a DNS server of a test knows. A name that is missing does not
// exist; one in silent is never answered, one in broken is answered SERVFAIL.
type zone struct {
	srv       map[string][]dnsmessage.SRVResource
	addresses map[string][]string
	silent    map[string]bool
	broken    map[string]bool
}

// serve answers on a loopback address and returns a resolver that asks there.
func (z zone) serve(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		packet := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			if answer := z.answer(packet[:n]); answer != nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (z zone) answer(query []byte) []byte {
	var p dnsmessage.Parser
	head, err := p.Start(query)
	if err != nil {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	if z.silent[name] {
		return nil
	}
	_, hasSRV := z.srv[name]
	_, hasAddresses := z.addresses[name]
	answer := dnsmessage.Header{ID: head.ID, Response: true, RecursionAvailable: true}
	switch {
	case z.broken[name]:
		answer.RCode = dnsmessage.RCodeServerFailure
	case !hasSRV && !hasAddresses:
		answer.RCode = dnsmessage.RCodeNameError
	}
	b := dnsmessage.NewBuilder(nil, answer)
	_ = b.StartQuestions()
	_ = b.Question(q)
	_ = b.StartAnswers()
	h := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 60}
	if q.Type == dnsmessage.TypeSRV {
		for _, r := range z.srv[name] {
			_ = b.SRVResource(h, r)
		}
	}
	for _, s := range z.addresses[name] {
		ip := netip.MustParseAddr(s)
		switch {
		case q.Type == dnsmessage.TypeA && ip.Is4():
			_ = b.AResource(h, dnsmessage.AResource{A: ip.As4()})
		case q.Type == dnsmessage.TypeAAAA && ip.Is6():
			_ = b.AAAAResource(h, dnsmessage.AAAAResource{AAAA: ip.As16()})
		}
	}
	out, err := b.Finish()
	if err != nil {
		return nil
	}
	return out
}

// srv is one SRV record.
func srv(priority, weight uint16, host string, port uint16) dnsmessage.SRVResource {
	if !strings.HasSuffix(host, ".") {
		host += "."
	}
	return dnsmessage.SRVResource{Priority: priority, Weight: weight, Port: port, Target: dnsmessage.MustNewName(host)}
}

const (
	directRecords   = "_xmpps-client._tcp.a.example"
	startTLSRecords = "_xmpp-client._tcp.a.example"
)

package xmpp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// accepting is a loopback listener at an address that takes connections and
// reports each.
func accepting(t *testing.T, address string) (port uint16, got <-chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan net.Conn, 16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns <- conn
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return uint16(l.Addr().(*net.TCPAddr).Port), conns
}

// dead is a port at 127.0.0.2 that swallows connections, as a host that is
// down does: its listener's queue is full.
func dead(t *testing.T) uint16 {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 2}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(name.(*syscall.SockaddrInet4).Port)
	for range 8 {
		conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.2:%d", port), 200*time.Millisecond)
		if os.IsTimeout(err) {
			return port
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Fatal("the listener still accepts")
	return 0
}

// refusing is a port at 127.0.0.2 that nobody listens on.
func refusing(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

// A target that is dead, refuses, has no address or a name server that does
// not answer costs a head start at most, and the next one is connected to.
func TestRaceGoesOn(t *testing.T) {
	for _, test := range []struct {
		name     string
		port     func(*testing.T) uint16
		zone     zone
		most     time.Duration
		patience time.Duration // how long it must take at least
	}{
		{"dead", dead, zone{addresses: map[string][]string{"first.example": {"127.0.0.2"}}}, 2 * time.Second, headStart},
		{"two dead addresses", dead, zone{addresses: map[string][]string{"first.example": {"127.0.0.2", "127.0.0.2"}}}, 2 * time.Second, 2 * headStart},
		{"refusing", refusing, zone{addresses: map[string][]string{"first.example": {"127.0.0.2"}}}, headStart, 0},
		{"without address", refusing, zone{}, headStart, 0},
		{"without name server", refusing, zone{silent: map[string]bool{"first.example": true}}, 2 * time.Second, headStart},
	} {
		t.Run(test.name, func(t *testing.T) {
			good, conns := accepting(t, "127.0.0.1:0")
			z := test.zone
			if z.addresses == nil {
				z.addresses = map[string][]string{}
			}
			z.addresses["second.example"] = []string{"127.0.0.1"}
			z.srv = map[string][]dnsmessage.SRVResource{
				directRecords:   {srv(1, 0, "first.example", test.port(t))},
				startTLSRecords: {srv(2, 0, "second.example", good)},
			}
			d := &Dialer{Domain: "a.example", Security: Auto, Resolver: z.serve(t), ConnectTimeout: 10 * time.Second}
			start := time.Now()
			targets, err := d.targets(t.Context(), "a.example")
			if err != nil {
				t.Fatal(err)
			}
			conn, winner, err := d.connect(t.Context(), targets)
			took := time.Since(start)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			(<-conns).Close()
			if targets[winner].security != StartTLS {
				t.Errorf("the first target won: %v", targets[winner])
			}
			if took > test.most || took < test.patience {
				t.Errorf("took %v, want from %v to %v", took, test.patience, test.most)
			}
		})
	}
}

// The preferred target wins while it is alive, though the others are too.
func TestRacePrefersTheFirst(t *testing.T) {
	first, firstConns := accepting(t, "127.0.0.1:0")
	second, secondConns := accepting(t, "127.0.0.1:0")
	z := zone{addresses: map[string][]string{"b.example": {"127.0.0.1"}},
		srv: map[string][]dnsmessage.SRVResource{startTLSRecords: {srv(2, 9, "b.example", second), srv(1, 1, "b.example", first)}}}
	d := &Dialer{Domain: "a.example", Resolver: z.serve(t)}
	for range 20 {
		targets, err := d.targets(t.Context(), "a.example")
		if err != nil {
			t.Fatal(err)
		}
		conn, _, err := d.connect(t.Context(), targets)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		(<-firstConns).Close()
	}
	if len(secondConns) != 0 {
		t.Errorf("the second target was connected to %d times", len(secondConns))
	}
}

// A loser that connects after the race is closed.
func TestRaceClosesLosers(t *testing.T) {
	attempts := make(chan attempt, 2)
	ours, theirs := net.Pipe()
	attempts <- attempt{err: errors.New("refused")}
	attempts <- attempt{conn: ours}
	closeLosers(attempts, 2)
	if _, err := theirs.Write([]byte("x")); err == nil {
		t.Error("the connection is open")
	}
}

func TestRaceFailsWithEveryReason(t *testing.T) {
	one, two := refusing(t), refusing(t)
	z := zone{addresses: map[string][]string{"b.example": {"127.0.0.2"}},
		srv: map[string][]dnsmessage.SRVResource{startTLSRecords: {srv(1, 0, "b.example", one), srv(2, 0, "b.example", two), srv(3, 0, "c.example", 9)}}}
	d := &Dialer{Domain: "a.example", Resolver: z.serve(t)}
	_, err := d.Dial(t.Context())
	for _, want := range []string{"a.example", fmt.Sprint(one), fmt.Sprint(two), "c.example"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v is not ECONNREFUSED", err)
	}
}

func TestConnectTimesOut(t *testing.T) {
	d := &Dialer{Domain: "a.example", Server: fmt.Sprintf("127.0.0.2:%d", dead(t)), ConnectTimeout: 50 * time.Millisecond, HandshakeTimeout: time.Hour}
	start := time.Now()
	// The dialler may see the deadline before the context does.
	var timeout net.Error
	if _, err := d.Dial(t.Context()); !errors.Is(err, context.DeadlineExceeded) && !(errors.As(err, &timeout) && timeout.Timeout()) {
		t.Errorf("got %v, want a time-out", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// No name makes a connection without TLS leave the machine, whatever it
// resolves to: 192.0.2.1 is for documentation and is not connected to.
func TestPlainOnlyToLoopbackByName(t *testing.T) {
	good, conns := accepting(t, "127.0.0.1:0")
	z := zone{addresses: map[string][]string{"b.example": {"192.0.2.1", "::ffff:192.0.2.1"}, "c.example": {"192.0.2.1", "127.0.0.1"}}}
	d := &Dialer{Domain: "a.example", Security: Plain, Resolver: z.serve(t), Server: fmt.Sprintf("b.example:%d", good)}
	if _, err := d.Dial(t.Context()); !errors.Is(err, ErrNotLoopback) {
		t.Errorf("got %v, want ErrNotLoopback", err)
	}
	d.Server = fmt.Sprintf("c.example:%d", good)
	s, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Abort()
	(<-conns).Close()
}

func TestFamiliesInTurn(t *testing.T) {
	var in []netip.Addr
	for _, s := range []string{"192.0.2.1", "::ffff:192.0.2.2", "192.0.2.3", "2001:db8::1"} {
		in = append(in, netip.MustParseAddr(s))
	}
	if got := fmt.Sprint(inTurn(in)); got != "[2001:db8::1 192.0.2.1 192.0.2.2 192.0.2.3]" {
		t.Error(got)
	}
	for range 100 {
		in = append(in, in[0])
	}
	if got := len(inTurn(in)); got != maxAddresses {
		t.Errorf("%d addresses", got)
	}
}

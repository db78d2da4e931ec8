package bosh

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"chatproxy/xmpp"

	"github.com/pires/go-proxyproto"
)

func TestClientOfRequest(t *testing.T) {
	for _, test := range []struct{ address, remote, want string }{
		{"203.0.113.7", "203.0.113.7:40000", "203.0.113.7:40000"},
		{"203.0.113.7", "10.0.0.1:40000", "203.0.113.7:0"}, // behind a trusted proxy
		{"203.0.113.7", "[::ffff:203.0.113.7]:40000", "203.0.113.7:40000"},
		{"2001:db8::7", "[2001:db8::7]:1", "[2001:db8::7]:1"},
		{"somebody", "203.0.113.7:40000", "invalid AddrPort"},
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = test.remote
		o := Options{ClientAddress: func(*http.Request) string { return test.address }}
		got := o.client(r)
		if got.IsValid() {
			got = netip.AddrPortFrom(got.Addr().Unmap(), got.Port())
		}
		if got.String() != test.want {
			t.Errorf("%s by way of %s: got %s, want %s", test.address, test.remote, got, test.want)
		}
	}
}

// The server behind the bridge learns each client's address, over both
// transports.
func TestServerLearnsTheClient(t *testing.T) {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &proxyproto.Listener{Listener: plain, ReadHeaderTimeout: 5 * time.Second}
	saw, done := make(chan string, 4), make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			saw <- conn.RemoteAddr().String()
			conn.Close()
		}
	}()
	defer func() { l.Close(); <-done }()
	d := &xmpp.Dialer{Domain: domain, Server: l.Addr().String(), Security: xmpp.Plain, ProxyProtocol: true}
	f := newFixture(t, Options{Dial: d.Dial, ClientAddress: func(r *http.Request) string { return "203.0.113.7" }})
	expect := func() {
		t.Helper()
		select {
		case got := <-saw:
			if !strings.HasPrefix(got, "203.0.113.7:") {
				t.Errorf("the server sees %s", got)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("nobody connected to the server")
		}
	}
	_ = f.post(createBody(`wait="5" hold="1"`)) // the server hangs up at once
	expect()
	c := dialWebSocket(t, f)
	c.say(openMessage)
	expect()
}

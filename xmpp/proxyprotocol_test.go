package xmpp

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
)

// An independent reader understands the header, for each pair of families.
func TestProxyHeader(t *testing.T) {
	for _, test := range []struct {
		name, client, server string
		wantFrom, wantTo     string // "" for a command LOCAL
	}{
		{"IPv4", "203.0.113.7:40000", "127.0.0.1:5222", "203.0.113.7:40000", "127.0.0.1:5222"},
		{"IPv6", "[2001:db8::7]:40000", "[::1]:5222", "[2001:db8::7]:40000", "[::1]:5222"},
		{"IPv4 client, IPv6 server", "203.0.113.7:40000", "[2001:db8::1]:5222", "203.0.113.7:40000", "[2001:db8::1]:5222"},
		{"IPv6 client, IPv4 server", "[2001:db8::7]:1", "127.0.0.1:5222", "[2001:db8::7]:1", "127.0.0.1:5222"},
		{"mapped", "[::ffff:203.0.113.7]:40000", "[::ffff:127.0.0.1]:5222", "203.0.113.7:40000", "127.0.0.1:5222"},
		{"with a zone", "[fe80::1%eth0]:1", "[fe80::2%eth0]:5222", "[fe80::1]:1", "[fe80::2]:5222"},
		{"port unknown", "203.0.113.7:0", "127.0.0.1:5222", "203.0.113.7:0", "127.0.0.1:5222"},
		{"nobody", "", "127.0.0.1:5222", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var client netip.AddrPort
			if test.client != "" {
				client = netip.MustParseAddrPort(test.client)
			}
			b := append(proxyHeader(client, netip.MustParseAddrPort(test.server)), "rest"...)
			r := bufio.NewReader(bytes.NewReader(b))
			h, err := proxyproto.Read(r)
			if err != nil {
				t.Fatal(err)
			}
			if rest, _ := io.ReadAll(r); string(rest) != "rest" {
				t.Errorf("behind the header stands %q", rest)
			}
			if h.Version != 2 {
				t.Errorf("version %d", h.Version)
			}
			if test.wantFrom == "" {
				if h.Command != proxyproto.LOCAL {
					t.Errorf("command %v, want LOCAL", h.Command)
				}
				return
			}
			from, to, ok := h.TCPAddrs()
			if !ok || h.Command != proxyproto.PROXY || !same(from, test.wantFrom) || !same(to, test.wantTo) {
				t.Errorf("got %v %v → %v, want %s → %s", h.Command, from, to, test.wantFrom, test.wantTo)
			}
		})
	}
}

func same(got *net.TCPAddr, want string) bool {
	a, b := got.AddrPort(), netip.MustParseAddrPort(want)
	return a.Addr().Unmap() == b.Addr().Unmap() && a.Port() == b.Port()
}

// The header comes before anything else, with STARTTLS and with direct TLS,
// and the stream works behind it; a listener that is not told sees the proxy.
func TestDialWithProxyHeader(t *testing.T) {
	cert, pool := certificate(t, "a.example")
	scripts := map[Security]func(net.Conn){
		StartTLS: startTLSServer(cert, offer, proceed),
		DirectTLS: func(conn net.Conn) {
			secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"xmpp-client"}})
			until(secured, "streams\">")
			io.WriteString(secured, serverHead+offer+"<message><stream:x/></message></stream:stream>")
			until(secured, "</stream:stream>")
		},
	}
	for security, script := range scripts {
		for _, tell := range []bool{true, false} {
			plain, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			l := &proxyproto.Listener{Listener: plain, ReadHeaderTimeout: 5 * time.Second}
			saw, done := make(chan string, 1), make(chan struct{})
			go func() {
				defer close(done)
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
				saw <- conn.RemoteAddr().String()
				script(conn)
			}()
			d := &Dialer{Domain: "a.example", RootCAs: pool, Security: security, ProxyProtocol: tell, Server: l.Addr().String()}
			s, err := d.Dial(WithClient(t.Context(), netip.MustParseAddrPort("203.0.113.7:40000")))
			if err != nil {
				t.Fatal(err)
			}
			if got := <-saw; (got == "203.0.113.7:40000") != tell {
				t.Errorf("security %v, told %v: the server sees %s", security, tell, got)
			}
			readScript(t, s)
			l.Close()
			<-done
		}
	}
}

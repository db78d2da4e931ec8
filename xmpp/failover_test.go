package xmpp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A target that takes the connection and then breaks it is given up for the
// next one; a target that is not to be trusted ends the attempt.
func TestDialFailsOver(t *testing.T) {
	cert, pool := certificate(t, "a.example")
	other, _ := certificate(t, "b.example")
	handshake := func(cert tls.Certificate) func(net.Conn) {
		return func(conn net.Conn) {
			_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake()
		}
	}
	for _, test := range []struct {
		name   string
		direct bool
		first  func(net.Conn)
		final  error
	}{
		{"hangs up", false, func(net.Conn) {}, nil},
		{"stalls", false, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }, nil},
		{"stalls in TLS", true, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }, nil},
		{"another protocol", true, func(conn net.Conn) { io.WriteString(conn, "SSH-2.0-x\r\n"); _, _ = io.Copy(io.Discard, conn) }, nil},
		{"an error", false, func(conn net.Conn) {
			until(conn, "streams\">")
			io.WriteString(conn, serverHead+"<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
		}, nil},
		{"the wrong certificate", true, handshake(other), new(tls.CertificateVerificationError)},
		{"no STARTTLS", false, startTLSServer(cert, "<stream:features/>", ""), ErrNoStartTLS},
		{"bytes before TLS", false, startTLSServer(cert, offer, proceed+"<message/>"), ErrTLSInjection},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, firstPort, _ := net.SplitHostPort(listen(t, test.first))
			_, secondPort, _ := net.SplitHostPort(listen(t, startTLSServer(cert, offer, proceed)))
			records := map[string][]dnsmessage.SRVResource{startTLSRecords: {srv(2, 0, "s.example", number(t, secondPort))}}
			first := startTLSRecords
			if test.direct {
				first = directRecords
			}
			records[first] = append(records[first], srv(1, 0, "s.example", number(t, firstPort)))
			z := zone{addresses: map[string][]string{"s.example": {"127.0.0.1"}}, srv: records}
			d := &Dialer{Domain: "a.example", RootCAs: pool, Security: Auto, Resolver: z.serve(t), HandshakeTimeout: 2 * time.Second}
			start := time.Now()
			s, err := d.Dial(t.Context())
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
			var verification *tls.CertificateVerificationError
			switch {
			case test.final == nil && err != nil:
				t.Fatal(err)
			case test.final == nil:
				readScript(t, s)
			case err == nil:
				s.Abort()
				t.Error("connected")
			case errors.As(test.final, &verification):
				if !errors.As(err, new(x509.HostnameError)) && !errors.As(err, new(x509.UnknownAuthorityError)) {
					t.Errorf("got %v", err)
				}
			case !errors.Is(err, test.final):
				t.Errorf("got %v, want %v", err, test.final)
			}
		})
	}
}

func number(t *testing.T, port string) uint16 {
	t.Helper()
	at, err := parseTarget("s.example:"+port, StartTLS)
	if err != nil {
		t.Fatal(err)
	}
	return at.port
}

package xmpp

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// certificate makes a self-signed one for a domain.
func certificate(t *testing.T, domain string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{domain},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

const serverHead = `<?xml version='1.0'?><stream:stream id='s1' from='a.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`

// listen serves one connection with a script.
func listen(t *testing.T, script func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		script(conn)
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// until reads up to a marker.
func until(conn net.Conn, marker string) {
	r := bufio.NewReader(conn)
	var got strings.Builder
	for !strings.HasSuffix(got.String(), marker) {
		c, err := r.ReadByte()
		if err != nil {
			return
		}
		got.WriteByte(c)
	}
}

const offer = `<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>`
const proceed = `<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`

func startTLSServer(cert tls.Certificate, features, answer string) func(net.Conn) {
	return func(conn net.Conn) {
		until(conn, "streams\">")
		io.WriteString(conn, serverHead+features)
		if features != offer {
			until(conn, "never")
			return
		}
		until(conn, "tls'/>")
		io.WriteString(conn, answer)
		secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
		if secured.Handshake() != nil {
			return
		}
		until(secured, "streams\">")
		io.WriteString(secured, serverHead+offer+"<message><stream:x/></message></stream:stream>")
		until(secured, "</stream:stream>")
	}
}

func TestDialStartTLS(t *testing.T) {
	cert, pool := certificate(t, "a.example")
	_, otherPool := certificate(t, "a.example")
	otherName, otherNamePool := certificate(t, "srv.example")
	for _, test := range []struct {
		name             string
		cert             tls.Certificate
		pool             *x509.CertPool
		features, answer string
		want             error
	}{
		{"good", cert, pool, offer, proceed, nil},
		{"white space behind proceed", cert, pool, offer, proceed + "\n", nil},
		{"injection", cert, pool, offer, proceed + "<message/>", ErrTLSInjection},
		{"injection of half a tag", cert, pool, offer, proceed + "<mess", ErrTLSInjection},
		{"not offered", cert, pool, "<stream:features/>", "", ErrNoStartTLS},
		{"offered in another namespace", cert, pool, "<stream:features><starttls/></stream:features>", "", ErrNoStartTLS},
		{"unknown authority", cert, otherPool, offer, proceed, new(tls.CertificateVerificationError)},
		{"certificate of another domain", otherName, otherNamePool, offer, proceed, new(tls.CertificateVerificationError)},
		{"refused", cert, pool, offer, `<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>`, io.ErrNoProgress},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := &Dialer{Domain: "a.example", RootCAs: test.pool,
				Server: listen(t, startTLSServer(test.cert, test.features, test.answer))}
			s, err := d.Dial(t.Context())
			var verification *tls.CertificateVerificationError
			switch {
			case test.want == nil:
				if err != nil {
					t.Fatal(err)
				}
				readScript(t, s)
			case err == nil:
				t.Fatal("connected")
			case test.want == io.ErrNoProgress: // any error
			case errors.As(test.want, &verification):
				if !errors.As(err, &verification) {
					t.Errorf("got %v", err)
				}
			case !errors.Is(err, test.want):
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// readScript reads what startTLSServer says after TLS.
func readScript(t *testing.T, s *Stream) {
	t.Helper()
	defer s.Abort()
	if err := s.Open(t.Context(), "de"); err != nil {
		t.Fatal(err)
	}
	want := []string{"", `<stream:features xmlns:stream="http://etherx.jabber.org/streams"></stream:features>`,
		`<message xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams"><stream:x/></message>`}
	for _, w := range want {
		st, err := s.Next(t.Context())
		if err != nil || string(st.XML) != w {
			t.Fatalf("got %s, %v, want %s", st.XML, err, w)
		}
	}
	if h := s.Header(); h == nil || h.ID != "s1" || !s.Secure() {
		t.Errorf("header %+v, secure %v", h, s.Secure())
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want io.EOF", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestDialDirectTLS(t *testing.T) {
	cert, pool := certificate(t, "a.example")
	protocol := make(chan string, 1)
	d := &Dialer{Domain: "a.example", RootCAs: pool, Security: DirectTLS, Server: listen(t, func(conn net.Conn) {
		secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"xmpp-client"}})
		_ = secured.Handshake()
		protocol <- secured.ConnectionState().NegotiatedProtocol
	})}
	s, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Abort()
	if got := <-protocol; got != "xmpp-client" {
		t.Errorf("ALPN %q", got)
	}
}

func TestDialPlainOnlyToLoopback(t *testing.T) {
	// 192.0.2.1 is for documentation; the refusal comes before any packet.
	d := &Dialer{Domain: "a.example", Security: Plain, Server: "192.0.2.1:5222"}
	if _, err := d.Dial(t.Context()); !errors.Is(err, ErrNotLoopback) {
		t.Errorf("got %v, want ErrNotLoopback", err)
	}
	d.Server = listen(t, func(net.Conn) {})
	s, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Secure() {
		t.Error("a plain stream says that it is secure")
	}
	s.Abort()
}

// A server that accepts and says nothing.
func TestDialTimesOut(t *testing.T) {
	d := &Dialer{Domain: "a.example", HandshakeTimeout: 50 * time.Millisecond,
		Server: listen(t, func(conn net.Conn) { until(conn, "never") })}
	if _, err := d.Dial(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
}

func TestStreamErrorIsTyped(t *testing.T) {
	d := &Dialer{Domain: "a.example", Security: Plain, Server: listen(t, func(conn net.Conn) {
		io.WriteString(conn, serverHead+`<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>`+
			`<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>a &lt; b</text></stream:error>`)
	})}
	s, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Abort()
	if err := s.Open(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	var said *StreamError
	if _, err := s.Next(t.Context()); !errors.As(err, &said) || said.Condition != "conflict" || said.Text != "a < b" {
		t.Errorf("got %v", err)
	}
}

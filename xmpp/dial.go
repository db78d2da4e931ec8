package xmpp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"golang.org/x/net/idna"
)

// Security says how a connection to the server is protected.
type Security int

const (
	// StartTLS begins in the clear and upgrades (RFC 6120 §5). A server that
	// does not offer it is refused.
	StartTLS Security = iota
	// DirectTLS begins with TLS (XEP-0368).
	DirectTLS
	// Plain is no protection. It works with loopback addresses only.
	Plain
	// Auto is DirectTLS or StartTLS, whichever the SRV record of each target
	// stands for (XEP-0368 §3). It is StartTLS with a Server, and with a
	// domain that has no records. It is no weaker than either: no target is
	// ever tried without TLS.
	Auto
)

// Errors of [Dialer.Dial]. TLS failures are the errors of crypto/tls.
var (
	ErrNoStartTLS   = errors.New("the XMPP server does not offer STARTTLS")
	ErrNotLoopback  = errors.New("a connection without TLS is allowed to loopback addresses only")
	ErrNotOffered   = errors.New("the domain's SRV records say that it has no such service")
	ErrTLSInjection = errors.New("bytes came in the clear after the server agreed to TLS")
)

// Dialer connects to the server of one domain. Its fields must not change
// once it is in use.
type Dialer struct {
	// Domain is the XMPP domain: what the stream is addressed to and what
	// the certificate is verified against. Required.
	Domain string

	// Server is "host:port". Default: the domain's SRV records, or the
	// domain itself at port 5222 (5223 with DirectTLS) if it has none.
	Server string

	// Security is StartTLS by default.
	Security Security

	// RootCAs verifies the server's certificate. Default: the system's.
	// There is deliberately no way to switch the verification off.
	RootCAs *x509.CertPool

	// ProxyProtocol makes every connection begin with the PROXY protocol's
	// header, version 2, which tells the server the client's address (see
	// [WithClient]). Danger: a server that does not expect the header
	// refuses the connection; one that does believes whoever connects, so
	// only the proxy may reach its port.
	ProxyProtocol bool

	// ConnectTimeout bounds the look-up, and TCP over all targets together.
	// Default: 10 s.
	ConnectTimeout time.Duration

	// HandshakeTimeout bounds what follows: STARTTLS and TLS. Half of it is
	// for a target that is not the last. Default: 10 s. Both together bound
	// everything.
	HandshakeTimeout time.Duration

	// Limits bound what the server may send.
	Limits Limits

	// Resolver looks up SRV records and addresses. Default: the system's.
	Resolver *net.Resolver
}

// Dial returns a connection that is secured as the dialer says and on which
// no stream is open yet: call [Stream.Open] next. The targets of the SRV
// records race for the TCP connection, the preferred ones with a head start.
// If the one that won hangs up or stalls before its TLS stands, the others
// are tried without it. A wrong certificate, or a server that does without
// TLS, is final: an attacker gains no second try, and the operator hears of it.
func (d *Dialer) Dial(ctx context.Context) (_ *Stream, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("connecting to the XMPP server of %s: %w", d.Domain, err)
		}
	}()
	ascii, err := idna.Lookup.ToASCII(d.Domain)
	if err != nil {
		return nil, fmt.Errorf("the domain is not a host name: %w", err)
	}
	handshake := orDefault(d.HandshakeTimeout)
	ctx, cancel := context.WithTimeout(ctx, orDefault(d.ConnectTimeout)+handshake)
	defer cancel()
	targets, err := d.findTargets(ctx, ascii)
	if err != nil {
		return nil, err
	}
	var failures []error
	for {
		conn, winner, err := d.connect(ctx, targets)
		if err != nil {
			return nil, errors.Join(append(failures, err)...)
		}
		timeout := handshake
		if len(targets) > 1 {
			timeout /= 2 // and leave something for the others
		}
		s, err := d.secure(ctx, conn, ascii, targets[winner].security, timeout)
		if err == nil {
			return s, nil
		}
		_ = conn.Close()
		failures = append(failures, err)
		targets = slices.Delete(targets, winner, winner+1)
		if len(targets) == 0 || isFinal(err) || ctx.Err() != nil {
			return nil, errors.Join(failures...)
		}
	}
}

// isFinal reports whether an error is about trust rather than about a
// connection.
func isFinal(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate) || errors.Is(err, ErrNoStartTLS) || errors.Is(err, ErrTLSInjection)
}

func (d *Dialer) findTargets(ctx context.Context, ascii string) ([]target, error) {
	ctx, cancel := context.WithTimeout(ctx, orDefault(d.ConnectTimeout))
	defer cancel()
	return d.targets(ctx, ascii)
}

// connect returns a TCP connection to one of the targets.
func (d *Dialer) connect(ctx context.Context, targets []target) (_ net.Conn, winner int, err error) {
	ctx, cancel := context.WithTimeout(ctx, orDefault(d.ConnectTimeout))
	defer cancel()
	return (&race{resolver: d.resolver(), targets: targets}).run(ctx)
}

// secure makes a connection a stream.
func (d *Dialer) secure(ctx context.Context, conn net.Conn, ascii string, security Security, timeout time.Duration) (*Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if d.ProxyProtocol {
		if err := writeProxyHeader(ctx, conn); err != nil {
			return nil, err
		}
	}
	switch security {
	case Plain:
		return newStream(conn, d.Domain, false, d.Limits), nil
	case DirectTLS:
	default:
		if err := d.startTLS(ctx, conn); err != nil {
			return nil, err
		}
	}
	secured, err := d.handshake(ctx, conn, ascii, security)
	if err != nil {
		return nil, err
	}
	return newStream(secured, d.Domain, true, d.Limits), nil
}

func (d *Dialer) resolver() *net.Resolver {
	if d.Resolver != nil {
		return d.Resolver
	}
	return net.DefaultResolver
}

func orDefault(timeout time.Duration) time.Duration {
	if timeout <= 0 {
		return 10 * time.Second
	}
	return timeout
}

// startTLS negotiates STARTTLS on a plain connection (RFC 6120 §5.4.2).
func (d *Dialer) startTLS(ctx context.Context, conn net.Conn) error {
	// This stream dies with this function, and with it everything that came
	// before TLS: its buffer and its splitter, and what was negotiated.
	s := newStream(conn, d.Domain, false, d.Limits)
	if err := s.Open(ctx, ""); err != nil {
		return err
	}
	if _, err := s.Next(ctx); err != nil { // the header
		return err
	}
	offered, err := s.nextRaw(ctx)
	if err != nil {
		return err
	}
	has := false
	if offered.Is(NSStream, "features") {
		for _, feature := range children(offered) {
			has = has || feature.Is(nsTLS, "starttls")
		}
	}
	if !has {
		// Never go on without: a man in the middle need only delete the
		// offer (CWE-757, algorithm downgrade).
		return ErrNoStartTLS
	}
	if err := s.Send(ctx, Stanza{XML: []byte("<starttls xmlns='" + nsTLS + "'/>")}); err != nil {
		return err
	}
	answer, err := s.Next(ctx)
	if err != nil {
		return err
	}
	if !answer.Is(nsTLS, "proceed") {
		return errors.New("the XMPP server refused STARTTLS")
	}
	// Bytes behind <proceed/> came in the clear. If they were taken for the
	// beginning of the secured stream, a man in the middle could put words
	// into the server's mouth (CVE-2011-0411, CWE-349). They are dropped with
	// s; and as no honest server sends any, the connection is given up.
	if len(bytes.TrimSpace(s.rest)) > 0 {
		return ErrTLSInjection
	}
	return nil
}

// nextRaw is Next with <starttls/> left in the features.
func (s *Stream) nextRaw(ctx context.Context) (Stanza, error) {
	stop := context.AfterFunc(ctx, func() { s.Abort() })
	defer stop()
	s.keepFeatures = true
	defer func() { s.keepFeatures = false }()
	st, err := s.next(0)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return st, err
}

func (d *Dialer) handshake(ctx context.Context, conn net.Conn, ascii string, security Security) (net.Conn, error) {
	config := &tls.Config{
		// The configured domain, never the target of an SRV record: DNS
		// answers are not authenticated (CVE-2022-24968, CWE-295).
		ServerName: ascii,
		RootCAs:    d.RootCAs,
		MinVersion: tls.VersionTLS12,
	}
	if security == DirectTLS {
		config.NextProtos = []string{"xmpp-client"} // XEP-0368 §4
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return secured, nil
}

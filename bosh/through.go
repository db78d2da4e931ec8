package bosh

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"chatproxy/xmpp"
)

// Through names the endpoints of servers whose own must be used. Clients are
// held to the same rules as with bridging: origins, sizes, sessions of an
// address, what a stanza may be, the one domain.
type Through struct {
	// BOSH is the server's endpoint for XEP-0124, an http or https URL.
	// Default: sessions are bridged to the server's stream.
	BOSH *url.URL

	// WebSocket is the server's endpoint for RFC 7395, a ws or wss URL.
	// Default: sessions are bridged to the server's stream.
	WebSocket *url.URL

	// RootCAs verifies the endpoints' certificates, against the host of the
	// URL. Default: the system's.
	RootCAs *x509.CertPool
}

func (t *Through) check(stanzas StanzaPolicy) error {
	if t.BOSH != nil && stanzas != nil {
		// Better no chat than one whose rules do not hold (CWE-693).
		return errors.New("bosh: Options.Stanzas cannot be held over Options.Through.BOSH")
	}
	for _, e := range []struct {
		name    string
		url     *url.URL
		schemes []string
	}{{"BOSH", t.BOSH, []string{"http", "https"}}, {"WebSocket", t.WebSocket, []string{"ws", "wss"}}} {
		if e.url != nil && (e.url.Host == "" || !slices.Contains(e.schemes, e.url.Scheme)) {
			return fmt.Errorf("bosh: Options.Through.%s is no URL with %s or %s", e.name, e.schemes[1], e.schemes[0])
		}
	}
	return nil
}

func isPlain(u *url.URL) bool { return u.Scheme == "http" || u.Scheme == "ws" }

// endpointHost is the Host that the endpoint is asked for. A server on this
// machine has no name of its own in a URL like http://127.0.0.1:5280/, and
// Prosody finds its virtual host by this; with TLS the name is the certificate's.
func endpointHost(u *url.URL, domain string) string {
	if isPlain(u) {
		return domain
	}
	return u.Host
}

// transport connects to one endpoint. Without TLS it goes to loopback only.
func (t *Through) transport(u *url.URL, limits Limits) *http.Transport {
	d := net.Dialer{Timeout: limits.Handshake}
	if isPlain(u) {
		// Checked on the very address that is connected to, after name
		// resolution, so that no DNS answer can lead it outside (CWE-319).
		d.Control = func(_, address string, _ syscall.RawConn) error {
			if ip, err := netip.ParseAddrPort(address); err != nil || !ip.Addr().Unmap().IsLoopback() {
				return xmpp.ErrNotLoopback
			}
			return nil
		}
	}
	// No proxy from the environment: it would see passwords. No HTTP/2: its
	// one connection would carry all sessions, and RFC 8441 is rare.
	return &http.Transport{
		DialContext:            d.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: t.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    limits.Handshake,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 32 << 10,
		DisableCompression:     true, // inflating is a bomb's way in (CWE-409)
	}
}

// noRedirect keeps the endpoint from sending passwords elsewhere.
func noRedirect(*http.Request, []*http.Request) error {
	return errors.New("the server's endpoint answers with a redirect")
}

package bosh

import (
	"context"
	"net/http"
	"net/netip"

	"chatproxy/xmpp"
)

// asker is what the server's side of a session has to know of the request
// that began it.
type asker struct {
	client netip.AddrPort // zero if ClientAddress gives no IP address
	origin string         // allowed before
	secure bool           // the client came over TLS
}

type askerKey struct{}

// asking returns the context of the session that r begins: what connects to
// the server finds the client's address in it.
func (o *Options) asking(ctx context.Context, r *http.Request) context.Context {
	a := asker{o.client(r), r.Header.Get("Origin"), o.Secure(r)}
	return xmpp.WithClient(context.WithValue(ctx, askerKey{}, a), a.client)
}

// client is who sent r, as the XMPP server is told. The port is 0 when another
// proxy stands between: its own port is not the client's.
func (o *Options) client(r *http.Request) netip.AddrPort {
	address, err := netip.ParseAddr(o.ClientAddress(r))
	if err != nil {
		return netip.AddrPort{}
	}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && peer.Addr().Unmap() == address.Unmap() {
		return peer
	}
	return netip.AddrPortFrom(address, 0)
}

// forwarded writes the header by which a server's own endpoint learns of the
// client. Nothing of the client's own header is in it: a cookie of the site is
// no business of the XMPP server, and a forwarding header of the client's own
// is a lie (CWE-348).
func (a asker) forwarded() http.Header {
	h := http.Header{}
	if a.client.IsValid() {
		h.Set("X-Forwarded-For", a.client.Addr().Unmap().String())
	}
	h.Set("X-Forwarded-Proto", map[bool]string{false: "http", true: "https"}[a.secure])
	if a.origin != "" {
		h.Set("Origin", a.origin)
	}
	return h
}

package bosh

import (
	"net/http"
	"net/netip"
)

// client is who sent r, as the XMPP server is told by the PROXY protocol. It
// is the zero value if ClientAddress does not give an IP address. The port is
// 0 when another proxy stands between: its own port is not the client's.
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

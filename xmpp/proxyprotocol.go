package xmpp

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"time"
)

type clientKey struct{}

// WithClient returns a context that tells [Dialer.Dial] on whose behalf it
// connects, for the PROXY protocol. The port is 0 where it is not known. The
// address must be one that is certain: the server believes it, and bans and
// counts by it.
func WithClient(ctx context.Context, client netip.AddrPort) context.Context {
	return context.WithValue(ctx, clientKey{}, client)
}

// Client is what [WithClient] put into the context, or the zero value.
func Client(ctx context.Context) netip.AddrPort {
	client, _ := ctx.Value(clientKey{}).(netip.AddrPort)
	return client
}

// proxySignature begins a header of version 2.
const proxySignature = "\r\n\r\n\x00\r\nQUIT\n"

// writeProxyHeader sends the header, which stands in the clear before
// everything else, TLS included.
func writeProxyHeader(ctx context.Context, conn net.Conn) error {
	server, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return fmt.Errorf("the PROXY protocol header: %w", err)
	}
	deadline, _ := ctx.Deadline()
	_ = conn.SetWriteDeadline(deadline)
	if _, err := conn.Write(proxyHeader(Client(ctx), server)); err != nil {
		return fmt.Errorf("sending the PROXY protocol header: %w", err)
	}
	return conn.SetWriteDeadline(time.Time{})
}

// proxyHeader is the header for a connection from client to server
// (PROXY protocol §2.2). Without a client it is the command LOCAL: the proxy
// speaks for itself.
func proxyHeader(client, server netip.AddrPort) []byte {
	const (
		local  = 0x20 // version 2
		proxy  = 0x21
		tcp4   = 0x11
		tcp6   = 0x21
		unspec = 0x00
	)
	from, to := client.Addr().Unmap().WithZone(""), server.Addr().Unmap().WithZone("")
	b := []byte(proxySignature)
	if !from.IsValid() {
		return append(b, local, unspec, 0, 0)
	}
	if from.Is4() && to.Is4() {
		b = append(b, proxy, tcp4, 0, 12)
		b = append(append(b, from.AsSlice()...), to.AsSlice()...)
	} else { // one family for both, so an IPv4 address is mapped
		b = append(b, proxy, tcp6, 0, 36)
		f, t := from.As16(), to.As16()
		b = append(append(b, f[:]...), t[:]...)
	}
	b = binary.BigEndian.AppendUint16(b, client.Port())
	return binary.BigEndian.AppendUint16(b, server.Port())
}

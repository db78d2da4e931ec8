// Package arrival tells when bytes come on connections that have been idle.
//
// A goroutine that waits for a connection costs 2 to 8 KiB, most of it stack, and a chat
// proxy has two connections for each session, nearly all of which wait. Here one
// goroutine waits for all of them.
package arrival

import (
	"errors"
	"net"
	"syscall"
)

// ErrUnsupported is returned where the system, or the connection, cannot be watched.
var ErrUnsupported = errors.New("arrivals cannot be watched here")

// On calls f once, in a goroutine of its own, when there are bytes to read, or when the
// other side has ended the connection, which it is told; unless [Watch.Stop] comes first.
// A connection has one watch at a time. Danger: it must be stopped before the connection
// is closed, or f is never called.
func On(conn syscall.RawConn, f func(ended bool)) (*Watch, error) {
	if conn == nil {
		return nil, ErrUnsupported
	}
	return on(conn, f)
}

// Of returns what On takes for a connection, with TLS that of the connection under it;
// nil if there is none. Under TLS bytes may come that are nobody's: f finds out.
func Of(conn net.Conn) syscall.RawConn {
	if secured, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secured.NetConn()
	}
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

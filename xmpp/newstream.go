package xmpp

import "net"

// NewStream makes a stream of a connection that is there already, for callers
// who connect in their own way. secure is what [Stream.Secure] says; whether it
// is true is the caller's affair. Everybody else wants [Dialer.Dial].
func NewStream(conn net.Conn, domain string, secure bool, lim Limits) *Stream {
	return newStream(conn, domain, secure, lim)
}

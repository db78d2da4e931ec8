package xmpp

import (
	"io"
	"net"
	"time"
)

// Bounds of reading a connection to its end that was aborted: a server may never
// close it, or have no end of what it sends (CWE-400).
const (
	lingerTimeout = 2 * time.Second
	lingerBytes   = 1 << 20
)

// Abort drops the connection without </stream:stream>, so that the server
// keeps an XEP-0198 session for resumption. Next and Send fail from when it is
// called; it returns when the connection is closed, after at most 2 s. It may be
// called more than once; only the first call waits.
//
// What was sent before it still arrives. A TCP connection that is closed while
// something is unread is reset, and a server that is writing then gives up at
// once, with a stanza of the client read by half or not at all. That stanza is
// lost if the client has no XEP-0198; and Prosody 0.12 goes on in the middle of
// it after a resumption, finds the stream not well-formed and ends the session.
// So only the sending side is shut, and what comes is read, within bounds, until
// the server closes too.
func (s *Stream) Abort() {
	if s.aborted.Swap(true) {
		return
	}
	s.disturb()
	// Below TLS: tls.Conn.Close would first try to send an alert, and wait up to
	// 5 s for a peer that does not read.
	raw := s.conn
	if t, ok := raw.(interface{ NetConn() net.Conn }); ok {
		raw = t.NetConn()
	}
	half, ok := raw.(interface{ CloseWrite() error })
	if !ok {
		_ = raw.Close()
		return
	}
	_ = raw.SetDeadline(time.Unix(1, 0)) // wakes Next and Send
	if half.CloseWrite() != nil {
		_ = raw.Close() // it is gone already
		return
	}
	defer raw.Close()
	s.reading.Lock() // Next has left
	_ = raw.SetReadDeadline(time.Now().Add(lingerTimeout))
	s.reading.Unlock()
	_, _ = io.CopyN(io.Discard, raw, lingerBytes) // it is not of interest how it ends
}

// Package downstream is the connections to the clients.
//
// net/http writes a response's header and its body by themselves, and over TLS every
// record of it. Each is a system call that wakes the other side for a piece of what it
// waits for. A handler that has all of a response can [Gather] what is written into one
// call. On a page of 32 KiB that is a tenth of what the whole request costs.
package downstream

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
)

// Listen returns a listener whose connections can gather. They must become those of an
// http.Server with [WithConn] as its ConnContext; TLS goes on top of them.
func Listen(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if tcp, ok := accepted.(*net.TCPConn); ok && err == nil {
		return &conn{TCPConn: tcp}, nil
	}
	return accepted, err
}

type connKey struct{}

// WithConn is for http.Server.ConnContext.
func WithConn(ctx context.Context, c net.Conn) context.Context {
	if secured, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = secured.NetConn()
	}
	if c, ok := c.(*conn); ok {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// Gather keeps what is written to the request's connection until release is called, or
// until it is much; then it goes out in one system call. Whoever gathers writes and
// releases, and waits for nothing in between: what is kept is of no use to the client.
// Where the connection cannot gather, nothing is kept. On HTTP/2 it cannot, since other
// responses are written to it at the same time.
func Gather(r *http.Request) (release func() error) {
	c, ok := r.Context().Value(connKey{}).(*conn)
	if !ok || r.ProtoMajor != 1 {
		return func() error { return nil }
	}
	c.gather()
	return c.release
}

const (
	// maxKept is what a connection keeps: a page of 64 KiB in records of TLS.
	maxKept = 80 << 10
	// large is a piece that is not worth copying: more than a record of TLS.
	large = 17 << 10
)

var buffers = sync.Pool{New: func() any { return new([maxKept]byte) }}

// A conn is a client's connection.
type conn struct {
	*net.TCPConn
	unread []byte // came before what the socket has, see GiveBack

	mu        sync.Mutex // TLS also writes while it reads
	gathering bool
	buffer    *[maxKept]byte // nil while nothing is kept
	kept      int
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	if len(c.unread) > 0 {
		n := copy(p, c.unread)
		c.unread = c.unread[n:]
		return n, nil
	}
	return c.TCPConn.Read(p)
}

func (c *conn) gather() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gathering = true
}

func (c *conn) release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gathering = false
	_, err := c.flush(nil)
	return err
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.gathering || len(p) > large || c.kept+len(p) > maxKept {
		return c.flush(p)
	}
	if c.buffer == nil {
		c.buffer = buffers.Get().(*[maxKept]byte)
	}
	c.kept += copy(c.buffer[c.kept:], p)
	return len(p), nil
}

// flush writes what is kept and p. It returns how much of p was written.
func (c *conn) flush(p []byte) (int, error) {
	kept := c.kept
	if kept == 0 {
		if len(p) == 0 {
			return 0, nil
		}
		return c.TCPConn.Write(p)
	}
	both := net.Buffers{c.buffer[:kept], p}
	n, err := both.WriteTo(c.TCPConn)
	buffers.Put(c.buffer)
	c.buffer, c.kept = nil, 0
	return max(0, int(n)-kept), err
}

// ReadFrom implements io.ReaderFrom, past which nothing kept may fall behind.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.flush(nil); err != nil {
		return 0, err
	}
	return c.TCPConn.ReadFrom(r)
}

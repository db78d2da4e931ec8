package downstream

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// A handler that waits long for its answer can take its connection over (http.Hijacker)
// and wait more cheaply than in an http.Server, which keeps two goroutines with deep
// stacks, two buffers and the whole request. Afterwards the server gets it back as if
// it were new, and the client notices nothing.

// Resume returns a listener that also accepts the connections that are given back. It
// must be the outermost, so that TLS is under it, and that of a server with [WithListener]
// as its BaseContext.
func Resume(l net.Listener) net.Listener {
	r := &resumer{Listener: l, accepted: make(chan accepted), back: make(chan net.Conn), closed: make(chan struct{})}
	go r.accept()
	return r
}

type resumer struct {
	net.Listener
	accepted chan accepted
	back     chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

type accepted struct {
	net.Conn
	err error
}

func (r *resumer) accept() {
	for {
		c, err := r.Listener.Accept()
		select {
		case r.accepted <- accepted{c, err}:
		case <-r.closed:
			if err == nil {
				_ = c.Close() // nobody will serve it
			}
			return
		}
	}
}

// Accept implements net.Listener.
func (r *resumer) Accept() (net.Conn, error) {
	select {
	case a := <-r.accepted:
		return a.Conn, a.err
	case c := <-r.back:
		return c, nil
	case <-r.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (r *resumer) Close() error {
	r.once.Do(func() { close(r.closed) })
	return r.Listener.Close()
}

type listenerKey struct{}

// WithListener is for http.Server.BaseContext.
func WithListener(l net.Listener) context.Context {
	return context.WithValue(context.Background(), listenerKey{}, l)
}

// GiveBack returns what gives the connection of a request back to its server, after the
// handler has taken it over and has answered the request. unread is what came on it and
// was not used. It is nil where the server cannot take one back.
func GiveBack(r *http.Request) func(c net.Conn, unread []byte) {
	l, ok := r.Context().Value(listenerKey{}).(*resumer)
	if !ok {
		return nil
	}
	return func(c net.Conn, unread []byte) {
		if len(unread) > 0 {
			plain, ok := c.(*conn)
			if !ok {
				// Nothing can be put in front of TLS without hiding it from the server.
				_ = c.Close() // the client asks again
				return
			}
			plain.unread = append(unread, plain.unread...)
		}
		_ = c.SetDeadline(time.Time{}) // if it is closed, the server finds out
		select {
		case l.back <- c:
		case <-l.closed:
			_ = c.Close() // as the server does with its own
		}
	}
}

// Unread is how many bytes were given back with the connection and not read since.
func (c *conn) Unread() int { return len(c.unread) }

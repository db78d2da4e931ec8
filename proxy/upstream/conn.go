package upstream

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync/atomic"
	"time"
)

var (
	// ErrHeaderTooLong is returned for a response with a header beyond MaxHeader.
	ErrHeaderTooLong = errors.New("the upstream's response has too long a header")
	// ErrHeaderTimeout is returned when the header takes longer than HeaderTimeout.
	ErrHeaderTimeout = errors.New("the upstream did not answer in time")

	// errUnanswered is returned when a connection that was used before ended without
	// a byte of a response.
	errUnanswered = errors.New("the upstream closed the connection")
)

// A conn is a connection to the upstream. One goroutine at a time has it.
type conn struct {
	net.Conn
	t     *Transport
	r     *bufio.Reader
	w     *bufio.Writer
	probe func() bool
	limit int64     // how many bytes may still be read
	read  bool      // something was, since the request
	used  bool      // it has carried a request before
	since time.Time // idle since
}

func newConn(nc net.Conn, t *Transport) (*conn, error) {
	c := &conn{Conn: nc, t: t}
	c.r, c.w = bufio.NewReaderSize(c, t.o.ReadBuffer), bufio.NewWriter(nc)
	var err error
	if c.probe, err = newProbe(nc); err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	return c, nil
}

// Read implements io.Reader for c.r.
func (c *conn) Read(p []byte) (int, error) {
	if c.limit <= 0 {
		return 0, ErrHeaderTooLong
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.limit)])
	c.limit -= int64(n)
	c.read = c.read || n > 0
	return n, err
}

// quiet reports whether the connection stands and nothing has come on it. What an
// upstream says unasked would be taken for the answer to the next request, which is
// another visitor's (CWE-444).
func (c *conn) quiet() bool { return c.r.Buffered() == 0 && c.probe() }

// exchange sends the request and reads the response's header. The connection goes
// back to the idle ones when the body was read to its end, and is closed otherwise.
func (c *conn) exchange(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	// Not a deadline: one that is set in the past can be set again later.
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	res, err := c.ask(r)
	if err != nil {
		stop()
		_ = c.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	b := &body{Reader: res.Body, conn: c, ctx: ctx, stop: stop, keep: !res.Close}
	if res.Body == http.NoBody {
		b.finish(true)
		return res, nil
	}
	res.Body = b
	return res, nil
}

// ask is exchange but for what comes after.
func (c *conn) ask(r *http.Request) (*http.Response, error) {
	reused := c.used
	c.used, c.read, c.limit = true, false, c.t.o.MaxHeader
	if err := c.SetDeadline(time.Now().Add(c.t.o.HeaderTimeout)); err != nil {
		return nil, err
	}
	err := r.Write(c.w)
	if err == nil {
		err = c.w.Flush()
	}
	var res *http.Response
	if err == nil {
		res, err = c.response(r)
	}
	switch {
	case err == nil:
	case isTimeout(err):
		return nil, fmt.Errorf("%w: %w", ErrHeaderTimeout, err)
	case reused && !c.read:
		return nil, errUnanswered
	default:
		return nil, fmt.Errorf("the upstream %s: %w", c.t.host, err)
	}
	c.limit = math.MaxInt64
	return res, c.SetDeadline(time.Time{})
}

// response reads the header of the response, and passes on those before it that only
// inform (RFC 9110 §15.2); together they may have MaxHeader.
func (c *conn) response(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	for {
		res, err := http.ReadResponse(c.r, r)
		switch {
		case err != nil:
			return nil, err
		case res.StatusCode == http.StatusSwitchingProtocols:
			return nil, errors.New("the upstream switches protocols unasked")
		case res.StatusCode >= 200:
			return res, nil
		}
		if trace != nil && trace.Got1xxResponse != nil {
			if err := trace.Got1xxResponse(res.StatusCode, textproto.MIMEHeader(res.Header)); err != nil {
				return nil, err
			}
		}
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// A body is that of a response. Close may come while Read waits.
type body struct {
	io.Reader
	conn *conn
	ctx  context.Context
	stop func() bool // lets go of ctx
	keep bool        // the upstream keeps the connection
	err  error       // of the last Read
	done atomic.Bool
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err // the connection may be another's by now
	}
	n, err := b.Reader.Read(p)
	if err == nil {
		return n, nil
	}
	if b.err = err; err != io.EOF && b.ctx.Err() != nil {
		b.err = b.ctx.Err()
	}
	b.finish(err == io.EOF)
	return n, b.err
}

// Close implements io.Closer. It does not read what is left: there may be much.
func (b *body) Close() error {
	b.finish(false)
	return nil
}

// finish lets go of the connection: whole when the response was read to its end.
func (b *body) finish(whole bool) {
	if b.done.Swap(true) {
		return
	}
	if b.stop() && whole && b.keep && b.conn.r.Buffered() == 0 {
		b.conn.t.idle.put(b.conn)
		return
	}
	_ = b.conn.Close() // it is of no more use, however it closes
}

package bosh

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A BOSH client is a request that waits. While net/http serves it, it has two goroutines,
// one of them with the stack of the whole way here, two buffers of 4 KiB and the request
// with its header: more than everything else of a session, and of its connection to the
// server. So a request that has waited for a moment is parked: its connection is taken
// over, one goroutine with next to no stack waits for the answer or for the client to go
// away, and when the next request comes on the connection the HTTP server gets it back
// (see Options.Resume).

const (
	// parkAfter is how long a request waits in the HTTP server. What is answered sooner,
	// as while people are writing to each other, is not worth the change.
	parkAfter = 500 * time.Millisecond
	// keepAlive is how long a connection that was parked waits for the next request.
	keepAlive = 2 * time.Minute
)

// hold answers e, which may take as long as the client said.
func (m *Manager) hold(w http.ResponseWriter, r *http.Request, s *session, e *exchange) {
	limit := s.limit(e)
	if limit > m.parkAfter {
		timer := time.NewTimer(m.parkAfter)
		defer timer.Stop()
		select {
		case rsp := <-e.reply:
			rsp.write(w, s.contentType, m.o.Limits.Write)
			return
		case <-r.Context().Done():
			s.hungUp(e)
			return
		case <-timer.C:
		}
		if limit -= m.parkAfter; m.park(w, r, s, e, limit) {
			return
		}
	}
	if rsp, ok := s.serve(r.Context(), e, limit); ok {
		rsp.write(w, s.contentType, m.o.Limits.Write)
	}
}

// parked is the connection of a request that waits outside of the HTTP server.
type parked struct {
	m        *Manager
	s        *session
	e        *exchange
	conn     net.Conn
	raw      syscall.RawConn // tells whether something came
	header   string          // of the response, as far as it is set already
	close    bool            // there is no next request
	unread   []byte          // came behind the request
	giveBack func(net.Conn, []byte)
}

// park takes the request's connection over. It is false if that cannot be done; then
// nothing has changed.
func (m *Manager) park(w http.ResponseWriter, r *http.Request, s *session, e *exchange, limit time.Duration) bool {
	if m.o.Resume == nil || !canPeek || r.ProtoMajor != 1 || r.ProtoMinor != 1 {
		return false
	}
	giveBack := m.o.Resume(r)
	if giveBack == nil {
		return false
	}
	m.mu.Lock()
	if m.closed { // the goroutine would not be waited for
		m.mu.Unlock()
		return false
	}
	m.work.Add(1)
	m.mu.Unlock()
	header := w.Header()
	conn, buffers, err := http.NewResponseController(w).Hijack()
	if err != nil {
		m.work.Done()
		return false
	}
	p := &parked{m: m, s: s, e: e, conn: conn, close: r.Close, giveBack: giveBack}
	var lines strings.Builder
	_ = header.Write(&lines) // to memory
	p.header = lines.String()
	if early, _ := buffers.Reader.Peek(buffers.Reader.Buffered()); len(early) > 0 {
		p.unread = bytes.Clone(early)
	}
	p.raw = rawOf(conn)
	s.mu.Lock()
	e.wake = p.wake // from now on; what was before is in e.reply
	s.mu.Unlock()
	go func() {
		defer m.work.Done()
		p.run(limit)
	}()
	return true
}

// rawOf returns what waits for a connection, under TLS if there is TLS; nil if there is
// nothing that can.
func rawOf(conn net.Conn) syscall.RawConn {
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

// wake makes await return. It is called with the session's mu.
func (p *parked) wake() { _ = p.conn.SetReadDeadline(time.Unix(1, 0)) }

// run waits for the answer, sends it, and waits for the next request.
func (p *parked) run(limit time.Duration) {
	timer := time.AfterFunc(limit, func() { p.s.expire(p.e) })
	rsp, ok := p.await()
	timer.Stop()
	if !ok {
		_ = p.conn.Close() // the client has
		return
	}
	_ = p.conn.SetReadDeadline(time.Now().Add(keepAlive)) // a failure shows when it is read
	w := &parkedWriter{p: p, header: http.Header{}}
	rsp.write(w, p.s.contentType, p.m.o.Limits.Write)
	p.e, p.s = nil, nil // what waits now is a connection
	if w.err != nil || p.close || !p.next() {
		_ = p.conn.Close() // of no further use
		return
	}
	p.giveBack(p.conn, p.unread)
}

// await returns the answer, or false if the client hung up.
func (p *parked) await() (response, bool) {
	for came := nothing; ; came = p.watch() {
		select {
		case rsp := <-p.e.reply: // also one that was there before p.wake was
			return rsp, true
		default:
		}
		if len(p.unread) > 0 {
			came = arrived
		}
		switch came {
		case hungUp:
			p.s.hungUp(p.e)
			return response{}, false
		case arrived:
			// The client pipelines. Its next request is what lets this one go, and the
			// HTTP server reads it only behind the answer.
			p.s.expire(p.e)
			return <-p.e.reply, true
		}
	}
}

// arrival is what happened on a connection.
type arrival int

const (
	nothing arrival = iota // it was woken up
	arrived                // bytes came
	hungUp                 // the client closed it
)

// watch waits until something happens. Where there is TLS, what comes need not be a
// request, so a byte of it is read; and that cannot be put back.
func (p *parked) watch() arrival {
	if p.raw != nil {
		came := peek(p.raw)
		if _, secured := p.conn.(interface{ NetConn() net.Conn }); !secured || came != arrived {
			return came
		}
	}
	switch n, err := p.conn.Read(make([]byte, 1)); {
	case n > 0:
		p.close = true
		return arrived
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nothing
	default:
		return hungUp
	}
}

// next waits for the next request, and is false if none comes.
func (p *parked) next() bool {
	if len(p.unread) > 0 || p.raw == nil {
		return p.raw != nil
	}
	p.m.mu.Lock()
	if p.m.closed {
		p.m.mu.Unlock()
		return false
	}
	p.m.resting[p.conn] = struct{}{} // for shutdown to wake it up
	p.m.mu.Unlock()
	came := peek(p.raw)
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	delete(p.m.resting, p.conn)
	return came == arrived && !p.m.closed
}

// parkedWriter writes one response to a connection that was taken over. It writes all
// of it at once.
type parkedWriter struct {
	p      *parked
	header http.Header
	status int
	err    error
}

func (w *parkedWriter) Header() http.Header                { return w.header }
func (w *parkedWriter) WriteHeader(status int)             { w.status = status }
func (w *parkedWriter) SetWriteDeadline(t time.Time) error { return w.p.conn.SetWriteDeadline(t) }

var responses = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Write takes the whole body.
func (w *parkedWriter) Write(body []byte) (int, error) {
	b := responses.Get().(*bytes.Buffer)
	defer responses.Put(b)
	b.Reset()
	fmt.Fprintf(b, "HTTP/1.1 %d %s\r\nDate: %s\r\n", w.status, http.StatusText(w.status), time.Now().UTC().Format(http.TimeFormat))
	if w.p.close {
		_, _ = io.WriteString(b, "Connection: close\r\n")
	}
	_, _ = io.WriteString(b, w.p.header)
	_ = w.header.Write(b) // to memory
	_, _ = io.WriteString(b, "\r\n")
	_, _ = b.Write(body)
	_, w.err = w.p.conn.Write(b.Bytes())
	return len(body), w.err
}

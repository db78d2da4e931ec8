package bosh

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"chatproxy/xmpp/arrival"
)

// A BOSH client is a request that waits. While net/http serves it, it has two goroutines,
// one of them with the stack of the whole way here, two buffers of 4 KiB and the request
// with its header: more than everything else of a session and of its connection to the
// server. So a request that has waited for a moment is parked: its connection is taken
// over, no goroutine waits for the answer or for the client to go away, and when the next
// request comes on the connection the HTTP server gets it back (see Options.Resume).

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
	if m.o.Resume != nil && limit > m.parkAfter {
		timer := time.NewTimer(m.parkAfter)
		defer timer.Stop()
		select {
		case rsp := <-e.reply:
			m.write(w, r, rsp, s.content)
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
		m.write(w, r, rsp, s.content)
	}
}

// parked is the connection of a request that waits outside of the HTTP server, and then
// of the one after it.
type parked struct {
	m        *Manager
	conn     net.Conn
	raw      syscall.RawConn
	header   string   // of the response, as far as it is set already
	accept   []string // Accept-Encoding
	close    bool     // there is no next request
	unread   []byte   // came behind the request
	behind   bool     // that, or what the connection itself has kept
	giveBack func(net.Conn, []byte)
	timer    *time.Timer // ends the waiting

	// While the request waits these belong to the session's mu, later to the manager's.
	s     *session
	e     *exchange
	watch *arrival.Watch
	deaf  bool // nothing but the answer counts
}

// park takes the request's connection over. It is false if that cannot be done; then
// nothing has changed.
func (m *Manager) park(w http.ResponseWriter, r *http.Request, s *session, e *exchange, limit time.Duration) bool {
	if !arrival.Supported || r.ProtoMajor != 1 || r.ProtoMinor != 1 {
		return false
	}
	giveBack := m.o.Resume(r)
	if giveBack == nil {
		return false
	}
	m.mu.Lock()
	if m.closed { // nobody would wait for it
		m.mu.Unlock()
		return false
	}
	m.work.Add(1) // until the connection is closed or given back
	m.mu.Unlock()
	conn, buffers, err := http.NewResponseController(w).Hijack()
	if err != nil {
		m.work.Done()
		return false
	}
	p := &parked{m: m, s: s, e: e, conn: conn, raw: arrival.Of(conn), close: r.Close, giveBack: giveBack}
	if m.o.Compress {
		p.accept = r.Header.Values("Accept-Encoding")
	}
	var lines strings.Builder
	_ = w.Header().Write(&lines) // to memory
	p.header = lines.String()
	if early, _ := buffers.Reader.Peek(buffers.Reader.Buffered()); len(early) > 0 {
		p.unread = bytes.Clone(early)
	}
	kept, ok := conn.(interface{ Unread() int })
	p.behind = len(p.unread) > 0 || ok && kept.Unread() > 0
	p.timer = time.AfterFunc(limit, func() { s.expire(e) })
	p.listen()
	return true
}

// listen waits for the answer, or for something on the connection.
func (p *parked) listen() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.e.wake = p.wake // from now on
	switch {
	case len(p.e.reply) > 0:
		p.deaf = true
		go p.answer()
		return
	case p.behind:
		go p.letGo()
		return
	}
	var err error
	if p.watch, err = arrival.On(p.raw, p.arrived); err != nil {
		p.deaf = true
	}
}

// wake is called, with the session's mu, when the answer is there.
func (p *parked) wake() {
	if p.deaf || p.watch != nil && p.watch.Stop() {
		go p.answer()
	} // else arrived or letGo is on its way, and finds the answer
}

// arrived is called when something happens on the connection.
func (p *parked) arrived(ended bool) {
	p.s.mu.Lock()
	answered := len(p.e.reply) > 0
	p.s.mu.Unlock()
	came := !ended
	if _, secured := p.conn.(interface{ NetConn() net.Conn }); secured && came && !answered {
		came, ended = p.look()
	}
	switch {
	case answered:
		p.answer()
	case ended:
		p.timer.Stop()
		p.s.hungUp(p.e)
		p.end()
	case came:
		p.letGo()
	default:
		p.listen()
	}
}

// look finds out what came where there is TLS, since that need not be a request. The
// byte that is read for it cannot be put back.
func (p *parked) look() (came, ended bool) {
	_ = p.conn.SetReadDeadline(time.Now().Add(time.Second)) // a part of a record may be all there is
	n, err := p.conn.Read(make([]byte, 1))
	switch {
	case n > 0:
		p.close = true
		return true, false
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false, false
	default:
		return false, true
	}
}

// letGo has the request answered because another came behind it: the client pipelines.
// That is what would let the first one go, and the HTTP server reads it only afterwards.
// No watch is on the connection.
func (p *parked) letGo() {
	s, e := p.s, p.e // once p is deaf it may be answered, and then forgets them
	s.mu.Lock()
	p.deaf = true
	answered := len(e.reply) > 0 // and nobody was woken up for it
	inTurn := e.request.rid <= s.inOrder()
	s.mu.Unlock()
	switch {
	case answered:
		p.answer()
	case inTurn:
		s.expire(e) // which wakes p up
	}
	// One that is ahead of its turn is not over: what is missing comes on another
	// connection, or it ends in its time.
}

// answer sends the answer and lets the connection rest.
func (p *parked) answer() {
	rsp := <-p.e.reply
	p.timer.Stop()
	w := &parkedWriter{p: p, header: http.Header{}}
	p.m.write(w, &http.Request{Header: http.Header{"Accept-Encoding": p.accept}}, rsp, p.s.content)
	p.m.mu.Lock()
	p.s, p.e = nil, nil // what waits now is a connection
	if w.err != nil || p.close || p.m.closed {
		p.m.mu.Unlock()
		p.end()
		return
	}
	if p.behind {
		p.m.mu.Unlock()
		p.resume()
		return
	}
	defer p.m.mu.Unlock()
	var err error
	if p.watch, err = arrival.On(p.raw, p.next); err != nil {
		go p.end()
		return
	}
	p.timer = time.AfterFunc(keepAlive, func() {
		p.m.mu.Lock()
		defer p.m.mu.Unlock()
		p.dismiss()
	})
	p.m.resting[p] = struct{}{}
}

// next is called when a resting connection has the next request, or ended.
func (p *parked) next(ended bool) {
	p.m.mu.Lock()
	delete(p.m.resting, p)
	p.timer.Stop()
	p.m.mu.Unlock()
	if ended {
		p.end()
		return
	}
	p.resume()
}

// dismiss closes a resting connection. The manager's mu is held.
func (p *parked) dismiss() {
	if p.watch.Stop() { // or next is on its way
		delete(p.m.resting, p)
		p.timer.Stop()
		go p.end()
	}
}

func (p *parked) resume() {
	p.giveBack(p.conn, p.unread)
	p.m.work.Done()
}

func (p *parked) end() {
	_ = p.conn.Close() // of no further use
	p.m.work.Done()
}

// parkedWriter writes one response to a connection that was taken over, all of it at
// once.
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
	b.WriteString("HTTP/1.1 " + strconv.Itoa(w.status) + " " + http.StatusText(w.status) + "\r\nDate: ")
	b.WriteString(time.Now().UTC().Format(http.TimeFormat) + "\r\n" + w.p.header)
	if w.p.close {
		b.WriteString("Connection: close\r\n")
	}
	_ = w.header.Write(b) // to memory
	b.WriteString("\r\n")
	b.Write(body)
	_, w.err = w.p.conn.Write(b.Bytes())
	return len(body), w.err
}

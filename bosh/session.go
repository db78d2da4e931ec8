package bosh

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"chatproxy/xmpp"
)

// session is one BOSH session and its stream to the server.
//
// Three goroutines meet in it: the handler of each HTTP request, run, which
// reads the server's stream, and pump, which writes to it. All state below mu
// belongs to whoever holds mu; nobody holds it while waiting on the network.
type session struct {
	m           *Manager
	sid         string
	name        string // for the log
	asked       creation
	contentType string
	overTLS     bool // the client came over TLS
	wait        time.Duration
	hold        int
	requests    int           // XEP-0124: how many the client may have open, and the RID window
	gate        *gate         // what may pass, see gate.go
	release     func()        // gives the seat back
	done        chan struct{} // closed when the session ends
	ctx         context.Context
	cancel      context.CancelFunc

	mu        sync.Mutex
	stream    *xmpp.Stream // nil until it is open
	announced bool         // the creation response went out
	ended     bool

	last    int64               // the last RID that was processed; all before it were too
	early   map[int64]*exchange // received and not processed yet, by RID
	held    []*exchange         // processed and waiting for something to say, by RID
	orphans map[int64]bool      // processed, but the client hung up before the answer
	skipped map[int64]bool      // given up as missing, see gap.go
	late    []*exchange         // skipped, and came after all
	gap     *time.Timer         // runs while the next request is missing
	pumping bool
	replay  replay
	pace    pace

	queue      []xmpp.Stanza // from the server, for the next answer
	queueBytes int
	room       chan struct{} // signalled when the queue was emptied

	idle  *time.Timer // runs only while no request is open
	since time.Time   // when it was started
}

// exchange is one HTTP request of a session and the way to its connection.
type exchange struct {
	request *request
	reply   chan response // room for the one answer
	wake    func()        // tells who waits outside of the HTTP server, see park.go
	gone    bool          // the connection ended before the request was processed
}

// maxHold is how many requests a session holds. More than one is of no use
// to a client, and each costs a connection.
const maxHold = 1

func newSession(m *Manager, q *request, overTLS bool, g *gate, release func()) (*session, *exchange) {
	s := &session{
		m:           m,
		sid:         newSID(),
		asked:       *q.create,
		contentType: q.create.contentType,
		overTLS:     overTLS,
		wait:        min(q.create.wait, m.o.Limits.Wait),
		hold:        min(q.create.hold, maxHold), // never above the client's (XEP-0124 §7.2)
		gate:        g,
		release:     release,
		done:        make(chan struct{}),
		last:        q.rid,
		early:       map[int64]*exchange{},
		orphans:     map[int64]bool{},
		skipped:     map[int64]bool{},
		room:        make(chan struct{}, 1),
	}
	if s.wait == 0 {
		s.hold = 0 // either makes it a polling session
	}
	s.name = logName(s.sid)
	s.requests = s.hold + 1
	s.replay.depth = s.requests + 1
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.idle = time.AfterFunc(m.o.Limits.Inactivity, s.inactive)
	s.idle.Stop()
	s.gap = time.AfterFunc(m.o.Limits.Gap, s.waitedForGap)
	s.gap.Stop()
	e := &exchange{request: q, reply: make(chan response, 1)}
	s.held = append(s.held, e) // answered when the features come
	return s, e
}

// polling reports whether the client asked for a session without held
// requests (XEP-0124 §12).
func (s *session) polling() bool { return s.hold == 0 }

// limit is how long e is held at most.
func (s *session) limit(e *exchange) time.Duration {
	switch {
	case e.request.create != nil:
		return min(s.wait, s.m.o.Limits.Handshake)
	case s.wait == 0:
		return s.m.o.Limits.Polling // it is not held, but it takes a moment
	}
	return s.wait
}

// serve waits for the answer of e for at most limit. It is false if the client hung up.
func (s *session) serve(ctx context.Context, e *exchange, limit time.Duration) (response, bool) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case rsp := <-e.reply:
		return rsp, true
	case <-ctx.Done():
		s.hungUp(e)
		return response{}, false
	case <-timer.C:
	}
	s.expire(e)
	select {
	case rsp := <-e.reply:
		return rsp, true
	case <-ctx.Done():
		s.hungUp(e)
		return response{}, false
	}
}

// run connects to the server and reads its stream until that ends.
func (s *session) run() {
	stream, err := s.m.o.Dial(s.ctx)
	if err == nil {
		if err = s.write(func(ctx context.Context) error { return stream.Open(ctx, s.asked.lang) }); err != nil {
			stream.Abort()
		}
	}
	if err != nil {
		s.unreachable(err)
		return
	}
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		stream.Abort()
		return
	}
	s.stream = stream
	s.startPump()
	s.mu.Unlock()

	for {
		// Not s.ctx: when the client says goodbye, the stream is read to its
		// end. stream.Abort wakes this up in all other cases.
		st, err := stream.Next(context.Background())
		if err != nil {
			s.lost(stream, err)
			return
		}
		if !isHeader(st) { // XEP-0206 §3: the header is never shown
			s.deliver(st)
		}
	}
}

// write runs one write to the server within its deadline.
func (s *session) write(do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.m.o.Limits.Write)
	defer cancel()
	return do(ctx)
}

// deliver queues a stanza for the client. While the queue is full it waits,
// so the server's stream is not read and TCP slows the server down: memory
// stays bounded whatever a client does not fetch (CWE-770).
func (s *session) deliver(st xmpp.Stanza) {
	st, pass := s.fromServer(st)
	if !pass {
		return
	}
	s.mu.Lock()
	for s.queueBytes >= s.m.o.Limits.Queue && !s.ended {
		s.mu.Unlock()
		select {
		case <-s.room:
		case <-s.done:
		}
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.queue = append(s.queue, st)
	s.queueBytes += len(st.XML)
	s.flush()
}

// takeQueue empties the queue.
func (s *session) takeQueue() []xmpp.Stanza {
	q := s.queue
	s.queue, s.queueBytes = nil, 0
	select {
	case s.room <- struct{}{}:
	default:
	}
	return q
}

// flush answers the oldest held request if there is something to say.
func (s *session) flush() {
	if len(s.queue) > 0 && len(s.held) > 0 {
		s.answerOldest(s.takeQueue())
	}
}

// answerOldest answers in the order of RIDs, as clients expect it.
func (s *session) answerOldest(stanzas []xmpp.Stanza) {
	e := s.held[0]
	s.held = s.held[1:]
	var attributes []attribute
	if !s.announced {
		s.announced = true
		attributes = s.announcement()
	}
	s.pace.answered(len(stanzas) == 0)
	s.answer(e, response{http.StatusOK, makeBody(attributes, stanzas)})
	s.watchIdle()
}

// answer sends a response and remembers it: that it was written does not
// mean that it arrived.
func (s *session) answer(e *exchange, rsp response) {
	s.replay.keep(e.request.rid, rsp)
	e.tell(rsp)
}

// tell gives the one answer to whoever has the connection. It is called with mu.
func (e *exchange) tell(rsp response) {
	e.reply <- rsp
	if e.wake != nil {
		e.wake()
	}
}

// announcement is what the creation response tells (XEP-0124 §7.2,
// XEP-0206 §2). Features that this manager lacks are not mentioned.
func (s *session) announcement() []attribute {
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	a := []attribute{
		{"sid", s.sid},
		{"wait", seconds(s.wait)},
		{"requests", strconv.Itoa(s.requests)},
		{"hold", strconv.Itoa(s.hold)},
		{"inactivity", seconds(s.m.o.Limits.Inactivity)},
		{"polling", seconds(s.m.o.Limits.Polling)},
		{"ver", ours.lowest(s.asked.version).String()},
		{"from", s.m.o.Domain},
	}
	if s.stream != nil {
		if s.stream.Secure() { // said only if it is true
			a = append(a, attribute{"secure", "true"})
		}
		if h := s.stream.Header(); h != nil && h.ID != "" {
			a = append(a, attribute{"authid", h.ID})
		}
	}
	return append(a,
		attribute{"xmlns:xmpp", nsXBOSH},
		attribute{"xmpp:version", "1.0"},
		attribute{"xmpp:restartlogic", "true"},
		attribute{"xmlns:stream", xmpp.NSStream})
}

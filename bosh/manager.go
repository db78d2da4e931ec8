package bosh

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"chatproxy/xmpp"
)

// Manager is the connection manager of XEP-0124 with XEP-0206: an
// [http.Handler] for /http-bind. [New] makes one.
type Manager struct {
	o     Options
	seats *seats
	guard *guard
	work  sync.WaitGroup // goroutines of sessions

	through *boshThrough // nil: sessions are bridged here

	mu       sync.Mutex
	sessions map[string]*session
	resting  map[net.Conn]struct{} // wait for a client's next request, see park.go
	closed   bool

	parkAfter time.Duration
}

func newManager(o Options, s *seats, g *guard) *Manager {
	m := &Manager{o: o, seats: s, guard: g, sessions: map[string]*session{}, resting: map[net.Conn]struct{}{}, parkAfter: parkAfter}
	if o.Through.BOSH != nil {
		m.through = newBOSHThrough(&m.o, s, &m.work)
	}
	return m
}

// statusPage is for people who open the URL to see whether it is there.
const statusPage = "<!doctype html><title>BOSH</title><p>This is a BOSH connection manager. It answers XMPP clients.\n"

// ServeHTTP answers one BOSH request. Problems of HTTP itself get a status
// of their own (403 foreign origin, 405, 413, 429, 503); everything else is
// 200 with a <body/>, since XEP-0124 1.6 abolished the HTTP errors.
func (m *Manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	// A person's browser sends no Origin when it opens the page; the page
	// says nothing about anybody and touches no session.
	navigation := (r.Method == http.MethodGet || r.Method == http.MethodHead) && len(r.Header.Values("Origin")) == 0
	if !navigation {
		if !m.o.allowOrigin(r) {
			m.o.Log.Warn("BOSH request from a foreign origin refused", "client", m.o.ClientAddress(r))
			refuse(w, http.StatusForbidden, "this origin may not use the chat")
			return
		}
		// On errors too, or the client cannot tell them from a dead network.
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	}
	switch r.Method {
	case http.MethodPost:
		m.post(w, r)
	case http.MethodOptions:
		w.Header().Set("Access-Control-Allow-Methods", "POST, OPTIONS")
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
		w.Header().Set("Access-Control-Max-Age", "7200")
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet, http.MethodHead:
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		response{http.StatusOK, []byte(statusPage)}.write(w, "text/html; charset=utf-8", m.o.Limits.Write)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
		refuse(w, http.StatusMethodNotAllowed, "BOSH wants POST")
	}
}

func (m *Manager) post(w http.ResponseWriter, r *http.Request) {
	const plain = "text/xml; charset=utf-8"
	document, err := m.readBody(w, r)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		refuse(w, http.StatusRequestEntityTooLarge, "the request is too large")
		return
	case err != nil:
		refuse(w, http.StatusBadRequest, "the request did not arrive whole")
		return
	}
	q, err := parseRequest(document, m.o.Limits.stanzaLimits())
	if err != nil {
		m.o.Log.Info("BOSH request refused", "client", m.o.ClientAddress(r), "reason", err)
		terminal(payloadCondition(err)).write(w, plain, m.o.Limits.Write)
		return
	}
	if m.through != nil {
		m.through.serve(w, r, document)
		return
	}
	if q.create != nil {
		m.create(w, r, q)
		return
	}
	s := m.find(q.sid)
	// A session that began over TLS is not continued in the clear, where its
	// id would be open to everybody on the way (XEP-0124 §15).
	if s == nil || s.overTLS && !m.o.Secure(r) {
		terminal(ItemNotFound).write(w, plain, m.o.Limits.Write)
		return
	}
	m.hold(w, r, s, s.arrive(q))
}

// readBody reads a request body under the cap and within a deadline, so that
// a slow sender cannot hold a connection for ever (CWE-400).
func (m *Manager) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := int64(m.o.Limits.Body)
	if r.ContentLength > limit {
		return nil, &http.MaxBytesError{Limit: limit}
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(m.o.Limits.Handshake))
	// Taken back, because it would also end the request while it is held.
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	return io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
}

func (m *Manager) create(w http.ResponseWriter, r *http.Request, q *request) {
	answer := func(rsp response) { rsp.write(w, q.create.contentType, m.o.Limits.Write) }
	switch to := q.create.to; {
	case to == "" || strings.ContainsAny(to, "@/"):
		answer(terminal(ImproperAddressing))
		return
	case !strings.EqualFold(to, m.o.Domain):
		answer(terminal(HostUnknown)) // never an open relay
		return
	}
	address := m.o.ClientAddress(r)
	release, err := m.seats.take(address)
	if err != nil {
		m.o.Log.Warn("BOSH session refused", "client", address, "reason", err)
		refuseSeat(w, err)
		return
	}
	s, e := newSession(m, q, m.o.Secure(r), m.guard.gate(address), release)
	s.ctx = m.o.asking(s.ctx, r)
	if !m.add(s) {
		release()
		refuse(w, http.StatusServiceUnavailable, "the chat is shutting down")
		return
	}
	m.o.Log.Info("BOSH session begins", "session", s.name, "client", address)
	m.hold(w, r, s, e)
}

// add puts a session in force and starts it, unless the manager is closed.
func (m *Manager) add(s *session) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.sessions[s.sid] = s
	m.work.Go(s.run)
	return true
}

func (m *Manager) find(sid string) *session {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sessions[sid]
}

// forget drops a session that ended.
func (m *Manager) forget(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, s.sid)
}

// shutdown refuses new sessions, and returns how to end each that there is.
func (m *Manager) shutdown() (ends []func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for conn := range m.resting {
		_ = conn.SetReadDeadline(time.Unix(1, 0)) // it is of no use any more
	}
	for _, s := range m.sessions {
		ends = append(ends, func() { s.stop(SystemShutdown) })
	}
	if m.through != nil {
		ends = append(ends, m.through.shutdown()...)
	}
	return ends
}

// isHeader reports whether st opens a stream rather than being content.
func isHeader(st xmpp.Stanza) bool { return st.Is(xmpp.NSStream, "stream") }

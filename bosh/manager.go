package bosh

import (
	"errors"
	"net/http"
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
	resting  map[*parked]struct{} // wait for a client's next request, see park.go
	closed   bool

	parkAfter time.Duration
}

func newManager(o Options, s *seats, g *guard) *Manager {
	m := &Manager{o: o, seats: s, guard: g, sessions: map[string]*session{}, resting: map[*parked]struct{}{}, parkAfter: parkAfter}
	if o.Through.BOSH != nil {
		m.through = newBOSHThrough(&m.o, s, &m.work)
	}
	return m
}

// statusPage is for people who open the URL to see whether it is there.
const statusPage = "<!doctype html><title>BOSH</title><p>This is a BOSH connection manager. It answers XMPP clients.\n"

// ServeHTTP answers one BOSH request. Problems of HTTP itself get a status
// of their own (403 foreign origin, 405, 413, 415, 429, 503); everything else is
// 200 with a <body/>, since XEP-0124 1.6 abolished the HTTP errors, except
// for clients of before (§17.1).
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
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type, Content-Encoding")
		w.Header().Set("Access-Control-Max-Age", "7200")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet, http.MethodHead:
		response{body: []byte(statusPage)}.write(w, "text/html; charset=utf-8", m.o.Limits.Write)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
		refuse(w, http.StatusMethodNotAllowed, "BOSH wants POST")
	}
}

func (m *Manager) post(w http.ResponseWriter, r *http.Request) {
	document, err := m.readBody(w, r)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		refuse(w, http.StatusRequestEntityTooLarge, "the request is too large")
		return
	case errors.Is(err, errEncoding):
		w.Header().Set("Accept-Encoding", acceptedEncodings)
		refuse(w, http.StatusUnsupportedMediaType, "the request's encoding is not understood")
		return
	case err != nil:
		refuse(w, http.StatusBadRequest, "the request did not arrive whole")
		return
	}
	q, err := parseRequest(document, m.o.Limits.stanzaLimits())
	if err == nil && m.through != nil {
		m.through.serve(w, r, document)
		return
	}
	s := m.find(q.sid)
	// A session that began over TLS is not continued in the clear, where its
	// id would be open to everybody on the way (XEP-0124 §19.1). It is not
	// ended either, or everybody who has seen the id could do that.
	if s != nil && s.overTLS && !m.o.Secure(r) {
		s = nil
	}
	switch {
	case err != nil:
		m.o.Log.Info("BOSH request refused", "client", m.o.ClientAddress(r), "reason", err)
		m.refuse(w, r, s, q, payloadCondition(err))
	case q.create != nil:
		m.create(w, r, q)
	case s == nil:
		m.answer(w, r, nil, ItemNotFound)
	default:
		m.hold(w, r, s, s.arrive(q))
	}
}

// refuse answers a request that could not be read, and ends the session that
// it names, since that is what the answer means.
func (m *Manager) refuse(w http.ResponseWriter, r *http.Request, s *session, q *request, c Condition) {
	if s == nil {
		m.answer(w, r, q.create, c)
		return
	}
	e := &exchange{request: q, reply: make(chan response, 1)}
	s.mu.Lock()
	s.reject(e, c)
	s.mu.Unlock()
	m.write(w, r, <-e.reply, s.content)
}

// answer refuses a request without a session. asked is what it wanted one to
// be like, or nil.
func (m *Manager) answer(w http.ResponseWriter, r *http.Request, asked *creation, c Condition, stanzas ...xmpp.Stanza) {
	rsp := terminal(c, stanzas...)
	if asked == nil {
		m.write(w, r, rsp, defaultType)
		return
	}
	if asked.legacy {
		rsp.status = c.legacyStatus()
	}
	m.write(w, r, rsp, asked.contentType)
}

// write sends a response, compressed if both sides want it.
func (m *Manager) write(w http.ResponseWriter, r *http.Request, rsp response, contentType string) {
	if m.o.Compress {
		rsp = rsp.compressed(w, r)
	}
	rsp.write(w, contentType, m.o.Limits.Write)
}

// add puts a session in force and starts it, unless the manager is closed.
func (m *Manager) add(s *session) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.sessions[s.sid] = s
	first := s.streams[0]
	m.work.Go(func() { s.run(first) })
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
	for p := range m.resting {
		p.dismiss()
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

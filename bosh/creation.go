package bosh

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"chatproxy/xmpp"
)

// create answers a session creation request (XEP-0124 §7).
func (m *Manager) create(w http.ResponseWriter, r *http.Request, q *request) {
	secure := m.o.Secure(r)
	if uri := m.o.SeeOtherURI; uri != "" && !secure {
		m.answer(w, r, q.create, SeeOtherURI, uriElement(uri))
		return
	}
	if c := m.o.refuses(q.to); c != "" {
		m.answer(w, r, q.create, c)
		return
	}
	address := m.o.ClientAddress(r)
	release, err := m.seats.take(address)
	if err != nil {
		m.o.Log.Warn("BOSH session refused", "client", address, "reason", err)
		refuseSeat(w, err)
		return
	}
	s, e := newSession(m, q, address, secure, release)
	s.ctx = m.o.asking(s.ctx, r)
	if !m.add(s) {
		release()
		s.cancel()
		refuse(w, http.StatusServiceUnavailable, "the chat is shutting down")
		return
	}
	m.o.Log.Info("BOSH session begins", "session", s.name, "client", address)
	m.hold(w, r, s, e)
}

// refuses is why a client cannot have a stream to the domain that it names
// with "to", or empty. The proxy is never an open relay.
func (o *Options) refuses(to string) Condition {
	former := func(domain string) bool { return strings.EqualFold(domain, to) }
	switch {
	case to == "" || strings.ContainsAny(to, "@/"):
		return ImproperAddressing
	case strings.EqualFold(to, o.Domain):
		return ""
	case slices.ContainsFunc(o.FormerDomains, former):
		return HostGone
	}
	return HostUnknown
}

// announcement is what the creation response tells (XEP-0124 §7.2,
// XEP-0206 §4).
func (s *session) announcement(rid int64) []attribute {
	limits := s.m.o.Limits
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	a := []attribute{
		{"sid", s.sid},
		{"wait", seconds(s.wait)},
		{"requests", strconv.Itoa(s.requests)},
		{"hold", strconv.Itoa(s.hold)},
		{"inactivity", seconds(s.inactivity)},
		{"polling", seconds(limits.Polling)},
		{"maxpause", seconds(limits.MaxPause)},
		{"accept", acceptedEncodings},
		{"charsets", acceptedCharsets},
	}
	// A legacy client is not told a version: it is to expect HTTP errors
	// (§17.2, the note on the conditions with an asterisk).
	if !s.legacy {
		a = append(a, attribute{"ver", ours.lowest(s.asked.version).String()})
	}
	if s.replay.acks {
		a = append(a, attribute{"ack", strconv.FormatInt(rid, 10)})
	}
	if limits.Streams > 1 {
		a = append(a, attribute{"stream", s.streams[0].name})
	}
	a = append(a, attribute{"from", s.m.o.Domain})
	if header := s.streams[0].introduce(); header != nil {
		a = append(a, header...)
	} else {
		a = append(a, attribute{"xmlns:xmpp", nsXBOSH})
	}
	return append(a,
		attribute{"xmpp:restartlogic", "true"},
		attribute{"xmlns:stream", xmpp.NSStream})
}

// introduce is what a response tells about a stream once the server has
// opened it: "authid" for clients that log in as before SASL (XEP-0206 §4),
// and "secure", which only stands there if it is true. It is nil if the
// server has not, or if the client was told before.
func (st *stream) introduce() (a []attribute) {
	if st.told || st.up == nil {
		return nil
	}
	h := st.up.Header()
	if h == nil {
		return nil
	}
	st.told = true
	if st.up.Secure() {
		a = append(a, attribute{"secure", "true"})
	}
	if h.ID != "" {
		a = append(a, attribute{"authid", h.ID})
	}
	return append(a, attribute{"xmlns:xmpp", nsXBOSH}, attribute{"xmpp:version", "1.0"})
}

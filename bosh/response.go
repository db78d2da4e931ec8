package bosh

import (
	"net/http"
	"strconv"
	"time"

	"chatproxy/xmpp"
)

// response is an answer as it goes over the wire, so that a repeated request
// gets the very same bytes (XEP-0124 §14.3).
type response struct {
	status int // 0 is 200
	body   []byte
}

const nsXBOSH = "urn:xmpp:xbosh"

// attribute is one of a response's <body/>, in order of writing.
type attribute struct{ name, value string }

// makeBody writes a <body/> with these attributes and stanzas. The stream
// namespace is declared on it whenever a child needs it, since some clients
// look no further.
func makeBody(attributes []attribute, stanzas []xmpp.Stanza) []byte {
	size := 256
	streams := false
	for _, st := range stanzas {
		size += len(st.XML)
		streams = streams || st.Name.Space == xmpp.NSStream
	}
	b := make([]byte, 0, size)
	b = append(b, `<body xmlns="`+xmpp.NSHTTPBind+`"`...)
	for _, a := range attributes {
		streams = streams && a.name != "xmlns:stream"
		b = append(b, ` `+a.name+`="`+xmpp.Escape(a.value)+`"`...)
	}
	if streams {
		b = append(b, ` xmlns:stream="`+xmpp.NSStream+`"`...)
	}
	if len(stanzas) == 0 {
		return append(b, "/>"...)
	}
	b = append(b, '>')
	for _, st := range stanzas {
		b = append(b, st.XML...)
	}
	return append(b, "</body>"...)
}

// terminate are the attributes of a body that ends a session, or one stream.
func terminate(c Condition) []attribute {
	a := []attribute{{"type", "terminate"}}
	if c != "" {
		a = append(a, attribute{"condition", string(c)})
	}
	return a
}

// terminal is the answer to a request that belongs to no session.
func terminal(c Condition, stanzas ...xmpp.Stanza) response {
	return response{body: makeBody(terminate(c), stanzas)}
}

// unavailable is for clients that try again after a 5xx and only then.
func unavailable() response {
	return response{status: http.StatusServiceUnavailable, body: makeBody(nil, nil)}
}

// write sends a response whole, with its exact length: an old BOSH client
// reads until the length, and intermediaries must not chunk or keep it.
func (rsp response) write(w http.ResponseWriter, contentType string, limit time.Duration) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(rsp.body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", contentPolicy)
	// Not every ResponseWriter has deadlines; the server's own then holds.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(limit))
	if rsp.status == 0 {
		rsp.status = http.StatusOK
	}
	w.WriteHeader(rsp.status)
	_, _ = w.Write(rsp.body) // a lost client repeats its request
}

// refuse answers with a status and a few plain words.
func refuse(w http.ResponseWriter, status int, why string) {
	h := w.Header()
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(why)+1))
	http.Error(w, why, status)
}

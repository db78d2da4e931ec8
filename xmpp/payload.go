package xmpp

import (
	"errors"
	"io"
)

// ErrForbiddenStanza is wrapped when a client sends an element that would
// change the stream under the proxy's feet.
var ErrForbiddenStanza = errors.New("this element is not for clients behind a proxy")

// Body is a client's BOSH request, taken apart.
type Body struct {
	attributes map[string]string // by qualified name, xmpp: and xml: normalised

	// Stanzas are the children, in order, each ready to be sent.
	Stanzas []Stanza
}

// Attribute returns the value of a <body/> attribute, "" if absent. The
// prefixes xml and xmpp (urn:xmpp:xbosh) are understood, whatever the
// document calls them.
func (b *Body) Attribute(name string) (value string, ok bool) {
	value, ok = b.attributes[name]
	return value, ok
}

const nsXBOSH = "urn:xmpp:xbosh" // XEP-0206

// SplitBody checks a whole BOSH request body and takes it apart. Nothing of
// a body that has an error anywhere may reach the server, which is why this
// wants all of it. The error is a [*SyntaxError] or wraps
// [ErrForbiddenStanza]; with it comes a body without stanzas, whose attributes tell
// which session it was for, as far as they could be read.
func SplitBody(document []byte, lim Limits) (body *Body, err error) {
	s := newSplitter(lim, 1, "")
	defer s.release()
	s.headers.Store(1)
	body = &Body{attributes: map[string]string{}}
	defer func() {
		if err != nil {
			body.Stanzas = nil
		}
	}()
	room := grown(len(document))
	for len(document) > 0 {
		n, ev, err := s.feed(document)
		if err != nil {
			return body, err
		}
		document = document[n:]
		switch {
		case ev.header != nil:
			if err := s.bodyHeader(ev.header, body.attributes); err != nil {
				return &Body{}, err
			}
		case ev.stanza != nil:
			if len(body.Stanzas) == s.lim.Stanzas {
				return body, tooMuch("more than %d stanzas in one request", s.lim.Stanzas)
			}
			if err := checkClientStanza(ev.stanza); err != nil {
				return body, err
			}
			if room -= len(ev.stanza.XML); room < 0 {
				return body, tooMuch("the namespaces of a body are many times as large as the body")
			}
			body.Stanzas = append(body.Stanzas, *ev.stanza)
		}
	}
	if !s.ended || !s.idle() {
		return body, notWellFormed("the document is not complete")
	}
	return body, nil
}

// ReadBodyTag reads a server's BOSH response up to the end of its first start
// tag. What it took from r is in read, and may be more. The body has no
// stanzas. The error is a [*SyntaxError] or that of r.
func ReadBodyTag(r io.Reader, lim Limits) (body *Body, read []byte, err error) {
	s := newSplitter(lim, 1, "")
	s.headers.Store(1)
	chunk := make([]byte, 512)
	for {
		n, err := r.Read(chunk)
		read = append(read, chunk[:n]...)
		for rest := chunk[:n]; len(rest) > 0; {
			k, ev, err := s.feed(rest)
			if err != nil {
				return nil, read, err
			}
			if ev.header != nil {
				body = &Body{attributes: map[string]string{}}
				return body, read, s.bodyHeader(ev.header, body.attributes)
			}
			rest = rest[k:]
		}
		if len(read) > s.lim.StanzaBytes { // white space, which the splitter does not keep
			return nil, read, tooMuch("more than %d bytes before the end of the first tag", s.lim.StanzaBytes)
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, read, err
		}
	}
}

// bodyHeader reads the <body/> tag, and lets unprefixed children mean
// jabber:client.
func (s *splitter) bodyHeader(t *tag, attributes map[string]string) error {
	space, err := s.scope.resolve(t.name)
	if err != nil {
		return err
	}
	if _, local := splitName(t.name); space != NSHTTPBind || string(local) != "body" {
		return &SyntaxError{"bad-format", "the document is not a BOSH body"}
	}
	for i := range t.attrs {
		a := &t.attrs[i]
		if _, ok := declares(a); ok {
			continue
		}
		prefix, local := splitName(a.name)
		name := string(local)
		if prefix != nil {
			switch uri, _ := s.scope.lookup(string(prefix)); {
			case string(prefix) == "xml":
				name = "xml:" + name
			case uri == nsXBOSH:
				name = "xmpp:" + name
			default:
				continue // an extension that this manager does not know
			}
		}
		attributes[name] = unescape(a.value)
	}
	if uri, _ := s.scope.lookup(""); uri == NSHTTPBind || uri == "" {
		s.scope.bindings = append(s.scope.bindings, binding{"", NSClient})
		s.scope.inherited = len(s.scope.bindings)
	}
	if s.scope.inherited >= maxBindings {
		return tooMuch("more than %d namespace declarations", maxBindings)
	}
	return nil
}

// SplitMessage checks one WebSocket message (RFC 7395 §3.3), which holds
// exactly one element. It returns [io.EOF] for a message of white space.
func SplitMessage(message []byte, lim Limits) (Stanza, error) {
	st, err := splitMessage(message, lim)
	if err == nil && st.Name.Space != NSFraming {
		err = checkClientStanza(&st)
	}
	if err != nil {
		return Stanza{}, err
	}
	return st, nil
}

func splitMessage(message []byte, lim Limits) (Stanza, error) {
	if isBlank(message) {
		return Stanza{}, io.EOF
	}
	var found *Stanza
	s := newSplitter(lim, 0, NSClient)
	defer s.release()
	for len(message) > 0 {
		n, ev, err := s.feed(message)
		if err != nil {
			return Stanza{}, err
		}
		message = message[n:]
		if ev.stanza != nil {
			found = ev.stanza
		}
	}
	if found == nil || !s.idle() {
		return Stanza{}, notWellFormed("the message is not one complete element")
	}
	return *found, nil
}

// StartAttributes returns the attributes of a stanza's start tag by their
// qualified names, namespace declarations left out.
func (s Stanza) StartAttributes() map[string]string {
	attributes := map[string]string{}
	sp := newSplitter(Limits{StanzaBytes: len(s.XML) + 1}, 1, "")
	defer sp.release()
	sp.headers.Store(1)
	if _, ev, err := sp.feed(s.XML); err == nil && ev.header != nil {
		for i := range ev.header.attrs {
			a := &ev.header.attrs[i]
			if _, ok := declares(a); !ok {
				attributes[string(a.name)] = unescape(a.value)
			}
		}
	}
	return attributes
}

// checkClientStanza refuses what only the two ends of a TCP connection may
// say to each other. A <starttls/> or <compress/> that reached the server
// would make it expect TLS or deflate where the proxy goes on with plain XML,
// an element of the stream namespace could end the stream of a session that
// the proxy believes alive (CWE-436, interpretation conflict).
func checkClientStanza(s *Stanza) error {
	switch s.Name.Space {
	case NSStream, nsTLS, nsCompress, NSFraming:
		return &forbiddenError{s.Name.Local}
	}
	return nil
}

type forbiddenError struct{ name string }

func (e *forbiddenError) Error() string { return "<" + e.name + "/>: " + ErrForbiddenStanza.Error() }
func (e *forbiddenError) Unwrap() error { return ErrForbiddenStanza }

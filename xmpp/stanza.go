package xmpp

import (
	"encoding/xml"
	"slices"
)

// Stanza is one first-level element of a stream: a message, presence or iq,
// or anything else that is sent there, such as <stream:features/> or a SASL
// <challenge/>.
type Stanza struct {
	// Name is the element's name with its namespace.
	Name xml.Name

	// XML is the element as it was sent, with the namespaces that it
	// inherited declared on it. It may carry passwords: do not log it.
	XML []byte
}

// Is reports whether the stanza is the element of this namespace and name.
func (s Stanza) Is(space, local string) bool {
	return s.Name.Space == space && s.Name.Local == local
}

// beginStanza notes what finishStanza needs of the start tag in s.tag.
func (s *splitter) beginStanza(space string) error {
	prefix, local := splitName(s.tag.name)
	s.top = topTag{
		name:     xml.Name{Space: space, Local: string(local)},
		insertAt: 1 + len(s.tag.name),
		own:      map[string]bool{},
	}
	for i := range s.tag.attrs {
		a := &s.tag.attrs[i]
		declared, ok := declares(a)
		if !ok {
			continue
		}
		// Some clients let a child keep the namespace of the BOSH body. It
		// means jabber:client (XEP-0124 §6), and the server must be told so.
		if declared == "" && unescape(a.value) == NSHTTPBind {
			s.top.cut = [2]int{a.start, a.end}
			s.scope.redeclareDefault(NSClient)
			if prefix == nil {
				s.top.name.Space = NSClient
			}
			continue
		}
		s.top.own[declared] = true
	}
	if s.top.name.Space == NSHTTPBind {
		return badPrefix("a stanza in the namespace of BOSH")
	}
	return nil
}

// redeclareDefault changes the default namespace that the innermost element
// declares.
func (s *scope) redeclareDefault(uri string) {
	for i := len(s.bindings) - 1; i >= s.levels[len(s.levels)-1]; i-- {
		if s.bindings[i].prefix == "" {
			s.bindings[i].uri = uri
			return
		}
	}
}

// finishStanza copies the stanza out of s.buf with the declarations that it
// borrowed from outside of it.
func (s *splitter) finishStanza() *Stanza {
	if s.top.leftOut {
		s.buf, s.top.leftOut = s.buf[:0], false
		s.names = slices.Clone(s.names) // they may have become long
		return emptyResult()
	}
	var declarations []byte
	declare := func(prefix, uri string) {
		declarations = append(declarations, " xmlns"...)
		if prefix != "" {
			declarations = append(append(declarations, ':'), prefix...)
		}
		declarations = append(declarations, `="`...)
		declarations = append(declarations, Escape(uri)...)
		declarations = append(declarations, '"')
	}
	if s.top.cut[1] > 0 {
		declare("", NSClient)
		s.top.own[""] = true
	}
	for i, b := range s.scope.bindings[:s.scope.inherited] {
		if s.scope.isBorrowed(i) && !s.top.own[b.prefix] {
			declare(b.prefix, b.uri)
		}
	}
	rest := s.buf[s.top.insertAt:]
	out := make([]byte, 0, len(s.buf)+len(declarations))
	out = append(out, s.buf[:s.top.insertAt]...)
	out = append(out, declarations...)
	if cut := s.top.cut; cut[1] > 0 {
		out = append(out, s.buf[s.top.insertAt:cut[0]]...)
		rest = s.buf[cut[1]:]
	}
	s.buf = s.buf[:0]
	return &Stanza{Name: s.top.name, XML: append(out, rest...)}
}

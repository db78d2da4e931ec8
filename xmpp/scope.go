package xmpp

import "bytes"

// scope is the namespace declarations in force, innermost last.
//
// The first inherited of them come from outside a stanza: from the stream
// header or the BOSH body. lookup notes which of those a stanza borrows, so
// that exactly they are declared again on it.
type scope struct {
	bindings  []binding
	levels    []int // bindings in force before each open element
	inherited int
	borrowed  [maxBindings / 64]uint64 // a bit for each
}

func (s *scope) isBorrowed(i int) bool { return s.borrowed[i/64]&(1<<(i%64)) != 0 }

type binding struct {
	prefix string // "" is the default namespace
	uri    string
}

// push enters the element of t: it records the declarations of t and checks
// that every prefix of t is bound and that no attribute occurs twice under
// two prefixes. It returns the namespace of the element.
func (s *scope) push(t *tag) (space string, err error) {
	s.levels = append(s.levels, len(s.bindings))
	for i := range t.attrs {
		prefix, ok := declares(&t.attrs[i])
		if !ok {
			continue
		}
		uri := unescape(t.attrs[i].value)
		switch {
		case prefix == "xmlns" || uri == nsXMLNS:
			return "", badPrefix("a declaration of the xmlns namespace")
		case (prefix == "xml") != (uri == nsXML):
			return "", badPrefix("a false declaration of the xml namespace")
		case prefix != "" && uri == "":
			return "", badPrefix("a prefix is bound to nothing")
		case len(t.attrs[i].value) > maxNamespaceBytes:
			return "", tooMuch("the name of a namespace is longer than %d bytes", maxNamespaceBytes)
		case len(s.bindings) == maxBindings:
			return "", tooMuch("more than %d namespace declarations", maxBindings)
		}
		s.bindings = append(s.bindings, binding{prefix, uri})
	}
	if space, err = s.resolve(t.name); err != nil {
		return "", err
	}
	return space, s.checkAttributes(t)
}

func (s *scope) checkAttributes(t *tag) error {
	type expanded struct{ uri, local string }
	var seen []expanded // most elements have no prefixed attribute but xml:lang
	for i := range t.attrs {
		a := &t.attrs[i]
		if _, ok := declares(a); ok {
			continue
		}
		prefix, local := splitName(a.name)
		if prefix == nil { // in no namespace (Namespaces in XML §6.2)
			continue
		}
		uri, err := s.resolve(a.name)
		if err != nil {
			return err
		}
		name := expanded{uri, string(local)}
		for _, other := range seen {
			if other == name {
				return notWellFormed("an attribute occurs twice")
			}
		}
		seen = append(seen, name)
	}
	return nil
}

// pop leaves the innermost element.
func (s *scope) pop() {
	last := len(s.levels) - 1
	s.bindings = s.bindings[:s.levels[last]]
	s.levels = s.levels[:last]
}

// resolve returns the namespace of a qualified element name or of a prefixed
// attribute name.
func (s *scope) resolve(name []byte) (string, error) {
	prefix, _ := splitName(name)
	if string(prefix) == "xml" {
		return nsXML, nil
	}
	if string(prefix) == "xmlns" {
		return "", badPrefix("the prefix xmlns on an element")
	}
	uri, ok := s.lookup(string(prefix))
	if !ok && len(prefix) > 0 {
		return "", badPrefix("a prefix is not declared")
	}
	return uri, nil
}

func (s *scope) lookup(prefix string) (string, bool) {
	for i := len(s.bindings) - 1; i >= 0; i-- {
		if s.bindings[i].prefix == prefix {
			if i < s.inherited {
				s.borrowed[i/64] |= 1 << (i % 64)
			}
			return s.bindings[i].uri, true
		}
	}
	return "", false
}

// declares returns the prefix that a namespace declaration binds.
func declares(a *attr) (prefix string, ok bool) {
	if rest, found := bytes.CutPrefix(a.name, []byte("xmlns")); found {
		if len(rest) == 0 {
			return "", true
		}
		if rest[0] == ':' {
			return string(rest[1:]), true
		}
	}
	return "", false
}

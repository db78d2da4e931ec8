package xmpp

import (
	"bytes"
	"encoding/xml"
)

// ChildNames returns the names of the elements directly inside a stanza, with their
// namespaces. It is false if not all of them could be told, as when text stands
// between them: then what is missing may be anything.
func (s Stanza) ChildNames() (names []xml.Name, ok bool) {
	all, ok := s.Children()
	for _, child := range all {
		names = append(names, child.Name)
	}
	return names, ok
}

// Children returns the elements directly inside a stanza, each standing alone. It is
// false if not all of them could be told, as when text stands between them, or there
// are too many.
func (s Stanza) Children() (found []Stanza, ok bool) {
	sp := newSplitter(Limits{StanzaBytes: 2*len(s.XML) + 1}, 1, "")
	defer sp.release()
	sp.headers.Store(1)
	room := grown(len(s.XML))
	for rest := s.XML; len(rest) > 0; {
		n, ev, err := sp.feed(rest)
		if err != nil {
			return found, false
		}
		rest = rest[n:]
		if ev.stanza == nil {
			continue
		}
		if room -= len(ev.stanza.XML); room < 0 || len(found) == maxChildren {
			return found, false
		}
		found = append(found, *ev.stanza)
	}
	return found, sp.ended
}

// Text returns the text of an element that has no children. It is false for all
// others, and for one with a CDATA section.
func (s Stanza) Text() (text string, ok bool) {
	sp := newSplitter(Limits{StanzaBytes: len(s.XML) + 1}, 1, "")
	defer sp.release()
	sp.headers.Store(1)
	n, ev, err := sp.feed(s.XML)
	if err != nil || ev.header == nil {
		return "", false
	}
	if ev.header.empty {
		return "", true
	}
	inside := s.XML[n:]
	end := bytes.IndexByte(inside, '<')
	if end < 0 || !bytes.HasPrefix(inside[end:], []byte("</")) {
		return "", false
	}
	return unescape(inside[:end]), true
}

package xmpp

import "crypto/rand"

// What a server sends, somebody else has written: a message that nests deeper than
// Limits.Depth, say, which servers pass on. If that ended the stream, anybody could cut
// off any user, and again each time that the server delivers the message anew, from
// XEP-0198 or its archive (CWE-400). So on a server's stream the stanza is read to its
// end, which still has to be well-formed and within Limits.StanzaBytes, and left out:
// a result that nobody asked for stands in its place, since both sides may be counting
// stanzas (XEP-0198 §4).

// leaveOut takes in the start tag in s.tag as part of a stanza that is left out. Its
// namespaces do not matter any more.
func (s *splitter) leaveOut() (event, error) {
	if !s.top.leftOut || s.depth < s.top.leftFrom {
		s.top.leftOut, s.top.leftFrom = true, s.depth
	}
	s.pushName(s.tag.name)
	if s.tag.empty {
		return s.endElement(s.tag.name)
	}
	return event{}, nil
}

// emptyResult is an iq that means nothing.
func emptyResult() *Stanza {
	st := &Stanza{XML: []byte(`<iq xmlns="` + NSClient + `" type="result" id="` + rand.Text() + `"/>`)}
	st.Name.Space, st.Name.Local = NSClient, "iq"
	return st
}

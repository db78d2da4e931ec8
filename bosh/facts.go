package bosh

import (
	"slices"

	"chatproxy/xmpp"
)

const (
	nsBind    = "urn:ietf:params:xml:ns:xmpp-bind"
	nsSession = "urn:ietf:params:xml:ns:xmpp-session" // RFC 3921 §3
)

// isStanza reports whether an element is a stanza. One of another namespace by the
// same name is taken for one too: servers differ in what they make of it.
func isStanza(st xmpp.Stanza) bool {
	switch st.Name.Local {
	case "message", "presence", "iq":
		return true
	}
	return false
}

// facts reads what a policy has to know of a stanza.
func (g *gate) facts(st xmpp.Stanza, fromClient bool) StanzaFacts {
	attributes := st.StartAttributes()
	names, ok := st.ChildNames()
	f := StanzaFacts{
		FromClient: fromClient, Authenticated: g.authenticated,
		Kind: st.Name.Local, Type: stanzaType(st.Name.Local, attributes["type"]),
		To: attributes["to"], From: attributes["from"], Opaque: !ok,
	}
	for _, name := range names {
		if !slices.Contains(f.Namespaces, name.Space) {
			f.Namespaces = append(f.Namespaces, name.Space)
		}
	}
	if fromClient {
		// What the client says about itself is for the server to check
		// (RFC 6120 §8.1.2.1). Without "to" its own server handles a stanza (§10.3).
		f.From = g.self
		if f.To == "" {
			f.To = g.o.Domain
		}
		return f
	}
	if f.To == "" {
		f.To = g.self
	}
	if f.From == "" { // the account itself, for the client (RFC 6120 §8.1.2.1)
		f.From = g.self
	}
	return f
}

// stanzaType fills in what a missing or unknown type means (RFC 6121 §4.7.1, §5.2.2).
func stanzaType(kind, written string) string {
	switch kind {
	case "message":
		switch written {
		case "chat", "error", "groupchat", "headline":
			return written
		}
		return "normal"
	case "presence":
		if written == "" {
			return "available"
		}
	}
	return written
}

// isNegotiation reports whether a client's stanza is the part of the log-in that no
// policy takes away: binding a resource (RFC 6120 §7) and the session of RFC 3921.
func isNegotiation(st xmpp.Stanza, f StanzaFacts) bool {
	if !f.Authenticated || f.Kind != "iq" || f.Type != "set" || f.Opaque || len(f.Namespaces) != 1 {
		return false
	}
	return (f.Namespaces[0] == nsBind || f.Namespaces[0] == nsSession) && st.StartAttributes()["to"] == ""
}

// learnJID reads the client's JID from the result of resource binding. Anybody can
// send an iq result; only one that comes from the server itself, and only the first,
// tells the truth.
func (g *gate) learnJID(st xmpp.Stanza, f StanzaFacts) {
	if g.bound || !g.authenticated || f.Type != "result" || !slices.Contains(f.Namespaces, nsBind) {
		return
	}
	if from := st.StartAttributes()["from"]; from != "" && from != g.o.Domain {
		return
	}
	if jid := textBelow(st, "bind", "jid"); jid != "" {
		g.self, g.bound = jid, true
	}
}

// textBelow returns the text of the element that the names lead to, or "".
func textBelow(st xmpp.Stanza, names ...string) string {
	for _, name := range names {
		children, _ := st.Children()
		at := slices.IndexFunc(children, func(child xmpp.Stanza) bool { return child.Name.Local == name })
		if at < 0 {
			return ""
		}
		st = children[at]
	}
	text, _ := st.Text()
	return text
}

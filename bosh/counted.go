package bosh

import (
	"crypto/rand"
	"errors"

	"chatproxy/xmpp"
)

// Stream management, whose two sides count each other's stanzas.
const (
	nsSM2 = "urn:xmpp:sm:2"
	nsSM3 = "urn:xmpp:sm:3" // XEP-0198
)

// counted keeps the counts of XEP-0198 true when stanzas are denied.
//
// Under stream management client and server count each other's stanzas. A stanza that
// the gate swallowed or made up would leave them apart for ever: after the next
// resumption a message would be sent twice or lost (XEP-0198 §5), and a server that
// is told of more stanzas than it sent ends the stream. So each denied stanza is
// replaced, one for one. In place of a client's the server gets a ping (XEP-0199) for
// the client's own account, and the answer to that is replaced by the error that the
// client has to get. In place of a server's the client gets an iq that means nothing.
type counted struct {
	on      bool // the client has asked for stream management
	waiting map[string]xmpp.Stanza
}

// maxWaiting bounds the pings that the server has not answered.
const maxWaiting = 64

var errWaiting = errors.New("the server does not answer, and the client sends more and more that is denied")

// request sees what the client says of stream management. It counts from its own
// request on, not from the answer.
func (c *counted) request(st xmpp.Stanza) {
	if st.Name.Local == "enable" || st.Name.Local == "resume" {
		c.on = true
	}
}

// response sees what the server says.
func (c *counted) response(st xmpp.Stanza) {
	if st.Name.Local == "failed" {
		c.on, c.waiting = false, nil
	}
}

// replace returns what the server gets in place of a denied stanza. answer is for the
// client, if answered.
func (c *counted) replace(answer xmpp.Stanza, answered bool) (xmpp.Stanza, error) {
	if !answered { // a result that nobody waits for is ignored
		return newStanza("iq", []byte(`<iq xmlns="`+xmpp.NSClient+`" type="result" id="`+rand.Text()+`"/>`)), nil
	}
	if len(c.waiting) >= maxWaiting {
		return xmpp.Stanza{}, errWaiting
	}
	if c.waiting == nil {
		c.waiting = map[string]xmpp.Stanza{}
	}
	id := rand.Text()
	c.waiting[id] = answer
	return newStanza("iq", []byte(`<iq xmlns="`+xmpp.NSClient+`" type="get" id="`+id+`"><ping xmlns="urn:xmpp:ping"/></iq>`)), nil
}

// answer returns what the client gets in place of the answer to a ping.
func (c *counted) answer(st xmpp.Stanza) (xmpp.Stanza, bool) {
	if len(c.waiting) == 0 || st.Name.Local != "iq" {
		return xmpp.Stanza{}, false
	}
	attributes := st.StartAttributes()
	answer, ok := c.waiting[attributes["id"]]
	if !ok || attributes["type"] != "result" && attributes["type"] != "error" {
		return xmpp.Stanza{}, false
	}
	delete(c.waiting, attributes["id"])
	return answer, true
}

// withheld returns what the client gets in place of a denied stanza. A request is only
// emptied, so that the client itself answers it as unknown (RFC 6120 §8.4).
func withheld(st xmpp.Stanza, f StanzaFacts) xmpp.Stanza {
	attributes := st.StartAttributes()
	if f.Kind != "iq" || f.Type != "get" && f.Type != "set" || len(attributes["id"]) > maxID || len(attributes["from"]) > maxID*3 {
		return newStanza("iq", []byte(`<iq xmlns="`+xmpp.NSClient+`" type="result" id="`+rand.Text()+`"/>`))
	}
	b := []byte(`<iq xmlns="` + xmpp.NSClient + `" type="get" id="` + xmpp.Escape(attributes["id"]) + `"`)
	if from := attributes["from"]; from != "" {
		b = append(b, ` from="`+xmpp.Escape(from)+`"`...)
	}
	return newStanza("iq", append(b, `><denied xmlns="urn:chatproxy:denied"/></iq>`...))
}

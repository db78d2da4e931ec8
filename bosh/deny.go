package bosh

import (
	"slices"

	"chatproxy/xmpp"
)

const nsStanzaErrors = "urn:ietf:params:xml:ns:xmpp-stanzas"

// maxID is the longest id that an answer repeats. A longer one gets no answer, since
// it could make the answer as large as the sender likes (CWE-770).
const maxID = 1 << 10

// errorTypes are the error types that RFC 6120 §8.3.3 gives its conditions, where
// they are not "cancel".
var errorTypes = map[string]string{
	"bad-request": "modify", "jid-malformed": "modify", "not-acceptable": "modify",
	"policy-violation": "modify", "redirect": "modify", "undefined-condition": "modify",
	"forbidden": "auth", "not-authorized": "auth", "registration-required": "auth", "subscription-required": "auth",
	"recipient-unavailable": "wait", "remote-server-timeout": "wait", "resource-constraint": "wait", "unexpected-request": "wait",
}

// ErrorConditions are the defined conditions of RFC 6120 §8.3.3 that a stanza can be
// denied with.
var ErrorConditions = []string{
	"bad-request", "conflict", "feature-not-implemented", "forbidden", "gone", "internal-server-error",
	"item-not-found", "jid-malformed", "not-acceptable", "not-allowed", "not-authorized", "policy-violation",
	"recipient-unavailable", "redirect", "registration-required", "remote-server-not-found",
	"remote-server-timeout", "resource-constraint", "service-unavailable", "subscription-required",
	"undefined-condition", "unexpected-request",
}

// errorAnswer is the answer to a denied stanza (RFC 6120 §8.3), or false if it must
// not have one: errors and results are never answered, or two sides that deny each
// other's would never stop (§8.3.1). to is whom the answer is for, may be empty.
func errorAnswer(st xmpp.Stanza, f StanzaFacts, condition, to string) (xmpp.Stanza, bool) {
	if f.Type == "error" || f.Kind == "iq" && f.Type != "get" && f.Type != "set" {
		return xmpp.Stanza{}, false
	}
	attributes := st.StartAttributes()
	if len(attributes["id"]) > maxID || len(attributes["to"]) > maxID*3 || len(attributes["from"]) > maxID*3 {
		return xmpp.Stanza{}, false
	}
	if !slices.Contains(ErrorConditions, condition) {
		condition = "undefined-condition"
	}
	if !f.FromClient {
		to = attributes["from"]
	}
	kind := errorTypes[condition]
	if kind == "" {
		kind = "cancel"
	}
	b := []byte(`<` + f.Kind + ` xmlns="` + xmpp.NSClient + `" type="error"`)
	write := func(name, value string) {
		if value != "" {
			b = append(b, ` `+name+`="`+xmpp.Escape(value)+`"`...)
		}
	}
	write("id", attributes["id"])
	if f.FromClient {
		write("from", attributes["to"])
	}
	write("to", to)
	b = append(b, `><error type="`+kind+`"><`+condition+` xmlns="`+nsStanzaErrors+`"/></error></`+f.Kind+`>`...)
	return newStanza(f.Kind, b), true
}

func newStanza(kind string, b []byte) xmpp.Stanza {
	st := xmpp.Stanza{XML: b}
	st.Name.Space, st.Name.Local = xmpp.NSClient, kind
	return st
}

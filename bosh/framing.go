package bosh

import (
	"strings"

	"chatproxy/xmpp"
)

// closeFrame is <close/> letter by letter as Strophe compares it.
const closeFrame = `<close xmlns="` + xmpp.NSFraming + `" />`

// closeElsewhereFrame is <close/> with another URI to go to (RFC 7395 §3.6.1).
func closeElsewhereFrame(uri string) []byte {
	return []byte(`<close xmlns="` + xmpp.NSFraming + `" see-other-uri="` + xmpp.Escape(uri) + `" />`)
}

// openFrame is the <open/> that stands for a stream header (RFC 7395 §3.4).
// Strophe wants it to begin with "<open ".
func openFrame(from string, h *xmpp.Header) []byte {
	lang := "en"
	b := []byte(`<open xmlns="` + xmpp.NSFraming + `" from="` + xmpp.Escape(from) + `"`)
	if h != nil {
		b = append(b, ` id="`+xmpp.Escape(h.ID)+`"`...)
		if h.Lang != "" {
			lang = h.Lang
		}
	}
	return append(b, ` version="1.0" xml:lang="`+xmpp.Escape(lang)+`"/>`...)
}

// errorFrame is a <stream:error/> with one of the conditions of
// RFC 6120 §4.9.3.
func errorFrame(condition string) []byte {
	return []byte(`<stream:error xmlns:stream="` + xmpp.NSStream + `"><` + condition +
		` xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>`)
}

// checkOpen holds a client's <open/> to the domain. The condition is empty if
// it may pass.
func checkOpen(st xmpp.Stanza, domain string) (lang, condition string) {
	if !st.Is(xmpp.NSFraming, "open") {
		return "", "invalid-namespace"
	}
	attributes := st.StartAttributes()
	lang = attributes["xml:lang"]
	switch to := attributes["to"]; {
	case to == "" || strings.ContainsAny(to, "@/"):
		return "", "improper-addressing"
	case !strings.EqualFold(to, domain):
		return "", "host-unknown" // never an open relay
	case !strings.HasPrefix(attributes["version"], "1."):
		return "", "unsupported-version"
	case len(lang) > 35:
		return "", "bad-format"
	}
	return lang, ""
}

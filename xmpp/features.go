package xmpp

import (
	"bytes"
)

// hideFeatures takes out of <stream:features/> what a client behind a proxy
// must not negotiate: STARTTLS, which protects the proxy's own connection and
// is done or refused already, and XEP-0138 compression. A <starttls/> that
// got through would break every client that believes it (Prosody #837).
//
// SASL mechanisms are left alone on purpose. A proxy that takes the -PLUS
// variants away makes clients that support channel binding send the gs2
// header "y,,", which the server rightly reads as a downgrade (RFC 5802 §6),
// and it breaks the hash of XEP-0474. Without channel binding data a browser
// chooses a plain variant by itself.
func hideFeatures(st Stanza, lim Limits) (Stanza, error) {
	lim.lenient = false
	s := newSplitter(lim, 1, NSClient)
	defer s.release()
	s.headers.Store(1)
	rest := st.XML
	var out bytes.Buffer
	var name string
	hidden, room := false, grown(len(rest))
	for len(rest) > 0 {
		n, ev, err := s.feed(rest)
		if err != nil {
			return Stanza{}, err
		}
		rest = rest[n:]
		switch {
		case ev.header != nil:
			if ev.header.empty {
				return st, nil
			}
			out.Write(ev.header.raw)
			name = string(ev.header.name)
		case ev.stanza != nil:
			if ev.stanza.Is(nsTLS, "starttls") || ev.stanza.Is(nsCompressFeature, "compression") {
				hidden = true
				continue
			}
			if room -= len(ev.stanza.XML); room < 0 {
				return Stanza{}, tooMuch("the namespaces of features are many times as large as the features")
			}
			out.Write(ev.stanza.XML)
		}
	}
	if !hidden {
		return st, nil // byte for byte as the server sent it
	}
	out.WriteString("</" + name + ">")
	return Stanza{Name: st.Name, XML: out.Bytes()}, nil
}

// HideFeatures is the same for a server's whole BOSH response: what a client
// must not negotiate is taken out of the features in it, and everything else
// stays as it is. The error is a [*SyntaxError].
func HideFeatures(document []byte, lim Limits) ([]byte, error) {
	s := newSplitter(lim.ofServer(), 1, "") // of other stanzas only the end is of interest
	s.headers.Store(1)
	var out []byte
	kept := 0 // how much of document is in out
	for at := 0; at < len(document); {
		n, ev, err := s.feed(document[at:])
		if err != nil {
			return nil, err
		}
		begin := at + skipSpace(document[at:])
		at += n
		switch {
		case ev.header != nil:
			if err := s.bodyHeader(ev.header, map[string]string{}); err != nil {
				return nil, err
			}
		case ev.stanza != nil && ev.stanza.Is(NSStream, "features"):
			shown, err := hideFeatures(*ev.stanza, s.lim)
			if err != nil {
				return nil, err
			}
			if len(shown.XML) != len(ev.stanza.XML) {
				out = append(append(out, document[kept:begin]...), shown.XML...)
				kept = at
			}
		}
	}
	if !s.ended || !s.idle() {
		return nil, notWellFormed("the document is not complete")
	}
	return append(out, document[kept:]...), nil
}

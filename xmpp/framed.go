package xmpp

import (
	"io"
)

// SplitServerMessage reads one WebSocket message of a server (RFC 7395 §3.3)
// as [Stream.Next] reads a stream: <open/> is a stream header and comes with
// what it says, <close/> is [io.EOF], an error is a [*StreamError], and the
// features have no <starttls/>. A message of white space gives the zero
// Stanza.
func SplitServerMessage(message []byte, lim Limits) (Stanza, *Header, error) {
	st, err := splitMessage(message, lim.ofServer())
	switch {
	case err == io.EOF: // white space
		return Stanza{}, nil, nil
	case err != nil:
		return Stanza{}, nil, err
	case st.Is(NSFraming, "open"):
		attributes := st.StartAttributes()
		header := Stanza{}
		header.Name.Space, header.Name.Local = NSStream, "stream"
		return header, &Header{ID: attributes["id"], From: attributes["from"], Lang: attributes["xml:lang"]}, nil
	case st.Is(NSFraming, "close"):
		// A see-other-uri on it is not followed and not shown: the client is
		// to come back to this site.
		return Stanza{}, nil, io.EOF
	case st.Name.Space == NSFraming:
		return Stanza{}, nil, &SyntaxError{"bad-format", "a framing element that RFC 7395 does not know"}
	case st.Is(NSStream, "error"):
		return Stanza{}, nil, parseStreamError(st)
	case st.Is(NSStream, "features"):
		st, err = hideFeatures(st, lim)
		return st, nil, err
	}
	return st, nil, nil
}

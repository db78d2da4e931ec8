package xmpp

// StreamError is a <stream:error/> from the server; the stream is over.
type StreamError struct {
	// Condition is the element's name of RFC 6120 §4.9.3, such as
	// "system-shutdown" or "conflict"; "undefined-condition" if there is none.
	Condition string

	// Text is the server's explanation, may be empty.
	Text string

	// Stanza is the error as it was sent, for a client.
	Stanza Stanza
}

func (e *StreamError) Error() string {
	if e.Text == "" {
		return "the XMPP server ended the stream: " + e.Condition
	}
	return "the XMPP server ended the stream: " + e.Condition + " (" + e.Text + ")"
}

// parseStreamError reads a stanza that the splitter accepted.
func parseStreamError(st Stanza) *StreamError {
	e := &StreamError{Condition: "undefined-condition", Stanza: st}
	for _, child := range children(st) {
		switch {
		case child.Name.Space != nsStreamErrors:
		case child.Name.Local == "text":
			e.Text = textOf(child)
		default:
			e.Condition = child.Name.Local
		}
	}
	return e
}

// children returns the child elements of a stanza that was accepted before, up to
// where there is something else.
func children(st Stanza) []Stanza {
	found, _ := st.Children()
	return found
}

// textOf returns the text of an element without children, at most 512 bytes.
func textOf(st Stanza) string {
	begin, end := -1, -1
	for i, c := range st.XML {
		if c == '>' && begin < 0 {
			begin = i + 1
		}
		if c == '<' {
			end = i
		}
	}
	if begin < 0 || end < begin {
		return ""
	}
	text := unescape(st.XML[begin:end])
	if len(text) > 512 {
		text = text[:512]
	}
	return text
}

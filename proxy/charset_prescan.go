package proxy

import (
	"bytes"
	"strings"
)

// A prescanner is "prescan a byte stream to determine its encoding", HTML §13.2.3.2,
// without its last resort, [xmlEncoding], and its first step, [xmlStarts]. It can go
// on with more of the page.
//
// charset.DetermineEncoding is not used: it tokenizes, and so does not see a <meta>
// within <title> or <script>, which browsers heed, reads character references in
// the attributes, and takes a label of x-user-defined as it is.
type prescanner struct {
	b       []byte
	at      int
	comment bool // b begins within a comment
}

// scan returns the name of the encoding that a <meta> declares, and where that tag
// ends; or "" and where to go on with more of the page.
func (p *prescanner) scan() (name string, end int) {
	if p.comment && p.endComment(0) {
		p.at++
	}
	for ; p.at < len(p.b); p.at++ {
		start, rest := p.at, p.b[p.at:]
		switch {
		case rest[0] != '<':
			continue
		case len(rest) <= len("<meta"):
			return "", start // may become anything
		case bytes.HasPrefix(rest, []byte("<!--")):
			// Its dashes may be those of the end: "<!-->" is a whole comment.
			if !p.endComment(start + 2) {
				return "", len(p.b) - 2
			}
		case beginsMeta(rest):
			p.at += len("<meta")
			if name := p.meta(); name != "" {
				return name, p.at + 1
			}
		case beginsTag(rest):
			p.advanceTo(bytes.IndexAny(rest, "\t\n\f\r >"))
			for {
				if _, _, ok := p.attribute(); !ok {
					break
				}
			}
		case strings.IndexByte("!/?", rest[1]) >= 0:
			p.advanceTo(bytes.IndexByte(rest, '>'))
		}
		if p.at >= len(p.b) {
			return "", start
		}
	}
	if p.comment {
		return "", max(0, len(p.b)-2)
	}
	return "", len(p.b)
}

// endComment moves to the last byte of the comment that is open at from, or to the
// end. It reports whether the comment ends.
func (p *prescanner) endComment(from int) bool {
	i := bytes.Index(p.b[from:], []byte("-->"))
	p.comment = i < 0
	if p.comment {
		p.at = len(p.b)
		return false
	}
	p.at = from + i + len("-->") - 1
	return true
}

// advanceTo moves by i, or to the end if i says that there is nothing.
func (p *prescanner) advanceTo(i int) {
	if i < 0 {
		p.at = len(p.b)
		return
	}
	p.at += i
}

func beginsMeta(b []byte) bool {
	const tag = "<meta"
	return strings.EqualFold(string(b[:len(tag)]), tag) && (isSpace(b[len(tag)]) || b[len(tag)] == '/')
}

// beginsTag reports whether b, which has more than one byte after its "<", begins
// with a start or end tag.
func beginsTag(b []byte) bool {
	first := b[1]
	if first == '/' {
		first = b[2]
	}
	return 'a' <= first|0x20 && first|0x20 <= 'z'
}

// meta reads the attributes of a <meta> and returns the encoding that it declares.
func (p *prescanner) meta() string {
	const (
		unknown = iota
		needsPragma
		needsNone
	)
	seen := map[string]bool{}
	pragma, need := false, unknown
	label, labelled := "", false
	for {
		name, value, ok := p.attribute()
		if !ok {
			break
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		switch name {
		case "http-equiv":
			pragma = value == "content-type"
		case "content":
			if found := encodingName(labelInContent(value)); found != "" && !labelled {
				label, labelled, need = found, true, needsPragma
			}
		case "charset":
			label, labelled, need = encodingName(value), true, needsNone
		}
	}
	if p.at >= len(p.b) || need == unknown || need == needsPragma && !pragma {
		return ""
	}
	switch label {
	case "utf-16le", "utf-16be":
		return "utf-8" // it was read as ASCII just now, so it is not that
	case "x-user-defined":
		return "windows-1252"
	}
	return label
}

// attribute is "get an attribute". It reports false at the end of the tag, and of
// what there is.
func (p *prescanner) attribute() (name, value string, ok bool) {
	for p.at < len(p.b) && (isSpace(p.b[p.at]) || p.b[p.at] == '/') {
		p.at++
	}
	if p.at >= len(p.b) || p.b[p.at] == '>' {
		return "", "", false
	}
	start := p.at
	for p.at < len(p.b) && !isSpace(p.b[p.at]) && p.b[p.at] != '/' && p.b[p.at] != '>' && (p.b[p.at] != '=' || p.at == start) {
		p.at++
	}
	name = lowerASCII(p.b[start:p.at])
	p.skipSpace()
	if p.at >= len(p.b) {
		return "", "", false
	}
	if p.b[p.at] != '=' {
		return name, "", true
	}
	p.at++
	p.skipSpace()
	if p.at >= len(p.b) {
		return "", "", false
	}
	switch quote := p.b[p.at]; quote {
	case '"', '\'':
		length := bytes.IndexByte(p.b[p.at+1:], quote)
		if length < 0 {
			p.at = len(p.b)
			return "", "", false
		}
		value = lowerASCII(p.b[p.at+1 : p.at+1+length])
		p.at += length + 2
	default:
		start := p.at
		for p.at < len(p.b) && !isSpace(p.b[p.at]) && p.b[p.at] != '>' {
			p.at++
		}
		value = lowerASCII(p.b[start:p.at])
	}
	return name, value, true
}

func (p *prescanner) skipSpace() {
	for p.at < len(p.b) && isSpace(p.b[p.at]) {
		p.at++
	}
}

// labelInContent is "extracting a character encoding from a meta element", HTML
// §2.5.3, up to the label. The value is in lower case.
func labelInContent(s string) string {
	for {
		_, after, found := strings.Cut(s, "charset")
		if !found {
			return ""
		}
		s = strings.TrimLeft(after, "\t\n\f\r ")
		if !strings.HasPrefix(s, "=") {
			continue
		}
		s = strings.TrimLeft(s[1:], "\t\n\f\r ")
		if s == "" {
			return ""
		}
		if s[0] == '"' || s[0] == '\'' {
			label, _, closed := strings.Cut(s[1:], s[:1])
			if !closed {
				return ""
			}
			return label
		}
		if end := strings.IndexAny(s, "\t\n\f\r ;"); end >= 0 {
			s = s[:end]
		}
		return s
	}
}

// xmlEncoding is "get an XML encoding", HTML §13.2.3.2: pages that are written as
// XML and served as HTML. It returns where the declaration ends, too.
func xmlEncoding(b []byte) (name string, end int) {
	declaration, _, found := bytes.Cut(b, []byte(">"))
	if !found || !bytes.HasPrefix(declaration, []byte("<?xml")) {
		return "", 0
	}
	end = len(declaration) + 1
	_, rest, found := bytes.Cut(declaration, []byte("encoding"))
	rest = trimControl(rest)
	if !found || len(rest) == 0 || rest[0] != '=' {
		return "", 0
	}
	rest = trimControl(rest[1:])
	if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
		return "", 0
	}
	label, _, found := bytes.Cut(rest[1:], rest[:1])
	if !found || bytes.ContainsFunc(label, func(c rune) bool { return c <= ' ' }) {
		return "", 0
	}
	name = encodingName(string(label))
	if name == "utf-16le" || name == "utf-16be" {
		name = "utf-8" // it was read as ASCII just now
	}
	return name, end
}

func trimControl(b []byte) []byte {
	return bytes.TrimLeftFunc(b, func(c rune) bool { return c <= ' ' })
}

func isSpace(c byte) bool { return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ' }

// lowerASCII leaves everything but ASCII alone, so that only ASCII can match.
func lowerASCII(b []byte) string {
	b = bytes.Clone(b)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

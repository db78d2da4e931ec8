package xmpp

import (
	"bytes"
	"unicode/utf8"
)

// tag is a start or end tag. Its slices point into the bytes it was parsed
// from and share their life.
type tag struct {
	raw     []byte // from '<' to '>'
	name    []byte // qualified name
	attrs   []attr
	over    bool // something was too much, and is not in attrs
	closing bool // </name>
	empty   bool // <name/>
}

type attr struct {
	name  []byte // qualified name
	value []byte // without quotes, references not resolved
	start int    // offset of the name in tag.raw
	end   int    // offset after the closing quote
}

// parseTag reads a complete tag, '<' and '>' included. t is reused.
func parseTag(t *tag, raw []byte, lim *Limits) error {
	*t = tag{raw: raw, attrs: t.attrs[:0]}
	in := raw[1 : len(raw)-1]
	if len(in) > 0 && in[0] == '/' {
		t.closing = true
		in = in[1:]
	} else if len(in) > 0 && in[len(in)-1] == '/' {
		t.empty = true
		in = in[:len(in)-1]
	}
	base := 1
	if t.closing {
		base = 2
	}
	n, err := scanName(in, lim)
	if err != nil {
		return err
	}
	t.name, t.over = in[:n], n > lim.NameBytes
	pos := n
	for {
		space := skipSpace(in[pos:])
		pos += space
		if pos == len(in) {
			return nil
		}
		if t.closing {
			return notWellFormed("an end tag has attributes")
		}
		if space == 0 {
			return notWellFormed("no space before an attribute")
		}
		if len(t.attrs) == lim.Attributes {
			if !lim.lenient {
				return tooMuch("an element has more than %d attributes", lim.Attributes)
			}
			t.over = true
		}
		a := attr{start: base + pos}
		n, err := scanName(in[pos:], lim)
		if err != nil {
			return err
		}
		a.name = in[pos : pos+n]
		t.over = t.over || n > lim.NameBytes
		pos += n
		pos += skipSpace(in[pos:])
		if pos == len(in) || in[pos] != '=' {
			return notWellFormed("an attribute has no value")
		}
		pos++
		pos += skipSpace(in[pos:])
		if pos == len(in) || in[pos] != '"' && in[pos] != '\'' {
			return notWellFormed("an attribute value is not quoted")
		}
		quote := in[pos]
		pos++
		n = bytes.IndexByte(in[pos:], quote)
		if n < 0 {
			return notWellFormed("an attribute value does not end")
		}
		a.value = in[pos : pos+n]
		pos += n + 1
		a.end = base + pos
		if bytes.IndexByte(a.value, '<') >= 0 {
			return notWellFormed("\"<\" in an attribute value")
		}
		if err := checkText(a.value); err != nil {
			return err
		}
		for i := range t.attrs {
			if bytes.Equal(t.attrs[i].name, a.name) {
				return notWellFormed("an attribute occurs twice")
			}
		}
		if len(t.attrs) < lim.Attributes {
			t.attrs = append(t.attrs, a)
		}
	}
}

// get returns the resolved value of the attribute with this qualified name.
func (t *tag) get(name string) (string, bool) {
	for i := range t.attrs {
		if string(t.attrs[i].name) == name {
			return unescape(t.attrs[i].value), true
		}
	}
	return "", false
}

func skipSpace(b []byte) int {
	n := 0
	for n < len(b) && isSpace(b[n]) {
		n++
	}
	return n
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isBlank(b []byte) bool { return skipSpace(b) == len(b) }

// scanName returns the length of the qualified name at the start of b:
// at most one colon, with a proper name on both sides of it (Namespaces in
// XML §4).
func scanName(b []byte, lim *Limits) (int, error) {
	n, partStart, colons := 0, 0, 0
	for n < len(b) {
		r, size := rune(b[n]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(b[n:])
		}
		if r == ':' {
			if colons++; colons > 1 || n == partStart {
				return 0, notWellFormed("a name has misplaced colons")
			}
			n++
			partStart = n
			continue
		}
		if !nameChar(r) || n == partStart && !nameStart(r) {
			break
		}
		n += size
	}
	if n == partStart {
		return 0, notWellFormed("a name is missing or begins with a character that no name has")
	}
	if n > lim.NameBytes && !lim.lenient {
		return 0, tooMuch("a name is longer than %d bytes", lim.NameBytes)
	}
	return n, nil
}

func nameStart(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
	case r == utf8.RuneError:
		return false
	}
	// XML 1.0 (fifth edition) §2.3
	return r >= 0xC0 && r <= 0x2FF && r != 0xD7 && r != 0xF7 ||
		r >= 0x370 && r <= 0x1FFF && r != 0x37E ||
		r == 0x200C || r == 0x200D || r >= 0x2070 && r <= 0x218F ||
		r >= 0x2C00 && r <= 0x2FEF || r >= 0x3001 && r <= 0xD7FF ||
		r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0 && r <= 0xFFFC ||
		r >= 0x10000 && r <= 0xEFFFF
}

func nameChar(r rune) bool {
	return nameStart(r) || r >= '0' && r <= '9' || r == '-' || r == '.' || r == 0xB7 ||
		r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// splitName separates a qualified name that scanName accepted.
func splitName(name []byte) (prefix, local []byte) {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return nil, name
}

package xmpp

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checkText holds character data or an attribute value to XML 1.0: UTF-8, no
// forbidden character, and no reference but the five predefined entities and
// numeric ones. Refusing every other entity is what keeps entity expansion
// (CWE-776, "billion laughs") and external entities (CWE-611) out.
func checkText(b []byte) error {
	for len(b) > 0 {
		c := b[0]
		switch {
		case c == '&':
			n, _, err := reference(b)
			if err != nil {
				return err
			}
			b = b[n:]
		case c < utf8.RuneSelf:
			if c < ' ' && !isSpace(c) {
				return notWellFormed("a control character")
			}
			b = b[1:]
		default:
			r, size := utf8.DecodeRune(b)
			if r == utf8.RuneError && size == 1 {
				return &SyntaxError{"unsupported-encoding", "the text is not UTF-8 (RFC 6120 §11.6)"}
			}
			if !xmlChar(r) {
				return notWellFormed("a character that XML forbids")
			}
			b = b[size:]
		}
	}
	return nil
}

// checkCDATA is checkText for the inside of a CDATA section, where & is text.
func checkCDATA(b []byte) error {
	for {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			return checkText(b)
		}
		if err := checkText(b[:i]); err != nil {
			return err
		}
		b = b[i+1:]
	}
}

// checkData is checkText for character data between tags.
func checkData(b []byte) error {
	if bytes.Contains(b, []byte("]]>")) {
		return notWellFormed("\"]]>\" in character data")
	}
	return checkText(b)
}

func xmlChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= 0xD7FF ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

// reference reads the entity or character reference at the start of b.
func reference(b []byte) (n int, r rune, err error) {
	const longest = len("&#x0010FFFF;")
	end := bytes.IndexByte(b[:min(len(b), longest)], ';')
	if end < 0 {
		return 0, 0, notWellFormed("a reference does not end")
	}
	switch name := string(b[1:end]); name {
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "amp":
		r = '&'
	case "apos":
		r = '\''
	case "quot":
		r = '"'
	default:
		digits, ok := strings.CutPrefix(name, "#")
		if !ok {
			return 0, 0, restricted("an entity that is not predefined")
		}
		base := 10
		if hex, ok := strings.CutPrefix(digits, "x"); ok {
			digits, base = hex, 16
		}
		v, err := strconv.ParseUint(digits, base, 32)
		if err != nil || v > utf8.MaxRune || !xmlChar(rune(v)) {
			return 0, 0, notWellFormed("a character reference to no character")
		}
		r = rune(v)
	}
	return end + 1, r, nil
}

// unescape resolves the references of a value that checkText accepted, and
// makes white space in it spaces (XML 1.0 §3.3.3).
func unescape(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		switch c := b[0]; {
		case c == '&':
			n, r, err := reference(b)
			if err != nil { // not possible after checkText
				return ""
			}
			out.WriteRune(r)
			b = b[n:]
			continue
		case c == '\r' && len(b) > 1 && b[1] == '\n':
			b = b[1:]
			continue
		case isSpace(c):
			out.WriteByte(' ')
		default:
			out.WriteByte(c)
		}
		b = b[1:]
	}
	return out.String()
}

// Escape writes s as it may stand in an attribute value or as text. A
// character that XML cannot carry becomes U+FFFD.
func Escape(s string) string {
	var out strings.Builder
	for _, r := range s {
		switch {
		case r == '<':
			out.WriteString("&lt;")
		case r == '>':
			out.WriteString("&gt;")
		case r == '&':
			out.WriteString("&amp;")
		case r == '"':
			out.WriteString("&quot;")
		case r == '\'':
			out.WriteString("&apos;")
		case r == '\t' || r == '\n' || r == '\r':
			out.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		case !xmlChar(r):
			out.WriteRune(utf8.RuneError)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

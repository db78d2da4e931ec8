package rewrite

import (
	"bytes"
	"html"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// value returns an attribute's value as the browser has it: character references
// decoded, line ends and NUL normalised. It is valid until the next token.
func (r *Rewriter) value(tok []byte, a *attribute) []byte {
	raw := tok[a.value:a.valueEnd]
	if !needsDecoding(raw) {
		return raw
	}
	from := len(r.values)
	r.values = appendDecoded(r.values, raw)
	return r.values[from:]
}

func needsDecoding(raw []byte) bool {
	return bytes.IndexByte(raw, '&') >= 0 || bytes.IndexByte(raw, '\r') >= 0 || bytes.IndexByte(raw, 0) >= 0
}

// encoded returns where the first byte is that stands for another, or len(raw).
func encoded(raw []byte) int {
	for i, c := range raw {
		if c == '&' || c == '\r' || c == 0 {
			return i
		}
	}
	return len(raw)
}

// appendDecoded appends an attribute's value with its character references decoded
// as HTML §13.2.5.72–80 do it in attributes, where "&copy=1" and "&copyx" without a
// semicolon are no references: query strings rely on it. html.UnescapeString knows
// the names but not that rule.
func appendDecoded(out, raw []byte) []byte {
	for {
		i := encoded(raw)
		if i == len(raw) {
			return append(out, raw...)
		}
		out = append(out, raw[:i]...)
		raw = raw[i:]
		n := 1
		switch raw[0] {
		case '&':
			if n = referenceLength(raw); n == 0 {
				n = 1
				out = append(out, '&')
			} else {
				out = appendReference(out, raw[:n])
			}
		case '\r':
			out = append(out, '\n')
			if len(raw) > 1 && raw[1] == '\n' {
				n = 2
			}
		default:
			out = append(out, "\uFFFD"...)
		}
		raw = raw[n:]
	}
}

// maxReference is longer than every named reference of the standard.
const maxReference = 40

// referenceLength returns the length of the reference at the start of s, or 0.
func referenceLength(s []byte) int {
	i := 1
	if i < len(s) && s[i] == '#' {
		i++
		digits := isDigit
		if i < len(s) && s[i]|0x20 == 'x' {
			i++
			digits = isHexDigit
		}
		from := i
		for i < len(s) && digits(s[i]) {
			i++
		}
		if i == from {
			return 0
		}
		if i < len(s) && s[i] == ';' {
			i++
		}
		return i
	}
	for i < len(s) && i < maxReference && (class[s[i]]&isLetter != 0 || isDigit(s[i])) {
		i++
	}
	switch {
	case i == 1 || i == maxReference:
		return 0
	case i < len(s) && s[i] == ';':
		i++ // part of the name
	case i < len(s) && s[i] == '=':
		return 0
	}
	if !isReference(s[:i]) {
		return 0
	}
	return i
}

// isReference reports whether the whole of ref, with or without its semicolon, is a
// named reference: not "&notit;", of which only a part is.
func isReference(ref []byte) bool {
	switch string(ref) {
	case "&amp;", "&amp", "&quot;", "&lt;", "&gt;", "&nbsp;":
		return true
	}
	if ref[len(ref)-1] != ';' {
		return withoutSemicolon[string(ref[1:])]
	}
	text := string(ref)
	return html.UnescapeString(text) != html.UnescapeString(text[:len(text)-1])+";"
}

// withoutSemicolon are the names that HTML §13.5 also has without their semicolon.
var withoutSemicolon = func() map[string]bool {
	names := map[string]bool{}
	for name := range strings.FieldsSeq(`AElig AMP Aacute Acirc Agrave Aring Atilde Auml COPY Ccedil ETH Eacute Ecirc Egrave
		Euml GT Iacute Icirc Igrave Iuml LT Ntilde Oacute Ocirc Ograve Oslash Otilde Ouml QUOT REG THORN Uacute Ucirc Ugrave
		Uuml Yacute aacute acirc acute aelig agrave amp aring atilde auml brvbar ccedil cedil cent copy curren deg divide
		eacute ecirc egrave eth euml frac12 frac14 frac34 gt iacute icirc iexcl igrave iquest iuml laquo lt macr micro middot
		nbsp not ntilde oacute ocirc ograve ordf ordm oslash otilde ouml para plusmn pound quot raquo reg sect shy sup1 sup2
		sup3 szlig thorn times uacute ucirc ugrave uml uuml yacute yen yuml`) {
		names[name] = true
	}
	return names
}()

// appendReference appends what the reference ref, as referenceLength found it,
// stands for.
func appendReference(out, ref []byte) []byte {
	switch string(ref) {
	case "&amp;", "&amp", "&AMP;", "&AMP", "&#38;", "&#038;", "&#x26;":
		return append(out, '&')
	case "&quot;", "&quot", "&#34;":
		return append(out, '"')
	case "&#39;", "&#039;", "&apos;", "&#x27;":
		return append(out, '\'')
	case "&lt;", "&lt":
		return append(out, '<')
	case "&gt;", "&gt":
		return append(out, '>')
	case "&nbsp;":
		return append(out, "\u00A0"...)
	}
	if ref[1] == '#' {
		return appendNumeric(out, ref)
	}
	return append(out, html.UnescapeString(string(ref))...)
}

// appendNumeric is the numeric character reference end state, §13.2.5.80. The number
// is bounded while it is read: html.UnescapeString computes it in 32 bits, where more
// digits wrap around to any character (CWE-190).
func appendNumeric(out, ref []byte) []byte {
	digits, base := ref[2:], 10
	if digits[0]|0x20 == 'x' {
		digits, base = digits[1:], 16
	}
	n := 0
	for _, c := range digits {
		if c == ';' {
			break
		}
		n = min(n*base+hexValue(c), utf8.MaxRune+1)
	}
	switch {
	case n == 0 || n > utf8.MaxRune:
		n = utf8.RuneError
	case 0x80 <= n && n <= 0x9f:
		// C1 controls are what Windows-1252 has in their place, where it has anything.
		if r := charmap.Windows1252.DecodeByte(byte(n)); r != utf8.RuneError {
			n = int(r)
		}
	}
	return utf8.AppendRune(out, rune(n)) // U+FFFD for surrogates
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHexDigit(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func hexValue(c byte) int {
	if isDigit(c) {
		return int(c - '0')
	}
	return int(c|0x20-'a') + 10
}

// appendEscaped appends text for an attribute value in double quotes (HTML §13.3).
func appendEscaped[T string | []byte](out []byte, text T) []byte {
	from := 0
	for i := range len(text) {
		escape := escapes[text[i]]
		if escape == "" {
			continue
		}
		out = append(append(out, text[from:i]...), escape...)
		from = i + 1
	}
	return append(out, text[from:]...)
}

var escapes = [256]string{'&': "&amp;", '"': "&#34;", '\'': "&#39;", '<': "&lt;", '>': "&gt;"}

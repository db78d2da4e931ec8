package rewrite

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// An attribute of a start tag: where it stands in the tag's bytes and what it says.
type attribute struct {
	start, end int    // of the whole attribute, without the white space before it
	name       string // lower case
	value      string // character references decoded; empty for a duplicate
	duplicate  bool   // an earlier attribute has the name, and browsers drop this one
}

// A startTag is a start tag's bytes taken apart as HTML §13.2.5.32–40 do it.
type startTag struct {
	raw         []byte
	nameEnd     int // end of the tag name in raw
	attributes  []attribute
	selfClosing bool
}

// parseStartTag takes apart raw, which runs from "<" to ">" as the tokenizer cut
// it. Values are left empty: they are the tokenizer's to decode, see [startTag.agree].
func parseStartTag(raw []byte) startTag {
	tag := startTag{raw: raw}
	i := 1
	for i < len(raw) && !isSpace(raw[i]) && raw[i] != '/' && raw[i] != '>' {
		i++
	}
	tag.nameEnd = i
	end := max(i, len(raw)-1) // the closing ">"
	for i < end {
		switch {
		case isSpace(raw[i]):
			i++
			continue
		case raw[i] == '/':
			// Self-closing only if the very next byte ends the tag: "<svg a=b/>"
			// has an attribute that ends in a slash and is open.
			i++
			tag.selfClosing = i == end
			continue
		}
		a := attribute{start: i}
		i++ // an equals sign here would belong to the name
		for i < end && !isSpace(raw[i]) && raw[i] != '/' && raw[i] != '=' {
			i++
		}
		a.name = asciiLower(string(raw[a.start:i]))
		a.end = i
		if j := skipSpace(raw, i, end); j < end && raw[j] == '=' {
			i = valueEnd(raw, skipSpace(raw, j+1, end), end)
			a.end = i
		}
		tag.attributes = append(tag.attributes, a)
	}
	return tag
}

// valueEnd returns the end of the attribute value that begins at i, quotes included.
func valueEnd(raw []byte, i, end int) int {
	if i < end && (raw[i] == '"' || raw[i] == '\'') {
		if k := bytes.IndexByte(raw[i+1:end], raw[i]); k >= 0 {
			return i + 1 + k + 1
		}
		return end
	}
	for i < end && !isSpace(raw[i]) {
		i++
	}
	return i
}

func skipSpace(raw []byte, i, end int) int {
	for i < end && isSpace(raw[i]) {
		i++
	}
	return i
}

// agree takes the attributes' values from the tokenizer, and reports whether its
// reading of the tag has the same attributes in the same order as ours. Of
// duplicates it gives the first only, as browsers do (§13.2.5.33); the others are
// marked. A tag that is read in two ways gets no grant.
func (tag *startTag) agree(z *html.Tokenizer, hasAttr bool) bool {
	seen := map[string]bool{}
	for i := range tag.attributes {
		a := &tag.attributes[i]
		if seen[a.name] {
			a.duplicate = true
			continue
		}
		seen[a.name] = true
		if !hasAttr {
			return false
		}
		var name, value []byte
		name, value, hasAttr = z.TagAttr()
		if string(name) != a.name {
			return false
		}
		a.value = string(value)
	}
	return !hasAttr
}

// get returns the value of the first attribute of that name: of duplicates
// browsers keep the first (HTML §13.2.5.33).
func (tag *startTag) get(name string) (string, bool) {
	for i := range tag.attributes {
		if tag.attributes[i].name == name {
			return tag.attributes[i].value, true
		}
	}
	return "", false
}

// nonceable is CSP3 §6.7.3 "Is element nonceable?", which browsers check when a
// nonce comes with the page's markup, and we check before we hand one out:
// "<p title='<script src=evil' <script nonce=…>" left open by an injector would
// make the next script's attributes its own (dangling markup, CWE-79). Duplicate
// attributes hide the same trick from the check (whatwg/html#3257). A swallowed <link>
// is not in the standard's list, and WebKit falls for it.
func (tag *startTag) nonceable() bool {
	for _, a := range tag.attributes {
		if a.name == "nonce" {
			continue // every one of them is taken out
		}
		if a.duplicate {
			return false
		}
		if strings.Contains(a.name, "<") {
			return false
		}
		value := asciiLower(a.value)
		for _, opened := range []string{"<script", "<style", "<link"} {
			if strings.Contains(value, opened) {
				return false
			}
		}
	}
	return true
}

// edit returns the tag with every attribute that drop names left out and the
// attributes of add, given as name, value pairs, put first. What is neither
// dropped nor added stays byte for byte.
func (tag *startTag) edit(drop func(name string) bool, add ...string) []byte {
	out := make([]byte, 0, len(tag.raw)+64)
	out = append(out, tag.raw[:tag.nameEnd]...)
	for i := 0; i+1 < len(add); i += 2 {
		out = append(out, ' ')
		out = append(out, add[i]...)
		out = append(out, '=', '"')
		out = append(out, html.EscapeString(add[i+1])...)
		out = append(out, '"')
	}
	at := tag.nameEnd
	for _, a := range tag.attributes {
		if drop(a.name) {
			out = appendApart(out, bytes.TrimRight(tag.raw[at:a.start], " \t\n\f\r"))
			at = a.end
		}
	}
	return appendApart(out, tag.raw[at:])
}

// appendApart appends a piece of a tag, apart from what stands before it: in
// a="1"nonce="2"b="3" no white space is left when the middle is taken out.
func appendApart(out, piece []byte) []byte {
	if len(piece) > 0 && !isSpace(piece[0]) && piece[0] != '/' && piece[0] != '>' {
		out = append(out, ' ')
	}
	return append(out, piece...)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

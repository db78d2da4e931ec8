package rewrite

import "bytes"

// A tagTail finds the end of a tag of which nothing is kept: what follows the name
// of an end tag, and a start tag that is too long (longtag.go). It is the states of
// HTML §13.2.5.8 and §13.2.5.32–40, one byte at a time.
type tagTail struct {
	state tagState
	quote byte
}

// end looks from i on for the ">" of the tag. It returns the position after it, or
// false when b ends first.
func (t *tagTail) end(b []byte, i int) (int, bool) {
	for i < len(b) {
		if t.state == attributeValueQuoted {
			k := bytes.IndexByte(b[i:], t.quote)
			if k < 0 {
				return len(b), false
			}
			i += k
		}
		ended := t.step(b[i])
		i++
		if ended {
			return i, true
		}
	}
	return i, false
}

// step takes one byte. It reports whether that byte ends the tag.
func (t *tagTail) step(c byte) bool {
	is := class[c]
	switch t.state {
	case attributeValueQuoted:
		if c == t.quote {
			t.state = beforeAttributeName
		}
		return false
	case tagName:
		if is&(isSpace|isSlash) != 0 {
			t.state = beforeAttributeName
		}
	case beforeAttributeName:
		if is&(isSpace|isSlash|isGreater) == 0 {
			t.state = attributeName
		}
	case attributeName, afterAttributeName:
		switch {
		case c == '=':
			t.state = beforeAttributeValue
		case is&isSlash != 0:
			t.state = beforeAttributeName
		case is&isSpace != 0:
			t.state = afterAttributeName
		case t.state == afterAttributeName:
			t.state = attributeName
		}
	case beforeAttributeValue:
		switch {
		case c == '"' || c == '\'':
			t.state, t.quote = attributeValueQuoted, c
		case is&(isSpace|isGreater) == 0:
			t.state = attributeValueUnquoted
		}
	case attributeValueUnquoted:
		if is&isSpace != 0 {
			t.state = beforeAttributeName
		}
	}
	return c == '>'
}

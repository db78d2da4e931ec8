package lock

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// This file reads the literals that may stand open.

// A value is a literal that was read: its holes, and the index of the token behind it.
// With next == 0 there is none.
type value struct {
	next  int
	kind  holeKind // of a value that is one literal, even when it is fixed
	holes []hole
}

// value reads the literal, the array or object with literals in it, or the JSON.parse
// that begins at token i.
func (s *scanner) value(i int, r rule) value {
	v := value{}
	switch kind := s.kind(i); kind {
	case js.OpenBracketToken:
		return s.array(i, r, false)
	case js.OpenBraceToken:
		return s.object(i, r)
	case js.IdentifierToken:
		return s.jsonParse(i, r)
	case js.StringToken:
		v = value{next: i + 1, kind: stringKind(s.bytes(i))}
	case js.TrueToken, js.FalseToken, js.NullToken:
		v = value{next: i + 1, kind: holeScalar}
	case js.SubToken:
		if !js.IsNumeric(s.kind(i+1)) || s.tokens[i].end != s.tokens[i+1].start {
			return value{}
		}
		v.next = i + 2
	default:
		if !js.IsNumeric(kind) {
			return value{}
		}
		v.next = i + 1
	}
	start, end := s.tokens[i].start, s.tokens[v.next-1].end
	if v.kind == holeNone && json.Valid(s.text[start:end]) { // which no string of no kind is
		v.kind = holeScalar
	}
	if v.kind != holeNone && r == ruleOpen {
		v.holes = []hole{{start, end, v.kind}}
	}
	return v
}

// stringKind returns the kind of hole that a string token may be.
func stringKind(b []byte) holeKind {
	if b[0] == '"' {
		if json.Valid(b) {
			return holeString
		}
		return holeNone
	}
	if json.Valid(requote(b)) {
		return holeSingle
	}
	return holeNone
}

// requote writes a string in single quotes with double ones, its escapes as they are
// but for \', which JSON does not have.
func requote(b []byte) []byte {
	out := make([]byte, 0, len(b)+8)
	out = append(out, '"')
	for i := 1; i < len(b)-1; i++ {
		switch {
		case b[i] == '\\' && b[i+1] == '\'':
			out = append(out, '\'')
			i++
		case b[i] == '\\':
			out = append(out, b[i], b[i+1])
			i++
		case b[i] == '"':
			out = append(out, '\\', '"')
		default:
			out = append(out, b[i])
		}
	}
	return append(out, '"')
}

// array reads the array literal at token i. With command its first element is fixed.
func (s *scanner) array(i int, r rule, command bool) value {
	close := s.tokens[i].match
	v := value{next: close + 1}
	allJSON := !command
	first := true
	for at := i + 1; at < close; first = false {
		element := s.value(at, r)
		if element.next == 0 || element.next != close && s.kind(element.next) != js.CommaToken {
			allJSON = false
			at = s.skip(at, close)
			continue
		}
		if element.kind == holeNone || element.kind == holeSingle || element.kind&holeParsed != 0 {
			allJSON = false
		}
		if !first || !command {
			v.holes = append(v.holes, element.holes...)
		}
		at = element.next
		if at < close {
			at++
		}
	}
	s.whole(&v, i, close, r, allJSON, holeArray)
	return v
}

// object reads the object literal at token i.
func (s *scanner) object(i int, r rule) value {
	close := s.tokens[i].match
	v := value{next: close + 1}
	allJSON := true
	for at := i + 1; at < close; {
		kind := s.kind(at)
		named := kind == js.StringToken || js.IsIdentifierName(kind)
		if !named && !js.IsNumeric(kind) || s.kind(at+1) != js.ColonToken {
			allJSON = false
			at = s.skip(at, close)
			continue
		}
		inner, closed := r, false
		if named {
			name, plain := s.key(at)
			inner = max(inner, nameRule(name))
			if !plain {
				inner = ruleFixed
			}
			closed = closedKeys[name]
		}
		if kind != js.StringToken || closed || stringKind(s.bytes(at)) != holeString {
			allJSON = false
		}
		property := s.value(at+2, inner)
		if property.next == 0 || property.next != close && s.kind(property.next) != js.CommaToken {
			allJSON = false
			at = s.skip(at, close)
			continue
		}
		if property.kind == holeNone || property.kind == holeSingle || property.kind&holeParsed != 0 {
			allJSON = false
		}
		v.holes = append(v.holes, property.holes...)
		at = property.next
		if at < close {
			at++
		}
	}
	s.whole(&v, i, close, r, allJSON, holeObject)
	return v
}

// whole makes an array or object one hole when it is JSON from bracket to bracket.
func (s *scanner) whole(v *value, open, close int, r rule, allJSON bool, kind holeKind) {
	start, end := s.tokens[open].start, s.tokens[close].end
	if !allJSON || !s.onlyJSONSpace(open, close) {
		return
	}
	v.kind = kind
	if r == ruleOpen || r == ruleObjects && kind == holeObject {
		v.holes = []hole{{start, end, kind}}
	}
}

// onlyJSONSpace reports whether nothing but JSON's white space stands directly between
// the tokens of an array or object whose inner ones were looked at before, and no comma
// before its end. (A fixed inner value has made it no JSON.)
func (s *scanner) onlyJSONSpace(open, close int) bool {
	if s.kind(close-1) == js.CommaToken {
		return false
	}
	for i := open + 1; i <= close; i++ {
		for _, c := range s.text[s.tokens[i-1].end:s.tokens[i].start] {
			if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
				return false
			}
		}
		if k := s.kind(i); (k == js.OpenBracketToken || k == js.OpenBraceToken) && i < close {
			i = s.tokens[i].match
		}
	}
	return true
}

// key returns a property's name with its escapes read; plain is false when they are none
// of JSON's.
func (s *scanner) key(i int) (name string, plain bool) {
	b := s.bytes(i)
	if s.kind(i) != js.StringToken {
		return string(b), true
	}
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b[1 : len(b)-1]), true
	}
	if b[0] == '\'' {
		b = requote(b)
	}
	return name, json.Unmarshal(b, &name) == nil
}

// skip returns the index behind the next comma that stands directly in the brackets that
// end at close, or close.
func (s *scanner) skip(at, close int) int {
	for at < close {
		switch s.kind(at) {
		case js.CommaToken:
			return at + 1
		case js.OpenBraceToken, js.OpenParenToken, js.OpenBracketToken, js.TemplateStartToken, js.TemplateMiddleToken:
			at = s.tokens[at].match
			if s.kind(at) != js.TemplateMiddleToken {
				at++
			}
		default:
			at++
		}
	}
	return close
}

// jsonParse reads JSON.parse("…") at token i, whose string must hold JSON that a literal
// could stand for.
func (s *scanner) jsonParse(i int, r rule) value {
	if string(s.bytes(i)) != "JSON" || s.kind(i+1) != js.DotToken || s.kind(i+2) != js.IdentifierToken || string(s.bytes(i+2)) != "parse" ||
		s.kind(i+3) != js.OpenParenToken || s.kind(i+4) != js.StringToken || s.kind(i+5) != js.CloseParenToken {
		return value{}
	}
	v := value{next: i + 6}
	kind := parsedKind(s.bytes(i + 4))
	v.kind = kind
	if kind != holeNone && (r == ruleOpen || r == ruleObjects && kind&^holeParsed == holeObject) {
		v.holes = []hole{{s.tokens[i+4].start, s.tokens[i+4].end, kind}}
	}
	return v
}

// parsedKind returns the kind of hole that the string token in JSON.parse may be.
func parsedKind(b []byte) holeKind {
	if b[0] == '\'' {
		b = requote(b)
	}
	var inner string
	if json.Unmarshal(b, &inner) != nil {
		return holeNone
	}
	inner = strings.Trim(inner, " \t\r\n")
	if !json.Valid([]byte(inner)) || !openKeys(inner) {
		return holeNone
	}
	switch inner[0] {
	case '{':
		return holeParsed | holeObject
	case '[':
		return holeParsed | holeArray
	case '"':
		return holeParsed | holeString
	}
	return holeParsed | holeScalar
}

// openKeys reports whether valid JSON has none of closedKeys and does not nest too deeply.
func openKeys(text string) bool {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	depth := 0
	for {
		t, err := decoder.Token()
		if err != nil {
			return true // the end
		}
		switch t := t.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
			if depth > maxDepth {
				return false
			}
		case string:
			// Values that spell such a key are taken for one, which is rare and safe.
			if closedKeys[t] {
				return false
			}
		}
	}
}

// literal reports whether the hole is what its kind says, by encoding/json alone: a
// second opinion on the lexer.
func (s *scanner) literal(h hole) bool {
	b := s.text[h.start:h.end]
	switch {
	case h.kind&holeParsed != 0:
		return parsedKind(b) == h.kind
	case h.kind == holeSingle:
		return b[0] == '\'' && json.Valid(requote(b))
	case !json.Valid(b):
		return false
	case h.kind == holeString:
		return b[0] == '"'
	case h.kind == holeArray:
		return b[0] == '['
	case h.kind == holeObject:
		return b[0] == '{'
	}
	return b[0] != '"' && b[0] != '[' && b[0] != '{'
}

package lock

import (
	"bytes"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// This file finds where a script may stand open; the rules are in template.go.

// walk finds the statements whose values may be open. It looks at each token that
// stands directly among statements.
func (s *scanner) walk() {
	var open []int
	for i := 0; i < len(s.tokens); i++ {
		if s.inStatements(open) && s.beginsTarget(i) {
			end, statement := s.target(i), i
			if end > statement && s.kind(end) == js.EqToken {
				if value := s.value(end+1, s.pathRule(statement, end)); s.endsStatement(value.next) {
					s.commit(value)
				}
			} else if end > statement && s.kind(end) == js.OpenParenToken && s.isPush(statement, end) {
				s.push(end, s.pathRule(statement, end))
			}
		}
		switch s.tokens[i].kind {
		case js.OpenBraceToken, js.OpenParenToken, js.OpenBracketToken, js.TemplateStartToken:
			open = append(open, i)
		case js.TemplateMiddleToken:
			open[len(open)-1] = i
		case js.CloseBraceToken, js.CloseParenToken, js.CloseBracketToken, js.TemplateEndToken:
			open = open[:len(open)-1]
		}
	}
}

// beginsTarget reports whether an assignment's target or a call begins at token i, which
// stands among statements: where a statement begins, or after a comma between
// declarations or expressions. JavaScript ends a statement at the end of a line when the
// next token cannot go on; a name cannot go on after the end of an expression.
func (s *scanner) beginsTarget(i int) bool {
	if !s.isRoot(i) {
		return false
	}
	if i == 0 {
		return true
	}
	switch before := s.tokens[i-1]; before.kind {
	case js.SemicolonToken, js.CommaToken, js.VarToken, js.LetToken, js.ConstToken, js.ElseToken, js.DoToken:
		return !s.isMember(i - 1)
	case js.OpenBraceToken:
		return before.brace == braceBlock
	case js.CloseParenToken, js.CloseBraceToken:
		return true
	case js.CloseBracketToken, js.StringToken, js.RegExpToken, js.TemplateToken, js.TemplateEndToken,
		js.NullToken, js.TrueToken, js.FalseToken, js.ThisToken:
		return s.tokens[i].newline
	default:
		return s.tokens[i].newline && (js.IsIdentifier(before.kind) || js.IsNumeric(before.kind))
	}
}

// isRoot reports whether a path can begin with the token.
func (s *scanner) isRoot(i int) bool {
	return s.kind(i) == js.IdentifierToken || s.kind(i) == js.ThisToken
}

// target returns the index behind the path that begins at i: names, .names and ["names"].
func (s *scanner) target(i int) int {
	for i++; ; {
		switch {
		case s.kind(i) == js.DotToken && js.IsIdentifierName(s.kind(i+1)):
			i += 2
		case s.kind(i) == js.OpenBracketToken && s.kind(i+1) == js.StringToken && s.kind(i+2) == js.CloseBracketToken && !s.tokens[i].newline:
			i += 3
		default:
			return i
		}
	}
}

// isPush reports whether the path, whose call's parenthesis stands at end, is X.push.
func (s *scanner) isPush(start, end int) bool {
	return end-start >= 3 && s.kind(end-2) == js.DotToken && string(s.bytes(end-1)) == "push"
}

// A rule is what the names on the way to a value leave open.
type rule byte

const (
	ruleOpen    rule = iota
	ruleObjects      // only objects
	ruleFixed        // nothing
)

// pathRule looks at each name of a path.
func (s *scanner) pathRule(start, end int) rule {
	worst := ruleOpen
	for i := start; i < end; i++ {
		kind := s.kind(i)
		if !js.IsIdentifierName(kind) && kind != js.StringToken {
			continue
		}
		r := nameRule(s.nameAt(i))
		if i == end-1 || kind == js.StringToken && i == end-2 {
			if i > start && r == ruleOpen && memberSinks[strings.ToLower(s.nameAt(i))] {
				r = ruleObjects
			}
		}
		worst = max(worst, r)
	}
	return worst
}

// nameAt returns the name that a token spells: an identifier's, or a string's content.
// One with escapes becomes a name that is fixed.
func (s *scanner) nameAt(i int) string {
	b := s.bytes(i)
	if s.kind(i) == js.StringToken {
		b = b[1 : len(b)-1]
		if bytes.IndexByte(b, '\\') >= 0 {
			return "__proto__"
		}
	}
	return string(b)
}

// commit takes the value's holes over.
func (s *scanner) commit(v value) { s.holes = append(s.holes, v.holes...) }

// endsStatement reports whether what stands before token i is complete there.
func (s *scanner) endsStatement(i int) bool {
	if i <= 0 {
		return false
	}
	switch kind := s.kind(i); kind {
	case js.ErrorToken: // the end of the text
		return i >= len(s.tokens)
	case js.SemicolonToken, js.CommaToken:
		return true
	case js.CloseBraceToken:
		return s.tokens[s.tokens[i].match].brace == braceBlock
	case js.InToken, js.InstanceofToken:
		return false
	default:
		return s.tokens[i].newline && js.IsIdentifierName(kind)
	}
}

// push opens the arguments of X.push(…).
func (s *scanner) push(paren int, r rule) {
	var holes []hole
	for i := paren + 1; ; {
		v := s.value(i, r)
		if v.next == 0 || s.kind(v.next) != js.CommaToken && s.kind(v.next) != js.CloseParenToken {
			return
		}
		switch {
		case s.kind(i) == js.OpenBracketToken:
			// The first element of an array names a command.
			holes = append(holes, s.array(i, r, true).holes...)
		case v.kind == holeNone || v.kind&^holeParsed == holeObject:
			holes = append(holes, v.holes...)
		}
		if s.kind(v.next) == js.CloseParenToken {
			break
		}
		i = v.next + 1
	}
	s.holes = append(s.holes, holes...)
}

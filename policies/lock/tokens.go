package lock

import (
	"bytes"
	"unicode/utf8"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// This file cuts a script into tokens; template.go says what for.

// A token is one that is neither white space nor comment.
type token struct {
	kind       js.TokenType
	start, end int
	newline    bool // a line ends between it and the one before
	// match is where the other bracket stands, for brackets.
	match int
	brace braceKind // for {
}

// braceKind is what a { opens, as far as the token before it tells.
type braceKind byte

const (
	braceOther  braceKind = iota // a class, a label's block, a pattern, …: nothing in it is open
	braceBlock                   // statements
	braceObject                  // an object literal or pattern
)

type scanner struct {
	text   []byte
	tokens []token
	holes  []hole
}

// tokenize fills tokens; false means that the text was not understood for sure.
func (s *scanner) tokenize() bool {
	// The lexer writes a NUL behind its input, where the caller's page goes on.
	input := make([]byte, len(s.text)+1)
	copy(input, s.text)
	lexer := js.NewLexer(parse.NewInputBytes(input[: len(s.text) : len(s.text)+1]))
	s.tokens = make([]token, 0, len(s.text)/4+1)
	var open []int // brackets
	at, newline := 0, false
	for {
		kind, data := lexer.Next()
		if kind == js.ErrorToken {
			return at == len(s.text) && len(open) == 0 && len(data) == 0
		}
		if kind == js.DivToken || kind == js.DivEqToken {
			switch s.slash(open) {
			case slashRegExp:
				if kind, data = lexer.RegExp(); kind != js.RegExpToken {
					return false
				}
			case slashUnsure:
				return false
			}
		}
		t := token{kind: kind, start: at, end: at + len(data), newline: newline, match: -1}
		at = t.end
		if at > len(s.text) || !bytes.Equal(data, s.text[t.start:t.end]) {
			return false
		}
		switch kind {
		case js.WhitespaceToken:
			if !isASCII(data) {
				return false
			}
			continue
		case js.CommentToken:
			continue
		case js.LineTerminatorToken, js.CommentLineTerminatorToken:
			newline = true
			continue
		case js.StringToken, js.RegExpToken, js.TemplateToken, js.TemplateStartToken, js.TemplateMiddleToken, js.TemplateEndToken:
		default:
			if !isASCII(data) || bytes.IndexByte(data, '\\') >= 0 {
				return false
			}
		}
		newline = false
		i := len(s.tokens)
		switch kind {
		case js.OpenBraceToken:
			t.brace = s.braceAfter(open)
			open = append(open, i)
		case js.OpenParenToken, js.OpenBracketToken, js.TemplateStartToken:
			open = append(open, i)
		case js.CloseBraceToken, js.CloseParenToken, js.CloseBracketToken, js.TemplateMiddleToken, js.TemplateEndToken:
			if len(open) == 0 || !closes(s.tokens[open[len(open)-1]].kind, kind) {
				return false
			}
			t.match = open[len(open)-1]
			s.tokens[t.match].match = i
			open = open[:len(open)-1]
			if kind == js.TemplateMiddleToken {
				open = append(open, i)
			}
		}
		if len(open) > maxDepth {
			return false
		}
		s.tokens = append(s.tokens, t)
	}
}

func closes(open, close js.TokenType) bool {
	switch open {
	case js.OpenBraceToken:
		return close == js.CloseBraceToken
	case js.OpenParenToken:
		return close == js.CloseParenToken
	case js.OpenBracketToken:
		return close == js.CloseBracketToken
	}
	return close == js.TemplateMiddleToken || close == js.TemplateEndToken // within ${ }
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// kind returns a token's kind, and ErrorToken where there is none.
func (s *scanner) kind(i int) js.TokenType {
	if i < 0 || i >= len(s.tokens) {
		return js.ErrorToken
	}
	return s.tokens[i].kind
}

func (s *scanner) bytes(i int) []byte { return s.text[s.tokens[i].start:s.tokens[i].end] }

// isMember reports whether the token is the name of a member: foo in x.foo.
func (s *scanner) isMember(i int) bool {
	before := s.kind(i - 1)
	return before == js.DotToken || before == js.OptChainToken
}

type slashMeaning byte

const (
	slashUnsure slashMeaning = iota
	slashDivides
	slashRegExp
)

// slash tells what a slash after the last token is. A wrong answer would take code for
// a string or the other way round, so it says unsure early.
func (s *scanner) slash(open []int) slashMeaning {
	i := len(s.tokens) - 1
	if i < 0 {
		return slashRegExp
	}
	switch kind := s.tokens[i].kind; kind {
	case js.StringToken, js.RegExpToken, js.TemplateToken, js.TemplateEndToken, js.CloseBracketToken, js.PrivateIdentifierToken,
		js.ThisToken, js.SuperToken, js.NullToken, js.TrueToken, js.FalseToken:
		return slashDivides
	case js.CloseParenToken:
		paren := s.tokens[i].match
		if s.isMember(paren - 1) {
			return slashDivides
		}
		switch s.kind(paren - 1) {
		case js.IfToken, js.WhileToken, js.ForToken, js.WithToken:
			return slashRegExp
		case js.AwaitToken: // for await (…) or await (…)
			return slashUnsure
		}
		return slashDivides
	case js.CloseBraceToken, js.IncrToken, js.DecrToken, js.DotToken, js.OptChainToken:
		return slashUnsure
	case js.OfToken, js.LetToken, js.AwaitToken, js.YieldToken, js.BreakToken, js.ContinueToken, js.DebuggerToken:
		if s.isMember(i) {
			return slashDivides
		}
		return slashUnsure
	default:
		switch {
		case js.IsIdentifierName(kind) && s.isMember(i), js.IsIdentifier(kind), js.IsNumeric(kind):
			return slashDivides
		case js.IsReservedWord(kind), js.IsOperator(kind), js.IsPunctuator(kind), kind == js.TemplateStartToken, kind == js.TemplateMiddleToken:
			return slashRegExp
		}
	}
	return slashUnsure
}

// braceAfter tells what a { after the last token opens.
func (s *scanner) braceAfter(open []int) braceKind {
	i := len(s.tokens) - 1
	if i < 0 {
		return braceBlock
	}
	switch s.tokens[i].kind {
	case js.CloseParenToken, js.ArrowToken, js.ElseToken, js.TryToken, js.FinallyToken, js.DoToken, js.CatchToken:
		if s.isMember(i) {
			return braceOther
		}
		return braceBlock
	case js.SemicolonToken:
		if s.inStatements(open) {
			return braceBlock
		}
	case js.OpenBraceToken:
		if s.tokens[i].brace == braceBlock {
			return braceBlock
		}
	case js.EqToken, js.OpenParenToken, js.CommaToken, js.OpenBracketToken, js.ColonToken:
		// After a colon it may be a label's block; as an object nothing in it is open
		// unless the colon is a property's.
		return braceObject
	}
	return braceOther
}

// inStatements reports whether the innermost open bracket holds statements.
func (s *scanner) inStatements(open []int) bool {
	return len(open) == 0 || s.tokens[open[len(open)-1]].brace == braceBlock
}

// Package lock reads, writes and matches chatproxy.lock, which is to a page what
// go.sum is to a build: the digest of each script that is trusted. It knows nothing
// of policies and pages; they ask it.
package lock

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// A template is what stays of an inline script when its data is taken out. Sites
// print state into their pages (window.__STATE__ = {…}), so no digest of the whole
// text holds for two responses. The skeleton keeps every byte of the script, white
// space and comments too, but for its holes: values that are JSON literals in a place
// where a literal is plainly data.
//
// The threat. Whoever can put a script element into the page knows the site's own
// scripts, and may send any of them with values of his choice in the holes. (Who
// breaks out of a value, CWE-79, changes bytes outside of the holes and has lost.) So
// a hole must not be a way to run code (CWE-94), and the rules are lists of what may
// be open, never of what may not. In doubt a value is fixed, which costs a pin that
// must be renewed, where the other mistake costs the page. This has gone wrong in
// practice: allow lists of script gadgets (Lekies et al., "Code-Reuse Attacks for the
// Web", 2017) ran code in most sites with a strict CSP by changing data only.
//
// These rules tell what may be open. Of that a pin opens only the values that differed
// between two fetches of the page ([Entry.Open]): most literals of a script are constants
// of its code (var map = {…}; require({paths: map})) and stay as they are.
//
// What may be open, and where:
//
//  1. The complete right-hand side of = in a statement: in a declaration
//     (var config = {…};), or after a plain path (window.__STATE__ = {…}). Not within
//     a larger expression (x = "a" + b, f(x = "a"), a = b = "c", x = ["a"].join()):
//     what becomes of it there is not plain.
//  2. The argument of X.push(…) where X is such a path and the call begins a
//     statement. Not a string or number that is an argument itself. If the argument is
//     an array its first element is fixed, for it names the command in the queues of
//     analytics vendors (_paq.push(["setTrackerUrl", "…"])).
//  3. The string of JSON.parse("…") where rule 1, 2 or 4 would allow a literal; it must
//     hold JSON itself.
//  4. In a place of rule 1 to 3, when an array or object is not all JSON: its elements,
//     and the values of its properties with a plain key. The keys are fixed.
//
// Restrictions on these:
//
//   - A hole has a kind, which is part of the skeleton: a number, true, false and null;
//     a string; a string in single quotes; an array; an object. A number that may
//     become a string is a way into `<a id=${n}>`. Within an array or object all is open.
//   - A string in single quotes is no JSON, yet is what hand-written templates print.
//     It may be a hole of its own kind when it has JSON's escapes only, or \', and never
//     part of a larger hole.
//   - Names that the browser acts on are fixed (sinkNames: location, innerHTML, src,
//     cookie, on…); names that speak of code, markup or addresses are so for all but
//     objects, which become "[object Object]" in any sink, where an array becomes its
//     elements (soundsLikeSink). Within an all-JSON value only the keys that reach a
//     prototype (CWE-1321) or that frameworks take as markup close it (closedKeys),
//     since a state is full of harmless URLs.
//   - A script that itself holds a sink (eval, innerHTML, document.write, createElement
//     of a script, x.src = …) has no template, whatever its data: the nearest use of a
//     value is in the script that has it. That is not a proof; what other scripts do
//     with the data is not looked at, and the guard and the page's policy stand there.
//
// No template have (all fail closed, ok=false): texts that are no UTF-8, or have NUL,
// U+2028 or U+2029, which JavaScript and JSON see differently; <!--, <script or
// </script, which move the end of the element in the HTML tokenizer's escaped states;
// --> outside of holes, <!-- being covered, since such comments exist in classic
// scripts only; backslashes and characters beyond ASCII outside of strings, templates,
// regular expressions and comments, whose tables differ by year; a slash of which the
// token before does not tell for sure whether it divides; more than maxTemplate bytes
// or maxDepth levels.

// maxTemplate bounds a script that may have a template, in bytes: as many as the proxy
// holds of an inline script.
const maxTemplate = 48 << 10

// maxDepth bounds how deeply brackets nest.
const maxDepth = 128

// A hole is what stands open in a script: text[start:end], a literal.
type hole struct {
	start, end int
	kind       holeKind
}

// holeKind is what a hole may hold. The values stand in digests: do not change them.
type holeKind byte

const (
	holeNone   holeKind = 0
	holeScalar holeKind = 'n' // a number, true, false, null
	holeString holeKind = 's'
	holeSingle holeKind = 'q' // a string in single quotes
	holeArray  holeKind = 'a'
	holeObject holeKind = 'o'
	// holeParsed is added for the string of JSON.parse, in quotes of either kind, to what
	// the string holds.
	holeParsed holeKind = 0x80
)

// holeMark stands for a hole in a skeleton, before its kind. No UTF-8 text has it.
const holeMark = 0xFF

// Skeleton returns the script's bytes with each hole as 0xFF and its kind; ok is false
// when the script can have no template. The digest of a skeleton is [TemplateDigest].
func Skeleton(script []byte) (skeleton []byte, ok bool) {
	holes, ok := findHoles(script)
	if !ok {
		return nil, false
	}
	return skeletonOf(script, holes), true
}

// selectHoles returns those holes whose ordinals, from 0, are given in their order; ok is
// false when there are fewer holes.
func selectHoles(holes []hole, ordinals []int) (selected []hole, ok bool) {
	selected = make([]hole, len(ordinals))
	for i, n := range ordinals {
		if n < 0 || n >= len(holes) {
			return nil, false
		}
		selected[i] = holes[n]
	}
	return selected, true
}

func skeletonOf(script []byte, holes []hole) []byte {
	skeleton := make([]byte, 0, len(script)+2*len(holes))
	at := 0
	for _, h := range holes {
		skeleton = append(skeleton, script[at:h.start]...)
		skeleton = append(skeleton, holeMark, byte(h.kind))
		at = h.end
	}
	return append(skeleton, script[at:]...)
}

// Digest returns the SHA-384 of a text as CSP and SRI write it.
func Digest(text []byte) string { return formatDigest(sha512.Sum384(text)) }

// TemplateDigest returns the digest of a skeleton for a classic script or a module: the
// same text means different things in the two.
func TemplateDigest(skeleton []byte, module bool) string {
	return formatDigest(templateSum(skeleton, module))
}

func templateSum(skeleton []byte, module bool) (sum [sha512.Size384]byte) {
	h := sha512.New384()
	if module {
		h.Write([]byte("chatproxy template 1 module\n"))
	} else {
		h.Write([]byte("chatproxy template 1 classic\n"))
	}
	h.Write(skeleton)
	h.Sum(sum[:0])
	return sum
}

const digestPrefix = "sha384-"

func formatDigest(sum [sha512.Size384]byte) string {
	return digestPrefix + base64.StdEncoding.EncodeToString(sum[:])
}

// findHoles returns the holes in their order.
func findHoles(script []byte) (holes []hole, ok bool) {
	if len(script) > maxTemplate || !utf8.Valid(script) || bytes.IndexByte(script, 0) >= 0 ||
		bytes.Contains(script, []byte("\u2028")) || bytes.Contains(script, []byte("\u2029")) || movesEnd(script) {
		return nil, false
	}
	s := scanner{text: script}
	if !s.tokenize() || s.hasSink() {
		return nil, false
	}
	s.walk()
	// A function within an object literal is walked after the literal.
	slices.SortFunc(s.holes, func(a, b hole) int { return a.start - b.start })
	at := 0
	for _, h := range s.holes {
		if h.start < at || !s.literal(h) || bytes.Contains(script[at:h.start], []byte("-->")) {
			return nil, false
		}
		at = h.end
	}
	if bytes.Contains(script[at:], []byte("-->")) {
		return nil, false
	}
	return s.holes, true
}

// movesEnd reports whether the text has what moves the end of a script element.
func movesEnd(script []byte) bool {
	for rest := script; ; {
		i := bytes.IndexByte(rest, '<')
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
		if bytes.HasPrefix(rest, []byte("!--")) {
			return true
		}
		name := bytes.TrimPrefix(rest, []byte("/"))
		if len(name) >= 6 && bytes.EqualFold(name[:6], []byte("script")) {
			return true
		}
	}
}

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

// A value is a literal that was read: its holes, and the index of the token behind it.
// With next == 0 there is none.
type value struct {
	next  int
	kind  holeKind // of a value that is one literal, even when it is fixed
	holes []hole
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

// Package lock reads, writes and matches chatproxy.lock, which is to a page what
// go.sum is to a build: the digest of each script that is trusted. It knows nothing
// of policies and pages; they ask it.
package lock

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"slices"
	"unicode/utf8"
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

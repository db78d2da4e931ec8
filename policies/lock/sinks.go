package lock

import (
	"bytes"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// closedKeys are property names that keep an object from being a hole as a whole. The
// first reach a prototype when the object is merged into another (CWE-1321), and
// __proto__ does so in a literal already; the others are what frameworks take as markup.
var closedKeys = map[string]bool{
	"__proto__": true, "constructor": true, "prototype": true,
	"innerHTML": true, "outerHTML": true, "srcdoc": true, "dangerouslySetInnerHTML": true, "__html": true,
}

// sinkNames, in lower case, are names that the browser or a well-known interpreter in
// the page acts on: whatever is assigned to one, or stands under one, is fixed.
var sinkNames = map[string]bool{
	"__proto__": true, "constructor": true, "prototype": true,
	"location": true, "cookie": true, "domain": true, "document": true, "body": true, "head": true,
	"innerhtml": true, "outerhtml": true, "innertext": true, "outertext": true, "textcontent": true, "nodevalue": true,
	"dangerouslysetinnerhtml": true, "__html": true,
	"srcdoc": true, "src": true, "srcset": true, "href": true, "action": true, "formaction": true, "ping": true,
	"codebase": true, "classid": true, "base": true, "csstext": true, "style": true, "sandbox": true, "allow": true,
	"integrity": true, "nonce": true, "httpequiv": true, "http-equiv": true, "trustedtypes": true,
	"eval": true, "function": true, "settimeout": true, "setinterval": true, "import": true, "importmap": true,
	// Where module loaders look for their configuration: where to load from.
	"require": true, "requirejs": true, "seajs": true, "dojoconfig": true, "djconfig": true, "yui_config": true, "mathjax": true,
	// React's flight data is a program: it names modules to load and markup to make.
	"__next_f": true,
}

// memberSinks, in lower case, are sinks on an element, but common names for data
// elsewhere: only an object may be assigned to them.
var memberSinks = map[string]bool{
	"text": true, "data": true, "type": true, "value": true, "name": true, "id": true, "content": true, "rel": true,
	"as": true, "target": true, "classname": true, "title": true, "code": true, "template": true, "status": true,
}

// nameRule returns what a name leaves open.
func nameRule(name string) rule {
	lower := strings.ToLower(name)
	switch {
	case sinkNames[lower], strings.HasPrefix(lower, "on"), strings.HasPrefix(lower, "webpack"), strings.HasPrefix(lower, "__webpack"):
		return ruleFixed
	case soundsLikeSink(lower):
		return ruleObjects
	}
	return ruleOpen
}

// soundsLikeSink reports whether a name in lower case speaks of code, of markup, or of
// an address that something may be loaded from. It takes in harmless names; they cost a
// hole.
func soundsLikeSink(lower string) bool {
	for _, part := range []string{"html", "script", "src", "href", "url", "uri", "path", "callback", "handler", "eval", "func", "markup", "template", "selector", "loader", "cdn", "jsonp", "endpoint"} {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return false
}

// scriptSinks are names that make a script without a template: what it does with a
// value cannot be told. They are compared as written.
var scriptSinks = map[string]bool{
	"eval": true, "Function": true, "require": true, "requirejs": true, "execScript": true, "globalEval": true, "importScripts": true,
	"GeneratorFunction": true, "AsyncFunction": true,
	"write": true, "writeln": true, "innerHTML": true, "outerHTML": true, "srcdoc": true, "dangerouslySetInnerHTML": true,
	"insertAdjacentHTML": true, "createContextualFragment": true, "parseFromString": true, "parseHTMLUnsafe": true,
	"setHTMLUnsafe": true, "setHTML": true, "setAttribute": true, "setAttributeNS": true, "setAttributeNode": true,
}

// memberScriptSinks are those that are common as names of variables, where they are
// none: those of functions' constructors, and of jQuery and what is like it.
var memberScriptSinks = map[string]bool{
	"constructor": true,
	"html":        true, "parseHTML": true, "append": true, "prepend": true, "appendTo": true, "prependTo": true, "replaceWith": true,
	"wrap": true, "wrapInner": true, "getScript": true, "loadScript": true,
}

// assignedSinks are names that do so when something is assigned to them.
var assignedSinks = map[string]bool{
	"src": true, "srcset": true, "href": true, "action": true, "formAction": true, "data": true, "codeBase": true,
	"location": true, "cookie": true, "text": true, "textContent": true, "innerText": true, "outerText": true, "nodeValue": true,
	"cssText": true,
}

// hasSink reports whether the script's own code has a way to run a value.
func (s *scanner) hasSink() bool {
	for i := range s.tokens {
		switch kind := s.kind(i); {
		case kind == js.ImportToken && s.kind(i+1) == js.OpenParenToken:
			return true
		case kind == js.StringToken:
			// element["innerHTML"], createElement("script")
			b := s.bytes(i)
			name := b[1 : len(b)-1]
			if bytes.EqualFold(name, []byte("script")) {
				return true
			}
			if s.kind(i-1) == js.OpenBracketToken && s.kind(i+1) == js.CloseBracketToken && s.indexes(i-1) &&
				(scriptSinks[string(name)] || memberScriptSinks[string(name)] || assignedSinks[string(name)] && s.isAssigned(i+2)) {
				return true
			}
		case js.IsIdentifierName(kind):
			if s.kind(i+1) == js.ColonToken && !s.isMember(i) && (s.kind(i-1) == js.OpenBraceToken || s.kind(i-1) == js.CommaToken) {
				continue // the name of a property in a literal
			}
			name := s.bytes(i)
			member := s.isMember(i)
			switch {
			case scriptSinks[string(name)], member && memberScriptSinks[string(name)]:
				return true
			case assignedSinks[string(name)] && (member || string(name) == "location") && s.isAssigned(i+1) && !s.assignsObject(i+1):
				return true
			case (string(name) == "assign" || string(name) == "replace") && member && string(s.before(i)) == "location":
				return true
			case string(name) == "setTimeout" || string(name) == "setInterval":
				if s.kind(i+1) != js.OpenParenToken || s.kind(i+2) != js.FunctionToken && s.kind(i+2) != js.OpenParenToken {
					return true
				}
			}
		}
	}
	return false
}

// indexes reports whether the [ is a member's, not an array literal's.
func (s *scanner) indexes(bracket int) bool {
	switch kind := s.kind(bracket - 1); kind {
	case js.CloseParenToken, js.CloseBracketToken, js.CloseBraceToken, js.ThisToken, js.StringToken, js.TemplateToken, js.TemplateEndToken, js.OptChainToken:
		return true
	default:
		return js.IsIdentifier(kind) || js.IsIdentifierName(kind) && s.isMember(bracket-1)
	}
}

// isAssigned reports whether token i assigns, by = or with an operator.
func (s *scanner) isAssigned(i int) bool {
	switch s.kind(i) {
	case js.EqToken, js.AddEqToken, js.AndEqToken, js.OrEqToken, js.NullishEqToken:
		return true
	}
	return false
}

// assignsObject reports whether an object literal follows the = at i: in the sinks it is
// no text.
func (s *scanner) assignsObject(i int) bool {
	return s.kind(i) == js.EqToken && s.kind(i+1) == js.OpenBraceToken
}

// before returns the name before the dot before token i.
func (s *scanner) before(i int) []byte {
	if i < 2 {
		return nil
	}
	return s.bytes(i - 2)
}

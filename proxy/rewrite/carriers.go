package rewrite

import (
	"bytes"
	"strings"

	"chatproxy/csp"
)

// Scripts that stand in attributes: event handlers, javascript: URLs, a frame's
// srcdoc. None can carry a nonce. Pinned ones run by the policy's hashes; the rest
// is stripped, although no browser with our policy would run it, so that the page
// does not depend on that policy alone and reports are not drowned.

// inertURL is what a stripped javascript: URL becomes: a link stays one, for the
// keyboard and for the scripts that listen on it, and goes nowhere.
var inertURL = []byte("javascript:void(0)")

// isHandler reports whether an attribute of that name is an event handler content
// attribute. Browsers add new ones; whatever begins with "on" is taken for one.
func isHandler(name []byte) bool {
	return len(name) > 2 && name[0]|0x20 == 'o' && name[1]|0x20 == 'n'
}

// urlAttributes are the attributes that hold a URL in some element of HTML or SVG.
var urlAttributes = map[string]bool{
	"action": true, "background": true, "cite": true, "classid": true, "code": true, "codebase": true, "data": true,
	"dynsrc": true, "formaction": true, "from": true, "by": true, "href": true, "icon": true, "longdesc": true, "lowsrc": true,
	"manifest": true, "ping": true, "poster": true, "profile": true, "src": true, "to": true, "usemap": true, "values": true,
	"xlink:href": true,
}

// carriers decides on the scripts in the tag's attributes, and takes its nonce out.
func (r *Rewriter) carriers(tok []byte) {
	if r.tag.traits&(hasNonce|hasHandler|maybeURL) == 0 {
		return
	}
	for i := range r.tag.attributes() {
		a := &r.tag.all[i]
		name := a.name(tok)
		switch {
		case equalFold(name, "nonce"):
			a.edit = drop
		case r.Observe:
		case isHandler(name):
			if r.decideAttribute(Handler, name, r.value(tok, a)) {
				a.edit = drop
			}
		case r.tag.traits&maybeURL != 0:
			r.javaScriptURL(tok, a, name)
		}
	}
}

// javaScriptURL decides on an attribute that may hold a javascript: URL.
func (r *Rewriter) javaScriptURL(tok []byte, a *attribute, name []byte) {
	list := equalFold(name, "values")
	if raw := tok[a.value:a.valueEnd]; !list && !mayBeJavaScriptURL(raw) {
		return
	}
	value := r.value(tok, a)
	if isJavaScriptURL(value, list) && !bytes.Equal(value, inertURL) && isURLAttribute(name) &&
		r.decideAttribute(JavaScriptURL, name, value) {
		r.tag.replace(a, inertURL)
	}
}

// mayBeJavaScriptURL looks at the first two bytes of an undecoded value. White space
// and character references may hide what they are.
func mayBeJavaScriptURL(raw []byte) bool {
	if len(raw) == 0 {
		return false
	}
	if raw[0]|0x20 == 'j' && len(raw) > 1 {
		raw = raw[1:]
		return raw[0]|0x20 == 'a' || raw[0] <= ' ' || raw[0] == '&'
	}
	return raw[0] <= ' ' || raw[0] == '&'
}

// decideAttribute reports whether the script must go.
func (r *Rewriter) decideAttribute(kind Kind, name, text []byte) bool {
	r.script = Script{page: r, Kind: kind, Text: text, HasText: true, Attribute: name}
	return r.Decide(&r.script).Do != Allow
}

func isURLAttribute(name []byte) bool {
	var buf [maxName]byte
	return urlAttributes[string(foldName(&buf, name))]
}

// isJavaScriptURL reports whether the URL parser (URL §4.4) finds the scheme
// javascript: in the value, which it strips of control characters first. In a list
// it is looked for after each semicolon too.
func isJavaScriptURL(value []byte, list bool) bool {
	if list {
		for item := range bytes.SplitSeq(value, []byte{';'}) {
			if isJavaScriptURL(item, false) {
				return true
			}
		}
		return false
	}
	const scheme = "javascript:"
	matched := 0
	for _, c := range value {
		switch {
		case c == '\t' || c == '\n' || c == '\r':
		case matched == 0 && c <= ' ':
		case lower[c] != scheme[matched]:
			return false
		default:
			matched++
			if matched == len(scheme) {
				return true
			}
		}
	}
	return false
}

// maxMetaPolicy bounds the policies of a page that are read.
const maxMetaPolicy = 4 << 10

// metaElement handles the two kinds of <meta> that the browser obeys.
func (r *Rewriter) metaElement(tok []byte) {
	content := r.tag.find(tok, "content")
	httpEquiv := r.tag.find(tok, "http-equiv")
	if content == nil || httpEquiv == nil {
		return
	}
	switch name := r.value(tok, httpEquiv); {
	case equalFold(name, "content-security-policy"):
		r.metaPolicy(tok, content)
	case equalFold(name, "refresh") && !r.Observe:
		// "declarative refresh" (HTML §4.2.5.3) goes to no javascript: URL; older
		// browsers did.
		value := r.value(tok, content)
		if i := bytes.IndexAny(value, ";,"); i >= 0 {
			target := bytes.TrimLeft(value[i+1:], " \t\n\f\r")
			if hasPrefixFold(target, "url") {
				target = bytes.TrimLeft(target[3:], " \t\n\f\r=\"'")
			}
			if isJavaScriptURL(target, false) && r.decideAttribute(JavaScriptURL, content.name(tok), target) {
				r.tag.replace(content, nil) // without it, a second one would count
			}
		}
	}
}

// metaPolicy lets our scripts run under a policy that the page sets itself. The
// rest of it stays in force: a <meta> policy can only tighten (CSP3 §4.3). The
// nonce must not be written here: unlike the attribute that is made for it, content
// can be read by a style sheet's selectors (CWE-200).
func (r *Rewriter) metaPolicy(tok []byte, content *attribute) {
	if r.Nonce.IsZero() || content.end-content.start > maxMetaPolicy {
		return // our scripts do not run under it either
	}
	var policies []string
	for _, p := range csp.ParseHeader([]string{string(r.value(tok, content))}) {
		policies = append(policies, csp.WithoutScripts(p).String())
	}
	r.tag.replace(content, []byte(strings.Join(policies, ", ")))
}

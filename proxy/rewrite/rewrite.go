// Package rewrite is the streaming HTML rewriter. It finds every script of a page
// while the page passes, asks what to do with it, and grants the nonce, turns it
// into inert data or takes it out. What nobody asked for passes byte for byte.
//
// The rewriter only grants; the policy header enforces. A script that it does not
// see has no nonce and does not run. What must not happen is a grant to an element
// that the browser reads differently, so the rewriter follows the tree where it
// steers the tokenizer, and where it cannot be certain it grants nothing for the
// rest of the document (tree.go).
package rewrite

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"

	"chatproxy/csp"
)

// InertType is the type of a <script> that is data for the guard: an isolated
// script, which carries the response's nonce to show that it comes from here.
const InertType = "text/x-chatproxy"

// Attributes of an inert script.
const (
	AttrCompartment = "data-chatproxy-compartment"
	AttrSrc         = "data-chatproxy-src"
	AttrType        = "data-chatproxy-type"
)

// maxToken bounds one token, and so what is held at once: the longest inline
// script that can be decided on. After a longer one the rest of the page is
// passed on with no grant.
const maxToken = 2 << 20

// Options say what becomes of a page.
type Options struct {
	// Nonce is what allowed scripts get. With the zero Nonce nothing is granted.
	Nonce csp.Nonce
	// Head is markup of ours that goes before anything of the page that can run.
	Head []byte
	// Decide gives the verdict on a script. Required.
	Decide func(Script) Action
	// TrustsNonce reports whether the upstream's own header announced the nonce;
	// a style element that carries it gets ours in its place. Default: none is.
	TrustsNonce func(nonce string) bool
	// Report is told what could not be decided. Default: nobody is.
	Report func(Event)
	// Observe leaves every script in its place and grants the nonce to allowed
	// ones only, for pages in report-only mode.
	Observe bool
}

// An Event is something of the page that could not be decided.
type Event struct {
	Line   int
	Column int
	Reason string
}

// NewReader returns the page that src holds, UTF-8 without byte order mark, as it
// is to be sent. Its Read returns what is complete as soon as it is.
func NewReader(src io.Reader, options Options) io.Reader {
	if options.TrustsNonce == nil {
		options.TrustsNonce = func(string) bool { return false }
	}
	if options.Report == nil {
		options.Report = func(Event) {}
	}
	r := &reader{Options: options, src: src, z: html.NewTokenizer(src), line: 1, column: 1}
	r.z.SetMaxBuf(maxToken)
	return r
}

type reader struct {
	Options
	src  io.Reader
	z    *html.Tokenizer
	tree tree
	out  bytes.Buffer
	err  error
	rest io.Reader // what follows a token that was too long, passed on as it is

	headDone bool
	held     *heldScript // the script whose end tag has not come
	raw      *rawScript  // the text of the <script> that is open, held or not
	doubted  bool        // the tree's doubt was reported

	line, column int // of the current token
}

// rawScript is the text of a <script> as the tokenizer cuts it.
type rawScript struct{ text []byte }

// heldScript is a <script> of which the start tag and perhaps the text have come.
type heldScript struct {
	tag          startTag
	agreed       bool
	text         []byte
	line, column int
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	// Go on while a whole token seems to be there, so that a page is not written
	// tag by tag, but never wait for the source with something to give.
	for r.err == nil && (r.out.Len() == 0 || r.out.Len() < len(p) && bytes.IndexByte(r.z.Buffered(), '>') >= 0) {
		r.next()
	}
	if r.out.Len() > 0 {
		return r.out.Read(p)
	}
	if r.rest != nil {
		return r.rest.Read(p)
	}
	return 0, r.err
}

// next takes one token from the page.
func (r *reader) next() {
	r.z.AllowCDATA(r.tree.foreign())
	kind := r.z.Next()
	raw := bytes.Clone(r.z.Raw()) // TagName folds case in place
	switch kind {
	case html.ErrorToken:
		r.end(raw)
		return
	case html.StartTagToken, html.SelfClosingTagToken:
		r.startTag(raw)
	case html.EndTagToken:
		r.endTag(raw)
	case html.TextToken:
		r.textToken(raw)
	default: // comments and the doctype
		r.out.Write(raw)
	}
	r.advance(raw)
	if r.tree.ambiguous != "" && !r.doubted {
		r.doubted = true
		r.report("nothing is granted from here on: parsers may differ on " + r.tree.ambiguous)
	}
}

// end writes out what is left when the tokenizer has stopped.
func (r *reader) end(raw []byte) {
	err := r.z.Err()
	if r.held != nil {
		// Without its end tag the browser does not run it (HTML §13.2.6.4.8).
		r.out.Write(r.held.tag.edit(isNonce))
		r.out.Write(r.held.text)
		r.held = nil
	}
	r.out.Write(raw)
	r.err = err
	if errors.Is(err, html.ErrBufferExceeded) {
		r.report("nothing is granted from here on: one token has more than 2 MiB")
		r.out.Write(r.z.Buffered())
		r.rest = r.src
	}
}

func (r *reader) startTag(raw []byte) {
	name, hasAttr := r.z.TagName()
	lower := string(name)
	tag := parseStartTag(raw)
	agreed := tag.agree(r.z, hasAttr)
	if !agreed {
		r.tree.doubt("the attributes of <" + lower + ">")
	}
	ns := r.tree.startTag(lower, &tag)
	if ns != inHTML {
		// A raw text element's name has no such meaning here, §13.2.6.5.
		r.z.NextIsNotRawText()
	}
	if lower == "html" {
		r.write(&tag, isNonce)
		return
	}
	if lower == "head" && !r.headDone {
		r.write(&tag, isNonce)
		r.insertHead()
		return
	}
	r.insertHead()
	switch {
	case lower == "script" && ns == inHTML:
		r.raw = &rawScript{}
		if _, runs := scriptType(&tag); runs {
			r.held = &heldScript{tag: tag, agreed: agreed, line: r.line, column: r.column}
			return
		}
	case lower == "link" && ns == inHTML && loadsScript(&tag):
		r.preload(&tag)
		return
	case (lower == "style" || lower == "link") && ns == inHTML:
		if nonce, ok := tag.get("nonce"); ok && r.TrustsNonce(nonce) && r.mayGrant(&tag) {
			r.out.Write(tag.edit(isNonce, "nonce", r.Nonce.String()))
			return
		}
	case lower == "base" && ns == inHTML:
		r.report("<base> has no effect under our policy; relative addresses are the page's own")
	case lower == "meta" && ns == inHTML:
		if r.metaPolicy(&tag) {
			return
		}
	}
	r.write(&tag, isNonce)
}

func (r *reader) endTag(raw []byte) {
	if r.raw != nil {
		if !endsWhere(r.raw.text, raw) {
			r.tree.doubt("where a <script> ends")
		}
		r.raw = nil
	}
	name, _ := r.z.TagName()
	r.tree.endTag(string(name))
	if r.held != nil {
		held := r.held
		r.held = nil
		r.script(held, raw)
		return
	}
	r.insertHead()
	r.out.Write(raw)
}

func (r *reader) textToken(raw []byte) {
	if r.raw != nil {
		r.raw.text = append(r.raw.text, raw...)
	}
	if bytes.HasPrefix(raw, []byte("<![CDATA[")) && r.tree.htmlRules() {
		// At an integration point WebKit reads a bogus comment that ends at ">".
		r.tree.doubt("<![CDATA[ at an integration point")
	}
	if r.held != nil {
		r.held.text = append(r.held.text, raw...)
		return
	}
	if len(bytes.TrimLeft(raw, " \t\n\f\r")) > 0 {
		r.insertHead()
	}
	r.out.Write(raw)
}

// script decides on a script of the page, now that all of it is there.
func (r *reader) script(held *heldScript, endTag []byte) {
	tag := &held.tag
	script := Script{Line: held.line, Column: held.column}
	script.Type, _ = scriptType(tag)
	script.Nonce, _ = tag.get("nonce")
	src, external := tag.get("src")
	if external {
		script.Kind, script.Src = External, src
	} else {
		script.Kind, script.Text = Inline, normalize(held.text)
	}
	action := r.Decide(script)
	if r.Observe && r.TrustsNonce(script.Nonce) {
		// The header has our nonce in place of the upstream's: what ran with that
		// one goes on running.
		action.Do = Allow
	}
	switch {
	case action.Do == Allow && held.agreed && r.mayGrant(tag):
		r.out.Write(tag.edit(isNonce, "nonce", r.Nonce.String()))
		r.out.Write(held.text)
		r.out.Write(endTag)
	case action.Do == Allow || r.Observe:
		r.out.Write(tag.edit(isNonce))
		r.out.Write(held.text)
		r.out.Write(endTag)
	case action.Do == Isolate:
		r.out.Write(r.inert(tag, script, action))
		if !external {
			r.out.Write(held.text)
		}
		r.out.Write(endTag)
	}
}

// inert returns the start tag of a script that became data. It keeps its own
// attributes, which vendors read from document.currentScript, but for those that
// the browser would act on.
func (r *reader) inert(tag *startTag, script Script, action Action) []byte {
	attributes := []string{"type", InertType, AttrCompartment, action.Compartment}
	if script.Kind == External {
		attributes = append(attributes, AttrSrc, script.Src)
	}
	if script.Type != "" {
		attributes = append(attributes, AttrType, script.Type)
	}
	if r.mayGrant(tag) {
		attributes = append(attributes, "nonce", r.Nonce.String())
	}
	return tag.edit(func(name string) bool {
		switch name {
		case "type", "src", "nonce", "language", "integrity", AttrCompartment, AttrSrc, AttrType:
			return true
		}
		return strings.HasPrefix(name, "on")
	}, attributes...)
}

// preload decides on a <link> that fetches a script; it follows the script's verdict.
func (r *reader) preload(tag *startTag) {
	script := Script{Kind: Preload, Line: r.line, Column: r.column}
	script.Src, _ = tag.get("href")
	script.Nonce, _ = tag.get("nonce")
	switch action := r.Decide(script); {
	case action.Do == Allow && r.mayGrant(tag):
		r.out.Write(tag.edit(isNonce, "nonce", r.Nonce.String()))
	case action.Do == Allow || r.Observe:
		r.write(tag, isNonce)
	}
}

// metaPolicy lets our scripts run under a policy that the page sets itself. The
// rest of it stays in force: a <meta> policy can only tighten (CSP3 §4.3). The
// nonce must not be written here: unlike the attribute that is made for it, content
// can be read by a style sheet's selectors (CWE-200).
func (r *reader) metaPolicy(tag *startTag) bool {
	httpEquiv, _ := tag.get("http-equiv")
	content, ok := tag.get("content")
	if !ok || r.Nonce.IsZero() || !strings.EqualFold(httpEquiv, csp.Header) {
		return false
	}
	var policies []string
	for _, p := range csp.ParseHeader([]string{content}) {
		policies = append(policies, csp.WithoutScripts(p).String())
	}
	r.out.Write(tag.edit(func(name string) bool { return name == "content" || name == "nonce" },
		"content", strings.Join(policies, ", ")))
	return true
}

// mayGrant reports whether an element may carry the nonce at all.
func (r *reader) mayGrant(tag *startTag) bool {
	if r.Nonce.IsZero() || r.tree.ambiguous != "" {
		return false
	}
	if !tag.nonceable() {
		r.report("no nonce for an element that looks like dangling markup")
		return false
	}
	return true
}

// insertHead puts our markup in, once.
func (r *reader) insertHead() {
	if !r.headDone {
		r.headDone = true
		r.out.Write(r.Head)
	}
}

func (r *reader) write(tag *startTag, drop func(string) bool) {
	for _, a := range tag.attributes {
		if drop(a.name) {
			r.out.Write(tag.edit(drop))
			return
		}
	}
	r.out.Write(tag.raw)
}

func (r *reader) report(reason string) {
	r.Report(Event{Line: r.line, Column: r.column, Reason: reason})
}

// advance moves the position past raw. Columns count bytes from 1.
func (r *reader) advance(raw []byte) {
	if n := bytes.Count(raw, []byte{'\n'}); n > 0 {
		r.line += n
		r.column = len(raw) - bytes.LastIndexByte(raw, '\n')
	} else {
		r.column += len(raw)
	}
}

func isNonce(name string) bool { return name == "nonce" }

// normalize returns the text of a script as the browser hashes it: line ends
// normalised (§13.2.3.5) and NUL replaced (§13.2.5.4).
func normalize(text []byte) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD").Replace(string(text))
}

// Package rewrite is the streaming HTML rewriter. It finds every script of a page
// while the page passes, asks what to do with it, and grants the nonce, turns it
// into inert data or takes it out. What nobody asked for passes byte for byte.
//
// The rewriter only grants; the policy header enforces. A script that it does not
// see has no nonce and does not run. What must not happen is a grant to an element
// that the browser reads differently, so the rewriter follows the tree where it
// steers the tokenizer, and where it cannot be certain it grants nothing for the
// rest of the document (ambiguity.go).
//
// A page comes in chunks of any size. [Rewriter.scan] reads the tokens of a chunk
// in place and passes on what lies between two edits as one slice of it. Only a
// token that is cut by the chunk's end is kept until the rest has come, up to
// maxHeld; what is longer is handled piece by piece, and granted nothing.
package rewrite

import (
	"io"

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

const (
	// maxHeld bounds what is kept of a token that has not ended: the longest start
	// tag that is edited, and the longest inline script, start tag included, whose
	// text can be decided on.
	maxHeld = 48 << 10
	// maxChunk is how much is read at once. With maxHeld it makes 64 KiB, the most
	// that is held of any page.
	maxChunk = 16 << 10
	// maxReports bounds the events of one page: a log is no place for an injector to
	// write a million lines to (CWE-400).
	maxReports = 32
	// firstBridge is how much of a chunk is first put to a token that began before it.
	firstBridge = 256
)

// Options say what becomes of a page.
type Options struct {
	// Nonce is what allowed scripts get. With the zero Nonce nothing is granted.
	Nonce csp.Nonce
	// Head is markup of ours that goes before anything of the page that can run:
	// into the head, after a <meta charset> that opens it.
	Head []byte
	// Inside is markup of ours that goes into elements of the page, 64 at most. The
	// elements are such that content is markup and nothing else: <div>, <main>.
	Inside []Insertion
	// Decide gives the verdict on a script. Required.
	Decide func(*Script) Action
	// Report is told what could not be decided. Default: nobody is.
	Report func(Event)
	// Observe leaves every script in its place and grants the nonce to allowed
	// ones only, for pages in report-only mode.
	Observe bool
}

// An Insertion puts markup at the start of the first element with an id, unless the
// document is in doubt by then.
type Insertion struct {
	ID     string
	Markup []byte
}

// A Rewriter rewrites one page at a time: [Rewriter.Reset], then [Rewriter.Write]
// for each chunk, then [Rewriter.Close]. Once it has rewritten a few pages it
// allocates nothing. It is not for concurrent use.
type Rewriter struct {
	Options
	w   io.Writer
	err error // of w

	progress

	// A token that has not ended: its bytes, and how far they were read.
	pending  []byte
	full     bool // pending may not grow
	tag      startTag
	tagOpen  bool // tag has begun and not ended
	held     bool // tag has ended, and its script waits for its text
	heldSVG  bool // which is an SVG script
	tagEnd   int  // of the held tag
	textRead int  // how far the held script's text was read

	// The bytes at hand.
	buf  []byte
	from int // what lies before it has been passed on
	at   int // where the token at hand begins

	script  Script    // for Decide
	values  []byte    // decoded attribute values of the tag at hand
	scratch []byte    // markup being made
	outer   *Rewriter // whose srcdoc this is; nil for a page
	inner   *inner    // for the srcdoc documents of this page
}

// progress is where the page stands.
type progress struct {
	mode      mode
	tree      tree
	comment   comment // in inComment
	brackets  int     // in inCDATA: the "]" just read, up to 2
	rawName   [maxName]byte
	rawLength int        // of rawName, in inRawText
	text      scriptText // in inScriptData
	tail      tagTail    // in inEndTag and inLongTag
	long      longTag    // in inLongTag
	dropping  dropping
	last      byte // that was passed on
	doubted   bool // the tree's doubt was reported
	reported  int
	headSeen  bool // <html>, <head> or a <meta charset> was
	headDone  bool
	inText    bool   // something visible of the text at hand was seen
	inserted  uint64 // which of Inside are done

	line, column int // of buf[0]
}

// mode is what the tokenizer is in the middle of.
type mode byte

const (
	inData mode = iota
	inComment
	inBogusComment // up to ">"; the doctype ends alike, even inside its quotes
	inCDATA
	inRawText // RAWTEXT and RCDATA
	inScriptData
	inPlaintext
	inEndTag  // after its name
	inLongTag // a start tag beyond maxHeld or maxAttributes
)

// dropping is what is being left out.
type dropping byte

const (
	dropNothing dropping = iota
	dropText             // up to the script's end tag
	dropElement          // up to the end of the script's end tag
)

// An Event is something of the page that could not be decided.
type Event struct {
	Kind   EventKind
	Line   int
	Column int
	Reason string
}

// EventKind sorts events, for counting.
type EventKind string

// The kinds of events.
const (
	Ambiguous EventKind = "ambiguous" // nothing is granted for the rest of the page
	TooLong   EventKind = "too-long"  // a script or its tag is longer than what is held
	Dangling  EventKind = "dangling"  // a start tag may have swallowed others
	Base      EventKind = "base"      // <base> has no effect
)

// Reset readies r for a page, which it will write to w.
func (r *Rewriter) Reset(w io.Writer, options Options) {
	r.Options, r.w, r.err = options, w, nil
	r.progress = progress{tree: tree{open: r.tree.open[:0]}, line: 1, column: 1}
	if r.pending == nil {
		r.pending = make([]byte, 0, maxHeld)
	}
	r.pending, r.full, r.tagOpen, r.held, r.heldSVG, r.outer = r.pending[:0], false, false, false, false, nil
	// Nothing of the last page stays reachable, nor much of its memory.
	r.buf, r.script = nil, Script{}
	if cap(r.values) > maxHeld {
		r.values = nil
	}
	if r.inner != nil {
		r.inner.reset()
	}
}

// Write takes the next chunk of the page, UTF-8 without byte order mark. It writes
// on all of it that is complete.
func (r *Rewriter) Write(p []byte) (int, error) {
	n := len(p)
	bridge := firstBridge
	for len(p) > 0 && r.err == nil {
		if len(r.pending) == 0 {
			chunk := p[:min(len(p), maxChunk)]
			r.full = false
			used := r.scan(chunk, len(chunk))
			r.pending = append(r.pending, chunk[used:]...)
			p = p[len(chunk):]
			bridge = firstBridge
			continue
		}
		old := len(r.pending)
		take := min(len(p), bridge, maxHeld-old)
		bridge *= 2
		r.pending = append(r.pending, p[:take]...)
		r.full = len(r.pending) == maxHeld
		used := r.scan(r.pending, old)
		if used >= old {
			p = p[used-old:]
			r.pending = r.pending[:0]
			continue
		}
		p = p[take:]
		r.pending = append(r.pending[:0], r.pending[used:]...)
	}
	return n - len(p), r.err
}

// Close writes what is left at the page's end. Nothing of it can run: a script
// without its end tag does not (HTML §13.2.6.4.8), a tag without its ">" is none.
func (r *Rewriter) Close() error {
	r.buf, r.from, r.at = r.pending, 0, 0
	if r.held {
		r.held = false
		r.plainTag(r.pending[:r.tagEnd], 0)
	}
	r.flush(len(r.pending))
	if r.headSeen && r.mode == inData && len(r.pending) == 0 {
		r.insertHead(0)
	}
	r.pending = r.pending[:0]
	return r.err
}

// scan reads the tokens of b that begin before until. It returns how far it came:
// what lies after that belongs to a token that has not ended.
func (r *Rewriter) scan(b []byte, until int) int {
	r.buf, r.from, r.at = b, 0, 0
	i, ended := 0, true
	for ended && i < until {
		switch r.mode {
		case inData:
			i, ended = r.data(b, i, until)
			continue
		case inComment:
			i, ended = r.comment.end(b, i)
		case inBogusComment:
			i, ended = bogusCommentEnd(b, i)
		case inCDATA:
			i, ended = r.cdata(b, i)
		case inRawText:
			if i, ended = rawTextEnd(b, i, r.rawName[:r.rawLength]); ended {
				i = r.textEnded(i, r.rawName[:r.rawLength])
			}
			continue
		case inScriptData:
			if i, ended = r.text.end(b, i); ended {
				i = r.textEnded(i, scriptName)
			}
			continue
		case inPlaintext:
			i = len(b)
			continue
		case inEndTag:
			if i, ended = r.tail.end(b, i); ended && r.dropping == dropElement {
				r.flush(i)
				r.dropping = dropNothing
			}
		case inLongTag:
			i, ended = r.longTag(b, i)
			continue
		}
		if ended {
			r.mode = inData
		}
	}
	r.flush(i)
	r.line, r.column = after(r.line, r.column, b[:i])
	return i
}

// textEnded notes that the text of a raw text element or a script has ended at i,
// where its end tag begins.
func (r *Rewriter) textEnded(i int, name []byte) int {
	if r.dropping == dropText {
		r.flush(i)
		r.dropping = dropNothing
	}
	if !r.tree.plain() {
		r.tree.endTag(name)
		r.reportDoubt(i)
	}
	r.mode = inEndTag
	r.tail = tagTail{state: beforeAttributeName}
	return i + len("</") + len(name)
}

// flush passes on the bytes at hand up to i, or leaves them out.
func (r *Rewriter) flush(i int) {
	if r.from < i && r.dropping == dropNothing {
		r.emit(r.buf[r.from:i])
	}
	r.from = i
}

func (r *Rewriter) emit(b []byte) {
	if r.err == nil && len(b) > 0 {
		r.last = b[len(b)-1]
		_, r.err = r.w.Write(b)
	}
}

// insertHead puts our markup in before i, once.
func (r *Rewriter) insertHead(i int) {
	if !r.headDone {
		r.headDone = true
		r.flush(i)
		r.emit(r.Head)
		r.last = '>' // it is whole
	}
}

func (r *Rewriter) report(kind EventKind, reason string) {
	if r.outer != nil {
		r.outer.report(kind, reason)
		return
	}
	if r.reported++; r.Report != nil && r.reported <= maxReports {
		line, column := r.position()
		r.Report(Event{Kind: kind, Line: line, Column: column, Reason: reason})
	}
}

func (r *Rewriter) reportDoubt(i int) {
	if r.tree.doubts != certain && !r.doubted {
		r.doubted = true
		r.at = i
		r.report(Ambiguous, "nothing is granted from here on: parsers may differ on "+string(r.tree.doubts))
	}
}

package xmpp

import (
	"bytes"
	"encoding/xml"
	"strings"
	"sync/atomic"
)

// splitter cuts a byte stream into a header, the stanzas inside it and its
// end. It works at any chunk boundary and in linear time: it finds the end of
// each token with a few states, and only a complete token is parsed. So a
// token is looked at twice, and what is accepted cannot depend on how the
// bytes were cut.
//
// The zero depth has the header (<stream:stream> or <body>) when base is 1,
// or is where the one stanza of a WebSocket message stands when base is 0.
type splitter struct {
	lim  Limits
	base int

	// headers counts the headers that may still come. A new one in the
	// middle of a stream is how a restart looks (RFC 6120 §4.3.3); the
	// writer announces it here while the reader is already waiting.
	headers atomic.Int32

	work  *workspace // that buf and tag are in; nil while nothing is in them
	mode  mode
	buf   []byte // the stanza so far; outside of one, the token so far
	mark  int    // where the token begins in buf
	quote byte   // in modeTag: the quote that is open, or 0
	depth int    // open elements, the header included
	names []byte // their names, each behind a zero

	scope scope
	tag   tag
	begun bool // something stood in the document already: no XML declaration
	ended bool // the header's element ended

	top topTag // start tag of the stanza in buf
}

type mode uint8

const (
	modeText        mode = iota // up to the next '<'
	modeMarkup                  // after '<'
	modeBang                    // in "<![CDATA["
	modeCDATA                   // up to "]]>"
	modeDeclaration             // in "<?xml …?>"
	modeTag                     // up to '>' outside of quotes
)

const (
	cdataOpen      = "<![CDATA["
	maxDeclaration = 128
)

// topTag is what writing out a stanza needs of its start tag.
type topTag struct {
	name     xml.Name
	insertAt int             // where declarations can be put in
	cut      [2]int          // an attribute to leave out
	own      map[string]bool // prefixes that it declares itself
	leftOut  bool            // see leaveOut
	leftFrom int             // the depth from which open elements are not in scope then
}

// event is what a splitter found: exactly one of its fields is set, or none.
type event struct {
	header *tag // valid until the next feed
	stanza *Stanza
	end    bool
}

func (e event) none() bool { return e.header == nil && e.stanza == nil && !e.end }

// newSplitter makes a splitter for a document with a header. inherit is the
// default namespace of what stands outside of everything.
func newSplitter(lim Limits, base int, inherit string) *splitter {
	s := &splitter{lim: lim.withDefaults(), base: base}
	s.scope.bindings = append(s.scope.bindings, binding{"", inherit})
	s.scope.inherited = 1
	return s
}

// feed takes bytes from p up to the first event and returns how many it took.
// After an error the splitter is of no further use.
func (s *splitter) feed(p []byte) (n int, ev event, err error) {
	for n < len(p) && err == nil && ev.none() {
		var k int
		switch s.mode {
		case modeText:
			k, err = s.text(p[n:])
		case modeMarkup:
			k, err = s.markup(p[n])
		case modeBang:
			k, err = s.bang(p[n])
		case modeCDATA:
			k, err = s.cdata(p[n:])
		case modeDeclaration:
			k, err = s.declaration(p[n])
		case modeTag:
			k, ev, err = s.tagBytes(p[n:])
		}
		n += k
	}
	return n, ev, err
}

// idle reports whether everything fed so far was complete.
func (s *splitter) idle() bool { return s.mode == modeText && s.depth <= s.base }

func (s *splitter) take(b []byte) error {
	if len(s.buf)+len(b) > s.lim.StanzaBytes {
		return tooMuch("a stanza is larger than %d bytes", s.lim.StanzaBytes)
	}
	s.borrow()
	s.buf = append(s.buf, b...)
	return nil
}

func (s *splitter) text(p []byte) (int, error) {
	run := p
	i := bytes.IndexByte(p, '<')
	if i >= 0 {
		run = p[:i]
	}
	if s.depth <= s.base {
		// White space between stanzas keeps connections alive (RFC 6120
		// §4.6.1); nothing else may stand there.
		if !isBlank(run) {
			return 0, &SyntaxError{"bad-format", "text outside of a stanza"}
		}
		s.begun = s.begun || len(run) > 0 && s.base == 0
		s.buf = s.buf[:0]
	} else if err := s.take(run); err != nil {
		return 0, err
	}
	if i < 0 {
		return len(p), nil
	}
	if s.ended {
		return 0, notWellFormed("something follows the end of the document")
	}
	if s.depth > s.base {
		if err := checkData(s.buf[s.mark:]); err != nil {
			return 0, err
		}
	}
	s.mark = len(s.buf)
	s.mode = modeMarkup
	return i + 1, s.take(p[i : i+1])
}

func (s *splitter) markup(c byte) (int, error) {
	switch c {
	case '!':
		s.mode = modeBang
	case '?':
		atStart := s.depth == 0 && !s.begun
		atRestart := s.base == 1 && s.depth == 1 && s.headers.Load() > 0
		if !atStart && !atRestart {
			return 0, restricted("a processing instruction")
		}
		s.mode = modeDeclaration
	default:
		s.mode, s.quote = modeTag, 0
		return 0, nil
	}
	return 1, s.take([]byte{c})
}

func (s *splitter) bang(c byte) (int, error) {
	if c != cdataOpen[len(s.buf)-s.mark] {
		// No DTD means no entities of one's own: CWE-776 and CWE-611.
		return 0, restricted("a comment or document type")
	}
	if s.depth <= s.base {
		return 0, &SyntaxError{"bad-format", "text outside of a stanza"}
	}
	err := s.take([]byte{c})
	if len(s.buf)-s.mark == len(cdataOpen) {
		s.mode = modeCDATA
	}
	return 1, err
}

func (s *splitter) cdata(p []byte) (int, error) {
	i := bytes.IndexByte(p, '>')
	if i < 0 {
		return len(p), s.take(p)
	}
	if err := s.take(p[:i+1]); err != nil {
		return 0, err
	}
	inside := s.buf[s.mark+len(cdataOpen):]
	if content, ok := bytes.CutSuffix(inside, []byte("]]>")); ok {
		if err := checkCDATA(content); err != nil {
			return 0, err
		}
		s.mode, s.mark = modeText, len(s.buf)
	}
	return i + 1, nil
}

func (s *splitter) declaration(c byte) (int, error) {
	if err := s.take([]byte{c}); err != nil {
		return 0, err
	}
	token := s.buf[s.mark:]
	if len(token) > maxDeclaration {
		return 0, restricted("a processing instruction")
	}
	if c != '>' {
		return 1, nil
	}
	inside, ok := bytes.CutSuffix(token, []byte("?>"))
	if !ok || len(inside) < 2 {
		return 0, notWellFormed("a \">\" in the XML declaration")
	}
	if err := checkDeclaration(inside[2:], &s.lim); err != nil {
		return 0, err
	}
	s.mode, s.buf, s.begun = modeText, s.buf[:0], true
	s.reset()
	return 1, nil
}

// checkDeclaration holds "xml version=…" to version 1.0 and UTF-8
// (RFC 6120 §11.5, §11.6).
func checkDeclaration(inside []byte, lim *Limits) error {
	var t tag
	err := parseTag(&t, []byte("<"+string(inside)+"/>"), lim)
	if err != nil || string(t.name) != "xml" || t.over {
		return restricted("a processing instruction")
	}
	if version, ok := t.get("version"); !ok || version != "1.0" {
		return notWellFormed("the XML version is not 1.0")
	}
	if encoding, ok := t.get("encoding"); ok && !strings.EqualFold(encoding, "utf-8") {
		return &SyntaxError{"unsupported-encoding", "the encoding is not UTF-8 (RFC 6120 §11.6)"}
	}
	return nil
}

// reset forgets the header, for the next one.
func (s *splitter) reset() {
	s.depth, s.names = 0, s.names[:0]
	s.scope.bindings, s.scope.levels = s.scope.bindings[:1], s.scope.levels[:0]
	s.scope.inherited = 1
}

func (s *splitter) tagBytes(p []byte) (int, event, error) {
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case s.quote != 0:
			j := bytes.IndexByte(p[i:], s.quote)
			if j < 0 {
				return len(p), event{}, s.take(p)
			}
			s.quote = 0
			i += j
		case c == '"' || c == '\'':
			s.quote = c
		case c == '>':
			if err := s.take(p[:i+1]); err != nil {
				return 0, event{}, err
			}
			s.mode = modeText
			ev, err := s.tagDone()
			s.mark = len(s.buf)
			return i + 1, ev, err
		}
	}
	return len(p), event{}, s.take(p)
}

// tagDone takes in the complete tag at s.mark.
func (s *splitter) tagDone() (event, error) {
	s.begun = true
	if err := parseTag(&s.tag, s.buf[s.mark:], &s.lim); err != nil {
		return event{}, err
	}
	if s.tag.closing {
		return s.endElement(s.tag.name)
	}
	if s.base == 1 && s.depth == 1 && isStreamHeader(&s.tag) {
		s.reset()
	}
	if s.base == 1 && s.depth == 0 {
		if s.tag.over {
			return event{}, tooMuch("a stream header with too much in it")
		}
		return s.header()
	}
	first := s.depth == s.base
	tooDeep := s.depth-s.base >= s.lim.Depth
	if tooDeep && !s.lim.lenient {
		return event{}, tooMuch("elements nest deeper than %d", s.lim.Depth)
	}
	if s.tag.over || tooDeep || !first && s.top.leftOut {
		return s.leaveOut()
	}
	if first {
		s.scope.borrowed = [maxBindings / 64]uint64{}
	}
	space, err := s.scope.push(&s.tag)
	if err != nil && s.lim.lenient && isTooMuch(err) {
		s.scope.pop()
		return s.leaveOut()
	}
	if err != nil {
		return event{}, err
	}
	if first {
		if err := s.beginStanza(space); err != nil {
			return event{}, err
		}
	}
	s.pushName(s.tag.name)
	if s.tag.empty {
		return s.endElement(s.tag.name)
	}
	return event{}, nil
}

// isStreamHeader reports whether a tag is <stream:stream> by its own
// declarations, as a restarted stream's is.
func isStreamHeader(t *tag) bool {
	prefix, local := splitName(t.name)
	attr := "xmlns"
	if prefix != nil {
		attr += ":" + string(prefix)
	}
	uri, ok := t.get(attr)
	return ok && uri == NSStream && string(local) == "stream"
}

func (s *splitter) header() (event, error) {
	if s.headers.Load() <= 0 {
		return event{}, &SyntaxError{"bad-format", "a stream header that nobody asked for"}
	}
	s.headers.Add(-1)
	if _, err := s.scope.push(&s.tag); err != nil {
		return event{}, err
	}
	s.pushName(s.tag.name)
	s.scope.inherited = len(s.scope.bindings)
	if s.tag.empty {
		s.depth, s.ended = 0, true
	}
	return event{header: &s.tag}, nil
}

func (s *splitter) pushName(name []byte) {
	s.names = append(append(s.names, 0), name...)
	s.depth++
}

func (s *splitter) endElement(name []byte) (event, error) {
	if s.depth == 0 {
		return event{}, notWellFormed("an end tag without its start")
	}
	begin := bytes.LastIndexByte(s.names, 0)
	if !bytes.Equal(s.names[begin+1:], name) {
		return event{}, notWellFormed("an end tag does not match its start")
	}
	s.names = s.names[:begin]
	s.depth--
	if !s.top.leftOut || s.depth < s.top.leftFrom {
		s.scope.pop()
	}
	switch {
	case s.base == 1 && s.depth == 0:
		s.ended = true
		return event{end: true}, nil
	case s.depth == s.base:
		s.ended = s.base == 0
		return event{stanza: s.finishStanza()}, nil
	}
	return event{}, nil
}

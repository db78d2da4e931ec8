package proxy

import "unicode/utf8"

// sniffed is how much of a page is searched for a declaration. The standard's prescan
// takes 1024 bytes and leaves a later <meta> to the parser, for which the page is
// read anew (HTML §13.2.3.4); we have no parser here, and search on.
const sniffed = 16 << 10

// A sniffer finds the encoding of a page that has no label. Browsers hold a page
// back until 1024 bytes of it are there. We do not, for a page that streams would
// stand still; and need not, for until the first byte that is not ASCII there is
// nothing to choose.
//
// The rule is: all that has come is searched for a declaration with every answer of
// the upstream, and the first one found holds from the beginning of that answer on.
// A byte that is not ASCII before a declaration is found is decoded by a guess: the
// declaration of XML if there is one, UTF-8 if the first character is, windows-1252
// if it is not. So no more is ever held back than the four bytes of one character,
// and the price of a late declaration is some illegible characters before it. The
// encoding can change once, from the guess to what is declared. That is safe as any
// choice is: what comes out is read as UTF-8, by the rewriter and by the browser.
type sniffer struct {
	unread    []byte // seen and not yet searched, or of a tag that is not complete
	searched  int    // bytes before those
	inComment bool
	fresh     bool   // something came since
	xml       string // what the declaration of XML says
}

// see takes note of what has come from the source.
func (s *sniffer) see(b []byte) {
	b = b[:min(len(b), sniffed-s.searched-len(s.unread))]
	s.unread = append(s.unread, b...)
	s.fresh = s.fresh || len(b) > 0
}

// search returns the encoding that the page is found to declare, and where in the
// page the declaration ends.
func (s *sniffer) search() (name string, end int) {
	if !s.fresh {
		return "", 0
	}
	s.fresh = false
	if s.searched == 0 {
		s.xml, end = xmlEncoding(s.unread)
		if s.xml == replacement {
			return s.xml, end // what is refused is refused before it is passed on
		}
	}
	p := prescanner{b: s.unread, comment: s.inComment}
	name, n := p.scan()
	s.searched += n
	s.unread = append(s.unread[:0], s.unread[n:]...)
	s.inComment = p.comment
	return name, s.searched
}

// over reports whether nothing more can be found.
func (s *sniffer) over() bool { return s.searched+len(s.unread) == sniffed }

// guess returns the encoding of a page that declares none in HTML so far. The text
// begins with the first character that is not ASCII.
func (s *sniffer) guess(text []byte) string {
	if s.xml != "" {
		return s.xml
	}
	if _, size := utf8.DecodeRune(text); size > 1 {
		return "utf-8"
	}
	return "windows-1252"
}

// sniff chooses the decoder for r.in as far as it can be known, and reports false
// if that takes the rest of a character.
func (r *textReader) sniff() bool {
	if name, end := r.sniffer.search(); name != "" {
		r.declared(name, end)
		return true
	}
	if r.decoder == nil && len(r.in) > 0 && r.in[0] >= utf8.RuneSelf {
		if !utf8.FullRune(r.in) && r.err == nil {
			return false
		}
		r.decoder = decoderOf(r.sniffer.guess(r.in))
	}
	if r.decoder != nil && r.sniffer.over() {
		r.sniffer = nil
	}
	return true
}

// declared chooses the encoding that the first end bytes of the page declare.
func (r *textReader) declared(name string, end int) {
	r.sniffer = nil
	if name != replacement {
		r.decoder = decoderOf(name)
		return
	}
	// Refused, as by the header; but the page is on its way. It breaks off behind
	// the declaration, and the client can see that it does.
	before := r.total - len(r.in)
	r.in = r.in[:max(0, min(end-before, len(r.in)))]
	r.err = errNoText
	if r.decoder == nil {
		r.decoder = decoderOf("windows-1252")
	}
}

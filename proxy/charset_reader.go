package proxy

import (
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// A textReader gives out the text of a page as UTF-8 while the page comes. It asks
// the source again only when it has nothing to give: nothing waits but a character
// that is not complete. (transform.NewReader does not either, but cannot change its
// decoder.) It holds no more than one answer and what was decoded of it, 4 KiB each,
// and for the [sniffer] a copy of the tag that is being searched.
type textReader struct {
	src      io.Reader
	err      error                 // how the source ended
	total    int                   // bytes that the source gave
	starting bool                  // a mark may still come
	passed   int                   // bytes of the start that were given out before it was clear that there is no mark
	sniffer  *sniffer              // looks for a declaration; nil once nothing more is to be found
	decoder  transform.Transformer // nil while all is ASCII and no encoding was chosen

	in     []byte // read and not yet decoded
	out    []byte // decoded and not yet given out
	buffer struct{ in, out []byte }
}

const (
	textBuffer = 4 << 10
	markBuffer = 64 // enough for a mark
)

// Read implements io.Reader.
func (r *textReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(r.out) == 0 {
		switch {
		case len(r.in) == 0 && r.err != nil:
			return 0, r.err
		case r.passes():
			return r.pass(p)
		case len(r.in) > 0 && r.decode():
		case r.err != nil:
			r.in = nil // nothing more is to be had of it
		case !r.fill():
			return 0, nil // as the source did
		}
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// fill asks the source once, and reports whether that changed anything.
func (r *textReader) fill() bool {
	if r.buffer.in == nil {
		size := textBuffer
		if _, same := r.decoder.(passUTF8); same {
			size = markBuffer // what follows is not read into it
		}
		r.buffer.in = make([]byte, size)
	}
	kept := copy(r.buffer.in, r.in) // of an incomplete character, or mark
	n, err := r.src.Read(r.buffer.in[kept:])
	r.in, r.err = r.buffer.in[:kept+n], err
	r.total += n
	if r.sniffer != nil {
		r.sniffer.see(r.in[kept:])
	}
	return n > 0 || err != nil
}

// decode takes from r.in what is complete, and reports whether that was anything.
func (r *textReader) decode() bool {
	if r.starting && r.waitsForMark() {
		if r.in[0] == '<' && len(r.in) == 1 && r.passed == 0 {
			// The same character in every encoding that can still come: nothing
			// plain is held back.
			r.out, r.passed = r.in, 1
			return true
		}
		return false
	}
	if r.sniffer != nil && !r.sniff() {
		return false
	}
	if len(r.in) == 0 {
		return r.err != nil
	}
	if n := r.asIs(); n > 0 {
		r.out, r.in = r.in[:n], r.in[n:]
		return true
	}
	if r.buffer.out == nil {
		r.buffer.out = make([]byte, textBuffer)
	}
	written, read, _ := r.decoder.Transform(r.buffer.out, r.in, r.err != nil)
	r.out, r.in = r.buffer.out[:written], r.in[read:]
	// Decoders know no errors but to be short of something: what is invalid
	// becomes U+FFFD.
	return written > 0 || read > 0
}

// asIs returns how much of r.in is given out as it is.
func (r *textReader) asIs() int {
	switch r.decoder.(type) {
	case nil: // ASCII is the same in all that the page can be
		n := 0
		for n < len(r.in) && r.in[n] < utf8.RuneSelf {
			n++
		}
		return n
	case passUTF8:
		if r.in[0] < 0xfe {
			return indexMarkByte(r.in)
		}
	}
	return 0
}

// waitsForMark reports whether the page may yet turn out to begin with a mark. Once
// that is clear, the mark has been left out and its encoding chosen.
func (r *textReader) waitsForMark() bool {
	if !r.starting {
		return false
	}
	found, short := findMark(r.in, byteOrderMarks)
	skip := len(found.bytes)
	if found.encoding == "" && r.sniffer != nil {
		var shortXML bool
		found, shortXML = findMark(r.in, xmlStarts)
		short = short || shortXML
		if skip = r.passed; found.encoding == "utf-16le" {
			skip = 2 * r.passed // "<" was given out, and took two bytes
		}
	}
	if short && found.encoding == "" && r.err == nil {
		return true
	}
	r.starting = false
	r.in = r.in[min(skip, len(r.in)):]
	if found.encoding != "" {
		r.sniffer, r.decoder = nil, decoderOf(found.encoding)
	}
	return false
}

// passes reports whether the page is UTF-8 and there is nothing to do but to hand
// on what comes.
func (r *textReader) passes() bool {
	_, same := r.decoder.(passUTF8)
	return same && !r.starting && r.sniffer == nil && len(r.in) == 0
}

// pass reads from the source into p, without a copy.
func (r *textReader) pass(p []byte) (int, error) {
	n, err := r.src.Read(p)
	r.err = err
	if clean := indexMarkByte(p[:n]); clean < n {
		r.in = bytes.Clone(p[clean:n])
		if clean == 0 {
			return r.Read(p)
		}
		return clean, nil
	}
	return n, err
}

// passUTF8 leaves UTF-8 as it is, valid or not. Where it is not, the browser puts
// U+FFFD, and that hides nothing from us: to the rewriter only bytes below 0x80
// mean anything, and a UTF-8 decoder never takes such a byte for a part of a
// sequence, it ends the broken one and reads the byte anew (Encoding Standard
// §8.1.1, "restore byte"). So an overlong "<" (C0 BC) is two U+FFFD in every
// browser, and a lead byte before a quote does not swallow the quote.
//
// The exception are FE and FF, which are in no UTF-8. At the start of what the
// browser gets they would be the mark of UTF-16, which overrules our header, and
// that start is not only the page's: behind a UTF-8 mark that we leave out, or a
// script that is taken out, it can be anywhere (CWE-838). They become here what the
// browser would make of them.
type passUTF8 struct{ transform.NopResetter }

// Transform implements transform.Transformer.
func (passUTF8) Transform(dst, src []byte, _ bool) (nDst, nSrc int, err error) {
	const invalid = "\uFFFD"
	for ; nSrc < len(src); nSrc++ {
		switch c := src[nSrc]; {
		case len(dst)-nDst < len(invalid):
			return nDst, nSrc, transform.ErrShortDst
		case c >= 0xfe:
			nDst += copy(dst[nDst:], invalid)
		default:
			dst[nDst] = c
			nDst++
		}
	}
	return nDst, nSrc, nil
}

// indexMarkByte returns where the first byte of a UTF-16 mark is, or len(b).
func indexMarkByte(b []byte) int {
	for _, c := range []byte{0xfe, 0xff} {
		if i := bytes.IndexByte(b, c); i >= 0 {
			b = b[:i]
		}
	}
	return len(b)
}

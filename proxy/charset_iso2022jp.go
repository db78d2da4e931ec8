package proxy

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/transform"
)

// iso2022JP decodes ISO-2022-JP as browsers do, Encoding Standard §12.2.1.
//
// The decoder of x/text follows RFC 2237: it swallows the escape sequence after half
// a character, goes back to ASCII at a line feed, knows JIS X 0212, lets SO and SI
// pass. With it, text that the upstream has checked by the standard could come out
// as markup that the upstream did not see (CWE-838). The scripts in it would get no
// grant, but it would be our doing.
type iso2022JP struct {
	set     characterSet
	escaped bool // the last thing was an escape sequence
}

type characterSet byte

const (
	setASCII characterSet = iota
	setRoman
	setKatakana
	setJIS0208
)

const escape = 0x1b

// jis0208 is the index of that name, made from EUC-JP, which is it with the high
// bits set.
var jis0208 = sync.OnceValue(func() *[94][94]rune {
	var index [94][94]rune
	euc := japanese.EUCJP.NewDecoder()
	var text [utf8.UTFMax]byte
	for row := range index {
		for cell := range index[row] {
			_, _, _ = euc.Transform(text[:], []byte{0xa1 + byte(row), 0xa1 + byte(cell)}, true) // always one character
			index[row][cell], _ = utf8.DecodeRune(text[:])
		}
	}
	return &index
})

// Reset implements transform.Transformer.
func (d *iso2022JP) Reset() { *d = iso2022JP{} }

// Transform implements transform.Transformer.
func (d *iso2022JP) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if src[nSrc] == escape {
			set, known, short := escapeSequence(src[nSrc:])
			if short && !atEOF {
				return nDst, nSrc, transform.ErrShortSrc
			}
			if known && !d.escaped {
				d.set, d.escaped = set, true
				nSrc += 3
				continue
			}
			if len(dst)-nDst < utf8.UTFMax {
				return nDst, nSrc, transform.ErrShortDst
			}
			// Two sequences with nothing between leave a trace, so that they
			// cannot split a word unseen (Encoding Standard, "output flag").
			nDst += utf8.EncodeRune(dst[nDst:], utf8.RuneError)
			if known {
				d.set = set
				nSrc += 3
			} else {
				d.escaped = false
				nSrc++
			}
			continue
		}
		c, size := d.character(src[nSrc:])
		if size == 0 {
			if !atEOF {
				return nDst, nSrc, transform.ErrShortSrc
			}
			size = 1
		}
		if len(dst)-nDst < utf8.UTFMax {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += utf8.EncodeRune(dst[nDst:], c)
		nSrc += size
		d.escaped = false
	}
	return nDst, nSrc, nil
}

// escapeSequence reads the sequence at the start of b, which begins with ESC.
func escapeSequence(b []byte) (set characterSet, known, short bool) {
	if len(b) < 2 || len(b) < 3 && (b[1] == '$' || b[1] == '(') {
		return 0, false, true
	}
	if len(b) < 3 {
		return 0, false, false
	}
	switch string(b[1:3]) {
	case "(B":
		return setASCII, true, false
	case "(J":
		return setRoman, true, false
	case "(I":
		return setKatakana, true, false
	case "$@", "$B":
		return setJIS0208, true, false
	}
	return 0, false, false
}

// character reads the character at the start of b. Its size is 0 if b has only half
// of it.
func (d *iso2022JP) character(b []byte) (c rune, size int) {
	const shiftOut, shiftIn = 0x0e, 0x0f
	switch c := b[0]; d.set {
	case setASCII, setRoman:
		switch {
		case c >= utf8.RuneSelf || c == shiftOut || c == shiftIn:
			return utf8.RuneError, 1
		case d.set == setRoman && c == '\\':
			return '¥', 1
		case d.set == setRoman && c == '~':
			return '‾', 1
		}
		return rune(c), 1
	case setKatakana:
		if c < 0x21 || c > 0x5f {
			return utf8.RuneError, 1
		}
		return rune(c) - 0x21 + 0xff61, 1
	}
	switch {
	case b[0] < 0x21 || b[0] > 0x7e:
		return utf8.RuneError, 1
	case len(b) < 2:
		return utf8.RuneError, 0
	case b[1] == escape:
		return utf8.RuneError, 1 // the escape sequence is read as one
	case b[1] < 0x21 || b[1] > 0x7e:
		return utf8.RuneError, 2
	}
	return jis0208()[b[0]-0x21][b[1]-0x21], 2
}

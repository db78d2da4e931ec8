package rewrite

import (
	"bytes"
)

// skipTag reads a start tag that means nothing to the rewriter in plain HTML, and
// returns where it ends. It returns 0 for every other: when the name may matter, when
// an attribute is one that must be looked at, when b ends first. Then nothing was
// done, and startTag.scan reads the tag. Most tags of a page end here, so this is
// the same states with nothing kept.
//
// What costs time here is branches that the processor cannot foresee, more than
// bytes: a loop over the letters of a name is one, a switch over names is some.
func skipTag(b []byte, watchesID bool) int {
	i := 1
	for i < len(b) && class[b[i]]&endsAttrName == 0 {
		i++
	}
	if i >= len(b)-8 {
		return 0 // too near to the end to look at a name
	}
	watched := watchedAlways
	if watchesID {
		watched |= watchID
	}
	if eventful[b[1]]>>((i-1)&31)&1 != 0 {
		// Most of these two mean nothing either; their attributes tell.
		switch {
		case equalFold(b[1:i], "meta"):
			watched |= watchHTTPEquiv
		case equalFold(b[1:i], "link"):
			watched |= watchRel
		default:
			return 0
		}
	}
	for {
		if i >= len(b)-9 {
			return 0
		}
		if b[i] == '>' {
			return i + 1
		}
		if b[i] == ' ' {
			i++
		}
		if class[b[i]]&isLetter == 0 {
			for i < len(b) && class[b[i]]&(isSpace|isSlash) != 0 {
				i++
			}
			if i >= len(b)-8 {
				return 0
			}
			if b[i] == '>' {
				return i + 1
			}
		}
		if first[b[i]]&second[b[i+1]]&watched != 0 && !plainAttribute(b[i:]) {
			return 0
		}
		i++
		for i < len(b) && class[b[i]]&endsAttrName == 0 {
			i++
		}
		if i >= len(b)-2 {
			return 0
		}
		if b[i] != '=' || class[b[i+1]]&isSpace != 0 {
			for i < len(b) && class[b[i]]&isSpace != 0 {
				i++
			}
			if i == len(b) {
				return 0
			}
			if b[i] != '=' {
				continue
			}
			for i+1 < len(b) && class[b[i+1]]&isSpace != 0 {
				i++
			}
			if i >= len(b)-2 {
				return 0
			}
		}
		i++
		switch quote := b[i]; quote {
		case '>':
			return i + 1
		case '"', '\'':
			i++
			if mayBeJavaScriptURL(b[i:]) && b[i] != quote {
				return 0
			}
			k := bytes.IndexByte(b[i:], quote)
			if k < 0 {
				return 0
			}
			i += k + 1
		default:
			if mayBeJavaScriptURL(b[i:]) {
				return 0
			}
			for i < len(b) && class[b[i]]&endsUnquoted == 0 {
				i++
			}
			if i == len(b) {
				return 0
			}
			if b[i] == '>' {
				return i + 1
			}
		}
	}
}

// watch is a set of attributes, each by the two letters that it begins with.
type watch uint8

const (
	watchHandler watch = 1 << iota
	watchNonce
	watchSrcdoc
	watchValues
	watchID
	watchHTTPEquiv
	watchRel
	watchedAlways = watchHandler | watchNonce | watchSrcdoc | watchValues
)

var first, second = func() (first, second [256]watch) {
	for _, a := range [...]struct {
		letters string
		watch   watch
	}{
		{"on", watchHandler}, {"no", watchNonce}, {"sr", watchSrcdoc}, {"va", watchValues}, {"id", watchID}, {"ht", watchHTTPEquiv}, {"re", watchRel},
	} {
		for _, capital := range [...]byte{0, 'a' - 'A'} {
			first[a.letters[0]-capital] |= a.watch
			second[a.letters[1]-capital] |= a.watch
		}
	}
	return first, second
}()

// plainAttribute reports whether an attribute that begins like one that is watched
// is another.
func plainAttribute(b []byte) bool {
	switch b[0] | 0x20 {
	case 's': // src and srcset are none
		return b[3]|0x20 != 'd'
	case 'v': // value
		return b[5]|0x20 != 's'
	case 'r':
		return plainRel(b)
	}
	return false
}

// plainRel reports whether an attribute that begins with "r" is a rel as most links
// have it, such as rel="stylesheet": one that preloads nothing.
func plainRel(b []byte) bool {
	const name = `rel="`
	if len(b) < len(name) || string(b[:len(name)]) != name {
		return false
	}
	for i, c := range b[len(name):] {
		switch {
		case c == '"':
			return true
		case class[c]&isLetter == 0 && c != ' ', c|0x20 == 'p', i > 32: // nothing with "preload" in it
			return false
		}
	}
	return false
}

// skipEndTag reads an end tag without attributes, which means nothing in plain HTML.
func skipEndTag(b []byte) int {
	if len(b) < 4 || class[b[2]]&isLetter == 0 {
		return 0
	}
	i := 3
	for i < len(b) && class[b[i]]&endsAttrName == 0 {
		i++
	}
	if i == len(b) || b[i] != '>' {
		return 0
	}
	return i + 1
}

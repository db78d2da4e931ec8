package rewrite

import "bytes"

// skipTag reads a start tag that means nothing to the rewriter in plain HTML, and
// returns where it ends. It returns 0 for every other: when the name may matter, when
// an attribute is one that must be looked at, when b ends first. Then nothing was
// done, and startTag.scan reads the tag. Most tags of a page end here, so this is
// the same states with nothing kept.
func skipTag(b []byte, watchesID bool) int {
	i := 1
	for i < len(b) && class[b[i]]&endsTagName == 0 {
		i++
	}
	if i == len(b) {
		return 0
	}
	var isMeta, isLink bool
	if eventful[b[1]]>>((i-1)&31)&1 != 0 {
		// Most of these two mean nothing either; their attributes tell.
		isMeta, isLink = equalFold(b[1:i], "meta"), equalFold(b[1:i], "link")
		if !isMeta && !isLink {
			return 0
		}
	}
	for {
		for i < len(b) && class[b[i]]&(isSpace|isSlash) != 0 {
			i++
		}
		if i >= len(b)-8 {
			return 0 // too near to the end to look at a name
		}
		switch c := b[i]; c | 0x20 {
		case '>' | 0x20:
			if c == '>' {
				return i + 1
			}
		case 'o', 'n': // on…, nonce
			if b[i+1]|0x20 == 'n' || b[i+1]|0x20 == 'o' {
				return 0
			}
		case 's': // srcdoc
			if b[i+3]|0x20 == 'd' {
				return 0
			}
		case 'i': // id
			if b[i+1]|0x20 == 'd' && watchesID {
				return 0
			}
		case 'h': // http-equiv
			if isMeta {
				return 0
			}
		case 'r': // rel
			if isLink && !plainRel(b[i:]) {
				return 0
			}
		case 'v': // values
			if b[i+5]|0x20 == 's' {
				return 0
			}
		}
		i++
		for i < len(b) && class[b[i]]&endsAttrName == 0 {
			i++
		}
		for i < len(b) && class[b[i]]&isSpace != 0 {
			i++
		}
		if i == len(b) {
			return 0
		}
		if b[i] != '=' {
			continue
		}
		i++
		for i < len(b) && class[b[i]]&isSpace != 0 {
			i++
		}
		if i >= len(b)-1 {
			return 0
		}
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
	for i < len(b) && class[b[i]]&endsTagName == 0 {
		i++
	}
	if i == len(b) || b[i] != '>' {
		return 0
	}
	return i + 1
}

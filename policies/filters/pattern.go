package filters

import "bytes"

// flags say how a pattern is bound to the URL, and what else is asked of a request.
type flags uint16

const (
	startAnchor flags = 1 << iota // begins with "|"
	endAnchor                     // ends with "|"
	hostAnchor                    // begins with "||"
	wild                          // holds a "*"
	isRegexp
	withCaseFlag
	exception
	important
	thirdPartyOnly
	firstPartyOnly
)

// when returns the flag if it is set, else none.
func (f flags) when(set bool) flags {
	if set {
		return f
	}
	return 0
}

// parsePattern takes the anchors and needless wildcards off a pattern.
func parsePattern(p []byte) ([]byte, flags) {
	var f flags
	if rest, ok := bytes.CutPrefix(p, []byte("||")); ok {
		p, f = rest, hostAnchor
	} else if rest, ok := bytes.CutPrefix(p, []byte("|")); ok {
		p, f = rest, startAnchor
	}
	if rest, ok := bytes.CutSuffix(p, []byte("|")); ok {
		p, f = rest, f|endAnchor
	}
	if rest := bytes.TrimLeft(p, "*"); len(rest) < len(p) {
		p, f = rest, f&^(startAnchor|hostAnchor)
	}
	if rest := bytes.TrimRight(p, "*"); len(rest) < len(p) {
		p, f = rest, f&^endAnchor
	}
	if len(p) == 0 {
		return nil, 0 // it matches everything
	}
	if bytes.IndexByte(p, '*') >= 0 {
		f |= wild
	}
	return p, f
}

// matchAt matches a pattern without wildcards at an offset, and returns where it
// ends, or -1. At the end of the URL a separator matches nothing.
func matchAt(url []byte, at int, p []byte) int {
	if at < 0 {
		return -1
	}
	for _, c := range p {
		switch {
		case at < len(url) && (url[at] == c && c != '^' || c == '^' && isSeparator(url[at])):
			at++
		case at == len(url) && c == '^':
		default:
			return -1
		}
	}
	return at
}

// find returns the end of the leftmost match of a pattern without wildcards that
// begins at the offset or behind it, or -1.
func find(url []byte, from int, p []byte) int {
	separators := bytes.IndexByte(p, '^')
	if separators < 0 {
		i := bytes.Index(url[from:], p)
		if i < 0 {
			return -1
		}
		return from + i + len(p)
	}
	for i := from; i <= len(url); i++ {
		if separators > 0 {
			next := bytes.IndexByte(url[i:], p[0])
			if next < 0 {
				return -1
			}
			i += next
		}
		if end := matchAt(url, i, p); end >= 0 {
			return end
		}
	}
	return -1
}

// findLast reports whether a pattern without wildcards matches at the very end of
// the URL, beginning at the offset or behind it.
func findLast(url []byte, from int, p []byte) bool {
	for i := max(from, len(url)-len(p)); i <= len(url); i++ {
		if matchAt(url, i, p) == len(url) {
			return true
		}
	}
	return false
}

// search matches a pattern with or without wildcards anywhere that its anchors
// allow.
//
// A URL is whatever the page's author or a script's maker likes, so the time must
// not depend on how often a part of the pattern fits (CWE-1333): each part between
// wildcards is taken where it first fits, which leaves the most to the parts behind
// it, and is never tried again. The time is at most the product of the lengths.
func (r *Request) search(url, p []byte, f flags) bool {
	part, rest, more := bytes.Cut(p, []byte("*"))
	toEnd := f&endAnchor != 0
	at := -1
	switch {
	case f&startAnchor != 0:
		at = matchAt(url, 0, part)
		if !more && toEnd && at != len(url) {
			return false
		}
	case f&hostAnchor != 0:
		for i := r.host; i < r.hostEnd && at < 0; i++ {
			if r.labelStart(i, part) {
				at = matchAt(url, i, part)
				if !more && toEnd && at != len(url) {
					at = -1
				}
			}
		}
	case !more && toEnd:
		return findLast(url, 0, part)
	default:
		at = find(url, 0, part)
	}
	for at >= 0 && more {
		part, rest, more = bytes.Cut(rest, []byte("*"))
		if !more && toEnd {
			return findLast(url, at, part)
		}
		at = find(url, at, part)
	}
	return at >= 0
}

// labelStart reports whether a pattern that is anchored to the host name may match
// at the offset: where a label begins, or at a dot if the pattern begins with one.
func (r *Request) labelStart(at int, p []byte) bool {
	if at < r.host || at >= r.hostEnd {
		return false
	}
	if len(p) > 0 && p[0] == '.' {
		return r.lower[at] == '.'
	}
	return at == r.host || r.lower[at-1] == '.'
}

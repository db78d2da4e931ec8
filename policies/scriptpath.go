package policies

import (
	"bytes"
	"slices"
)

// setPath resolves the path as it is written and judges it, both as it is written
// and resolved.
func (u *ScriptURL) setPath(page *PageURL, written []byte, absolute bool) bool {
	if len(written) == 0 {
		if absolute {
			u.buf = append(u.buf, '/')
			u.certain = true
		} else {
			u.buf = append(u.buf, page.path...)
			u.certain = page.pathPlain
		}
		return true
	}
	look := lookAt(written)
	if look&badEscape != 0 {
		return false
	}
	u.certain = look&notPlain == 0
	path := written
	if look&notValid != 0 {
		u.escaped = appendEscaped(u.escaped[:0], written)
		path, look = u.escaped, look|dots
	}
	rooted := path[0] == '/'
	switch {
	case look&dots == 0 && rooted:
		u.buf = append(u.buf, path...)
	case look&dots == 0 && !page.folderEmpty:
		u.buf = append(append(append(u.buf, page.folder...), '/'), path...)
		u.certain = u.certain && page.folderPlain
	default:
		start, empty := len(u.buf), true
		if !rooted {
			u.buf, empty = append(u.buf, page.folder...), page.folderEmpty
		}
		u.buf, _ = appendSegments(u.buf, start, empty, path)
		u.buf = endSegments(u.buf, start, path)
		u.certain = u.certain && isPlain(u.buf[start:])
	}
	return true
}

// appendSegments appends the segments of path to the path that begins at
// buf[start], and takes dot segments out (RFC 3986 §5.2.4, in the reading of
// net/url). empty says that nothing was appended yet, not even an empty segment,
// which writes nothing either.
func appendSegments(buf []byte, start int, empty bool, path []byte) ([]byte, bool) {
	for more := true; more; {
		segment := path
		if slash := bytes.IndexByte(path, '/'); slash >= 0 {
			segment, path = path[:slash], path[slash+1:]
		} else {
			more = false
		}
		switch {
		case len(segment) == 1 && segment[0] == '.':
			empty = false
		case len(segment) == 2 && segment[0] == '.' && segment[1] == '.':
			buf = buf[:start+max(bytes.LastIndexByte(buf[start:], '/'), 0)]
			empty = len(buf) == start
		default:
			if !empty {
				buf = append(buf, '/')
			}
			buf = append(buf, segment...)
			empty = false
		}
	}
	return buf, empty
}

// endSegments ends a path whose last segments were those of written, and sees to
// it that it begins with a slash.
func endSegments(buf []byte, start int, written []byte) []byte {
	switch last := written[bytes.LastIndexByte(written, '/')+1:]; string(last) {
	case ".", "..":
		buf = append(buf, '/')
	}
	if len(buf) == start || buf[start] != '/' {
		buf = slices.Insert(buf, start, '/')
	}
	return buf
}

// What a look at a path may find.
const (
	notPlain  = 1 << iota // two parsers or servers may read it in two ways
	notValid              // a byte that has to be escaped
	badEscape             // a "%" without two hexadecimal digits
	dots                  // perhaps a dot segment
)

// lookAt judges a path. It is plain when it has no encoded slash, backslash,
// percent sign or NUL, no letter that is needlessly encoded, no empty segment, no
// path parameter, nothing that some encode and others do not. guard/decide.ts has
// the same test.
func lookAt(path []byte) (found int) {
	all := ^byte(0)
	before := byte('/') // what is relative may begin with a dot segment
	if len(path) > 0 && path[0] == '/' {
		before = 0
	}
	for i, c := range path {
		all &= bytesOfURLs[c]
		if before == '/' {
			switch c {
			case '.':
				found |= dots
			case '/':
				found |= notPlain
			}
		}
		if c == '%' {
			found |= lookAtEscape(path[i+1:])
		}
		before = c
	}
	if all&ofPlainPath == 0 {
		found |= notPlain
	}
	if all&ofValidPath == 0 {
		found |= notValid
	}
	return found
}

// lookAtEscape judges what follows a "%".
func lookAtEscape(rest []byte) int {
	if len(rest) < 2 || bytesOfURLs[rest[0]]&bytesOfURLs[rest[1]]&hexadecimal == 0 {
		return notPlain | badEscape
	}
	if isSpace := rest[0] == '2' && rest[1] == '0'; !isSpace && rest[0] < '8' {
		return notPlain
	}
	return 0
}

func isPlain(path []byte) bool { return lookAt(path)&notPlain == 0 }

// validEscapes reports whether every "%" has its two digits.
func validEscapes(s []byte) bool {
	for i, c := range s {
		if c == '%' && lookAtEscape(s[i+1:])&badEscape != 0 {
			return false
		}
	}
	return true
}

const upperHex = "0123456789ABCDEF"

// appendEscaped appends a path that is not valid as it is written, every character
// decoded and encoded again. It is not plain, so what matters is only that it looks
// like one.
func appendEscaped(buf, path []byte) []byte {
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' {
			c = unhex(path[i+1])<<4 | unhex(path[i+2])
			i += 2
		}
		if bytesOfURLs[c]&kept != 0 {
			buf = append(buf, c)
		} else {
			buf = append(buf, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return buf
}

func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c&^('a'-'A') - 'A' + 10
}

// setQuery appends the query, in which browsers encode what the special-query
// percent-encode set has (URL Standard, §1.3).
func (u *ScriptURL) setQuery(query []byte, hasQuery bool) {
	u.queryStart = len(u.buf)
	u.queryPlain = true
	u.buf = append(u.buf, '?')
	if !hasQuery {
		u.end = u.queryStart
		return
	}
	start := len(u.buf)
	u.buf = append(u.buf, query...)
	all := ^byte(0)
	for _, c := range query {
		all &= bytesOfURLs[c]
	}
	u.queryPlain = all&ofPlainQuery != 0
	if !u.queryPlain {
		u.buf = u.buf[:start]
		for _, c := range query {
			if bytesOfURLs[c]&ofSentQuery != 0 {
				u.buf = append(u.buf, c)
			} else {
				u.buf = append(u.buf, '%', upperHex[c>>4], upperHex[c&15])
			}
		}
	}
	u.end = len(u.buf)
}

// What a byte may be in a URL.
const (
	delimiter    = 1 << iota // "?", "#", a backslash or a control character
	ofHost                   // in a plain host
	ofPlainPath              // in a plain path, "%" if what follows is plain
	ofValidPath              // in a valid path, which need not be plain
	kept                     // in a path whose characters were encoded anew
	ofPlainQuery             // in a query that everyone reads alike
	ofSentQuery              // in a query as browsers send it
	hexadecimal
)

var bytesOfURLs = func() (table [256]byte) {
	set := func(bit byte, chars string) {
		for i := range len(chars) {
			table[chars[i]] |= bit
		}
	}
	const (
		digits  = "0123456789"
		lower   = "abcdefghijklmnopqrstuvwxyz"
		letters = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + digits
	)
	for c := range 256 {
		if c < ' ' || c == 0x7f {
			table[c] |= delimiter
		}
		if c > ' ' && c < 0x7f {
			table[c] |= ofPlainQuery | ofSentQuery
		}
	}
	set(delimiter, "?#\\")
	set(ofHost, lower+digits+"-_.")
	set(ofPlainPath, letters+"._~!$&'()*+,=:@/-%")
	set(ofValidPath, letters+"._~!$&'()*+,;=:@/-%[]")
	set(kept, letters+"._~$&+,/:;=@-")
	set(hexadecimal, digits+"abcdefABCDEF")
	for _, c := range "\\\"<>^`{}|'#" {
		table[c] &^= ofPlainQuery
	}
	for _, c := range "\"<>'#" {
		table[c] &^= ofSentQuery
	}
	return table
}()

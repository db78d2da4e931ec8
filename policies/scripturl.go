package policies

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"

	"chatproxy/policies/filters"
)

// ErrAmbiguousURL is returned for a URL of which it is not certain to which origin
// the browser will turn.
var ErrAmbiguousURL = errors.New("the URL is read differently by different parsers")

// A ScriptURL is a script's URL, resolved and judged. The zero value is ready;
// Resolve overwrites it, and allocates nothing once its buffer has grown.
//
// A rule must judge the very URL that the browser will fetch, and what the upstream
// takes it for. Browsers follow the URL Standard, where "/\\evil.example/x.js" and
// "https:///evil.example/x.js" are not what RFC 3986 makes of them (CWE-436), and
// many servers decode "/static/..%2fuploads/x.js" before they look for the file
// (CWE-22). So a URL whose origin is not plain is refused with [ErrAmbiguousURL],
// and one whose path is not plain is not certain: it can be isolated and is never
// allowed.
type ScriptURL struct {
	page       *PageURL // nil until Resolve succeeds
	scheme     string
	buf        []byte // the serialised URL; then "?" where it has no query
	hostStart  int
	pathStart  int // the origin's end
	queryStart int // of the "?"
	end        int
	keys       [kinds]uint64 // of the origin, for conditions
	sameOrigin bool          // the page's
	certain    bool
	queryPlain bool

	escaped []byte // scratch for the rare path that has to be rewritten

	request   filters.Request // for lists, once requested
	requested bool
}

// Resolve reads the src of a script, as written with character references decoded,
// against the page's URL. After an error u is ambiguous to [Scripts.Decide].
func (u *ScriptURL) Resolve(page *PageURL, src []byte) error {
	u.requested = false
	if u.resolve(page, src) {
		u.page = page
		return nil
	}
	u.page, u.certain, u.end, u.pathStart = nil, false, 0, 0
	return ErrAmbiguousURL
}

// Certain reports whether every parser and server reads the URL's path alike.
func (u *ScriptURL) Certain() bool { return u.certain }

// Bytes returns the absolute URL as a browser asks for it, without the fragment,
// until the next Resolve. That of a URL that is not certain is a likely one.
func (u *ScriptURL) Bytes() []byte { return u.buf[:u.end:u.end] }

// Origin returns scheme, host and port as [OriginOf] does, until the next Resolve.
func (u *ScriptURL) Origin() []byte { return u.buf[:u.pathStart:u.pathStart] }

func (u *ScriptURL) host() []byte { return u.buf[u.hostStart:u.pathStart] }
func (u *ScriptURL) path() []byte { return u.buf[u.pathStart:u.queryStart] }

// target returns the path with "?" and the query, even where it has none.
func (u *ScriptURL) target() []byte { return u.buf[u.pathStart:max(u.end, u.queryStart+1)] }

// resolve is Resolve; it returns false for what is ambiguous.
func (u *ScriptURL) resolve(page *PageURL, src []byte) bool {
	written, query, hasQuery, ok := cutReference(src)
	if !ok {
		return false
	}
	scheme, written, ok := cutScheme(written)
	if !ok {
		return false
	}
	absolute := bytes.HasPrefix(written, slashes)
	switch {
	case absolute:
		if scheme == "" {
			scheme = page.scheme
		}
		authority := written[2:]
		if slash := bytes.IndexByte(authority, '/'); slash >= 0 {
			authority, written = authority[:slash], authority[slash:]
		} else {
			written = nil
		}
		// Not even the page's own scheme may be "".
		if scheme == "" || !u.setOrigin(page, scheme, authority) {
			return false
		}
	case scheme != "", !page.plain:
		return false // "https:x.js" is relative to some and absolute to others
	default:
		u.scheme, u.sameOrigin, u.keys = page.scheme, true, page.keys
		u.buf = append(u.buf[:0], page.origin...)
		u.hostStart, u.pathStart = len(page.scheme)+len("://"), len(u.buf)
	}
	if !u.setPath(page, written, absolute) {
		return false
	}
	if len(written) == 0 && !hasQuery && !absolute {
		query, hasQuery = page.query, len(page.query) > 0
	}
	u.setQuery(query, hasQuery)
	return true
}

var slashes = []byte("//")

// cutReference takes the white space around a reference off and cuts it at its
// query and its fragment, of which only the query is returned. White space and
// control characters inside are taken out by browsers, a backslash is a slash to
// them: such references are not ok.
func cutReference(src []byte) (written, query []byte, hasQuery, ok bool) {
	for len(src) > 0 && src[0] <= ' ' {
		src = src[1:]
	}
	for len(src) > 0 && src[len(src)-1] <= ' ' {
		src = src[:len(src)-1]
	}
	question, hash := -1, -1
	for i, c := range src {
		if bytesOfURLs[c]&delimiter == 0 {
			continue
		}
		switch {
		case c == '?':
			if question < 0 {
				question = i
			}
		case c == '#':
			if hash < 0 {
				hash = i
			}
		case c != '\\' || question < 0:
			return nil, nil, false, false
		}
	}
	written = src
	if hash >= 0 {
		if !validEscapes(src[hash+1:]) {
			return nil, nil, false, false
		}
		written = src[:hash]
	}
	if question >= 0 && (hash < 0 || question < hash) {
		return written[:question], written[question+1:], true, len(src) > 0
	}
	return written, nil, false, len(src) > 0
}

// cutScheme cuts off the scheme, "" for none. Only those of the web are ok.
func cutScheme(written []byte) (scheme string, rest []byte, ok bool) {
	if len(written) == 0 || written[0] == '/' {
		return "", written, true
	}
	colon := bytes.IndexByte(written, ':')
	if slash := bytes.IndexByte(written, '/'); colon < 0 || slash >= 0 && slash < colon {
		return "", written, true
	}
	switch {
	case colon == 5 && bytes.EqualFold(written[:colon], []byte("https")):
		return "https", written[colon+1:], true
	case colon == 4 && bytes.EqualFold(written[:colon], []byte("http")):
		return "http", written[colon+1:], true
	}
	return "", nil, false // another scheme, or no scheme at all: "a_b:c"
}

// setOrigin sets scheme, host and port, and reports whether every parser reads the
// authority alike: a name of letters, digits, hyphens and underscores or an address
// in its one canonical form, without user name. Browsers read "0x7f.1" and "127.1"
// as 127.0.0.1, decode "%61" and turn "İ" into two letters.
func (u *ScriptURL) setOrigin(page *PageURL, scheme string, authority []byte) bool {
	u.scheme = scheme
	u.buf = append(append(u.buf[:0], scheme...), "://"...)
	u.hostStart = len(u.buf)
	colon := len(authority)
	if len(authority) > 0 && authority[0] == '[' {
		colon = bytes.IndexByte(authority, ']') + 1
		if colon < len(authority) && authority[colon] != ':' {
			return false
		}
	} else if i := bytes.IndexByte(authority, ':'); i >= 0 {
		colon = i
	}
	var ok bool
	if u.buf, ok = appendHost(u.buf, authority[:colon]); !ok {
		return false
	}
	if colon < len(authority) {
		port := authority[colon+1:]
		if !isPort(port) {
			return false
		}
		if isDefault := scheme == "https" && string(port) == "443" || scheme == "http" && string(port) == "80"; !isDefault {
			u.buf = append(u.buf, authority[colon:]...)
		}
	}
	u.pathStart = len(u.buf)
	u.sameOrigin = bytes.Equal(u.buf, page.origin)
	u.keys = [kinds]uint64{ownOrigin: isOwnKey(u.sameOrigin), exactOrigin: exactKey(u.buf), wildOrigin: wildKey(u.buf)}
	return true
}

// appendHost appends the host in lower case, if it is plain.
func appendHost(buf, host []byte) (_ []byte, ok bool) {
	start := len(buf)
	if len(host) == 0 {
		return buf, false
	}
	if host[0] == '[' {
		return appendIPv6(buf, host)
	}
	buf = append(buf, host...)
	name := buf[start:]
	label := 0 // where the last label begins that is not empty
	for i, c := range name {
		switch {
		case 'A' <= c && c <= 'Z':
			name[i] = c + ('a' - 'A')
		case bytesOfURLs[c]&ofHost == 0:
			return buf, false
		case c == '.':
			if i == 0 || name[i-1] == '.' {
				return buf, false
			}
			if i+1 < len(name) {
				label = i + 1
			}
		}
	}
	// The URL Standard takes a host for an address by its last label, also where a
	// dot follows.
	return buf, !isDigit(name[label]) || isIPv4(name)
}

// isIPv4 reports whether name is an IPv4 address in its canonical form.
func isIPv4(name []byte) bool {
	numbers, n, digits := 0, 0, 0
	for i := 0; i <= len(name); i++ {
		if i == len(name) || name[i] == '.' {
			if digits == 0 || n > 255 {
				return false
			}
			numbers, n, digits = numbers+1, 0, 0
			continue
		}
		if !isDigit(name[i]) || digits > 0 && n == 0 || digits == 3 {
			return false
		}
		n, digits = 10*n+int(name[i]-'0'), digits+1
	}
	return numbers == 4
}

// appendIPv6 appends an IPv6 address in brackets. Browsers write "::ffff:1.2.3.4"
// without dots and net/netip with them: there is no one form of it. This allocates;
// scripts have names.
func appendIPv6(buf, host []byte) (_ []byte, ok bool) {
	text := string(bytes.ToLower(host[1 : len(host)-1]))
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is6() || addr.Zone() != "" || addr.String() != text || bytes.IndexByte(host, '.') >= 0 {
		return buf, false
	}
	return append(append(append(buf, '['), text...), ']'), true
}

// isPort reports whether port is a number in its canonical form.
func isPort(port []byte) bool {
	if len(port) == 0 || len(port) > 5 || port[0] == '0' && len(port) > 1 {
		return false
	}
	n := 0
	for _, c := range port {
		if !isDigit(c) {
			return false
		}
		n = 10*n + int(c-'0')
	}
	return n <= 65535
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

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

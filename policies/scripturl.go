package policies

import (
	"bytes"
	"errors"

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

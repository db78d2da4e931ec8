package filters

import (
	"bytes"
	"slices"
)

// A Request is what a page asks for, made ready for matching. The zero value is
// usable and matches nothing until it is set. It is not for concurrent use.
type Request struct {
	raw, lower    []byte  // the URL without fragment, and in lower case
	host, hostEnd int     // the bounds of the host name in it, without port
	labels        []place // the host name from each label on
	tokens        []place
	sorted        bool // whether tokens are, which long URLs need
	kind          Type
	party         party

	pageGiven []byte  // as Set was given it
	page      []byte  // the page's host name
	pages     []place // the same from each label on
}

type party uint8

const (
	unknownParty party = iota
	firstParty
	thirdParty
)

// keepBytes caps the memory that a Request keeps for the next URL (CWE-770).
const keepBytes = 64 << 10

// Set makes r the request of a page for the URL. It copies what it is given, and
// allocates only where a URL is longer than all before.
//
// The URL is absolute, as browsers serialise it: in ASCII, with scheme and host in
// lower case. Its fragment is not looked at, for no server sees it. pageHost is the
// host name of the page, empty if it has none; every host is a third party to that.
// t is one of the constants.
func (r *Request) Set(url, pageHost []byte, t Type) {
	if cap(r.raw) > keepBytes {
		*r = Request{}
	}
	r.kind, r.party = t, unknownParty
	r.setPage(pageHost)
	if i := bytes.IndexByte(url, '#'); i >= 0 {
		url = url[:i]
	}
	start, end := hostOf(url)
	r.raw = append(r.raw[:0], url[:end]...)
	r.host, r.hostEnd = start, end
	// "ads.example." is another origin to browsers and the same host to the DNS. It
	// must not be the way around a filter.
	if start < end && url[end-1] == '.' {
		r.hostEnd--
		r.raw = r.raw[:r.hostEnd]
	}
	plainHost(r.raw[start:])
	r.raw = append(r.raw, url[end:]...)
	r.scan()
	r.labels = suffixes(r.labels[:0], r.lower[r.host:r.hostEnd], r.host)
}

// hostOf returns the bounds of the host name in a URL, without user and port.
func hostOf(url []byte) (start, end int) {
	colon := bytes.IndexByte(url, ':')
	if colon < 0 || !bytes.HasPrefix(url[colon:], []byte("://")) {
		return 0, 0
	}
	start = colon + len("://")
	for end = start; end < len(url) && url[end] != '/' && url[end] != '?' && url[end] != '\\'; end++ {
		if url[end] == '@' {
			start = end + 1
		}
	}
	after := start
	if i := bytes.IndexByte(url[start:end], ']'); i >= 0 && url[start] == '[' {
		after += i
	}
	if i := bytes.IndexByte(url[after:end], ':'); i >= 0 {
		end = after + i
	}
	return start, end
}

// plainHost puts what only a wildcard matches in place of characters that host
// names in filters do not have, so that none of them is taken for a name's end:
// browsers do ask the DNS for "ads.example!.evil.test".
func plainHost(host []byte) {
	address := len(host) > 0 && host[0] == '['
	for i, c := range host {
		switch {
		case isAlphanumeric(c), c == '-', c == '_', c == '%':
		case c == '.' && !address:
		case address && (c == ':' || c == '[' && i == 0 || c == ']' && i == len(host)-1):
		default:
			host[i] = 0xff
		}
	}
}

// scan lowers the URL and finds its tokens.
func (r *Request) scan() {
	r.lower = slices.Grow(r.lower[:0], len(r.raw))[:len(r.raw)]
	r.tokens = r.tokens[:0]
	lower, start, h := r.lower, -1, hash(0)
	for i, c := range r.raw {
		lower[i] = lowered[c]
		if cipher := ciphers[c]; cipher != 0 {
			if start < 0 {
				start, h = i, 0
			}
			h = h.add(cipher)
			continue
		}
		if start >= 0 {
			r.tokens = append(r.tokens, placed(h.key(), start))
			start = -1
		}
		if c >= 0x80 {
			r.raw[i] = 0xff
		}
	}
	if start >= 0 {
		r.tokens = append(r.tokens, placed(h.key(), start))
	}
	r.sorted = len(r.tokens) > fewTokens
	if r.sorted {
		slices.Sort(r.tokens)
	}
}

// fewTokens is how many tokens repeated looks through one by one.
const fewTokens = 256

// repeated reports whether the token is also an earlier one of r.tokens. Filters
// that are matched against the whole URL are asked once a token, so that a URL
// that repeats it a thousand times takes no thousand times the time (CWE-407).
func (r *Request) repeated(i int) bool {
	if r.sorted {
		return i > 0 && r.tokens[i-1].key() == r.tokens[i].key()
	}
	for _, t := range r.tokens[:i] {
		if t.key() == r.tokens[i].key() {
			return true
		}
	}
	return false
}

func (r *Request) setPage(host []byte) {
	if bytes.Equal(host, r.pageGiven) {
		return // scripts of one page come one after the other
	}
	r.pageGiven = append(r.pageGiven[:0], host...)
	r.page = toLower(append(r.page[:0], bareHost(host)...))
	r.pages = suffixes(r.pages[:0], r.page, 0)
}

// bareHost takes the brackets off an address and the dot off a name's end.
func bareHost(host []byte) []byte {
	host = bytes.TrimSuffix(host, []byte("."))
	if rest, ok := bytes.CutPrefix(host, []byte("[")); ok {
		host = bytes.TrimSuffix(rest, []byte("]"))
	}
	return host
}

// thirdParty reports whether the request goes to another site than the page's.
func (r *Request) thirdParty() bool {
	if r.party == unknownParty {
		r.party = thirdParty
		if len(r.page) > 0 && sameSite(bareHost(r.lower[r.host:r.hostEnd]), r.page) {
			r.party = firstParty
		}
	}
	return r.party == thirdParty
}

package proxy

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"chatproxy/csp"
)

// Most of what a busy site sends are pages that it has sent before, byte for byte. Such
// a page is not read again: what the rewriter made of it is kept, with the places of the
// nonce, and the next one is that text with a nonce of its own.
//
// It is a memory of work, not a cache of responses: each request goes to the upstream,
// and its header is the upstream's own. That two pages are the same is found by comparing
// all of them, so nobody gets what the upstream did not just send him, and no collision
// of a hash can put one page's grants into another (CWE-328).

const (
	// repeatBytes is how much text is kept, at the most twice.
	repeatBytes = 8 << 20
	// fingerprinted is how much of a page's start, middle and end tells whether it may
	// be worth keeping.
	fingerprinted = 256
)

// A repeatKey is all that the text of a rewritten page depends on, beside the page
// itself and what stays the same for a site: mode and chat follow from the path.
type repeatKey struct {
	scheme, host, path, query string // relative URLs are resolved by it, and rules ask for it
	charset                   string // of the header
	webKit                    bool   // has the second policy in the page
}

func repeatKeyOf(x *exchange) repeatKey {
	return repeatKey{x.page.Scheme, x.page.Host, x.page.EscapedPath(), x.page.RawQuery, x.charset, x.webKit}
}

func (k repeatKey) size() int {
	return len(k.scheme) + len(k.host) + len(k.path) + len(k.query) + len(k.charset)
}

// A repeat is a page and what became of it.
type repeat struct {
	page []byte // as the upstream sent it
	text []byte // as it was sent on, but for the nonce
	at   []int  // where the nonce stands in text
}

// repeats keeps pages in bounded memory.
type repeats struct {
	mu            sync.Mutex
	recent, older map[repeatKey]*repeat // a full recent becomes older
	size          int                   // of recent
	seen          sightings             // pages that came once
	found         atomic.Int64          // how often a page was known
}

// find returns what became of this very page, or nil.
func (s *repeats) find(key repeatKey, page []byte) *repeat {
	s.mu.Lock()
	found := s.recent[key]
	if found == nil {
		if found = s.older[key]; found != nil {
			s.add(key, found)
		}
	}
	s.mu.Unlock()
	if found == nil || !bytes.Equal(found.page, page) {
		return nil
	}
	s.found.Add(1)
	return found
}

// keep takes a page and what became of it, when the page comes for the second time:
// pages that are never the same are not worth their memory.
func (s *repeats) keep(key repeatKey, page, text []byte, nonce csp.Nonce) {
	if s.seen.first(fingerprint(key, page)) {
		return
	}
	kept := &repeat{page: bytes.Clone(page), text: bytes.Clone(text)}
	for from := 0; ; {
		// 128 bits that nobody could know stand nowhere but where we wrote them.
		i := bytes.Index(text[from:], []byte(nonce.String()))
		if i < 0 {
			break
		}
		kept.at = append(kept.at, from+i)
		from += i + len(nonce.String())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(key, kept)
}

func (s *repeats) add(key repeatKey, r *repeat) {
	if s.recent == nil || s.size > repeatBytes {
		s.recent, s.older, s.size = map[repeatKey]*repeat{}, s.recent, 0
	}
	if old := s.recent[key]; old != nil {
		s.size -= key.size() + len(old.page) + len(old.text)
	}
	s.recent[key] = r
	s.size += key.size() + len(r.page) + len(r.text)
}

// fingerprint is the same for a page that comes again. That it is also the same for
// some others costs their memory, no more.
func fingerprint(key repeatKey, page []byte) []byte {
	middle := len(page) / 2
	return slices.Concat([]byte(key.host), []byte(key.path), []byte("?"), []byte(key.query),
		page[:min(fingerprinted, len(page))], page[middle:min(middle+fingerprinted, len(page))], page[max(0, len(page)-fingerprinted):])
}

// A repeatReader reads the text of a repeat with its own nonce in it.
type repeatReader struct {
	*repeat
	nonce string
	read  int
}

// Read implements io.Reader.
func (r *repeatReader) Read(p []byte) (int, error) {
	from := r.read
	n := copy(p, r.text[from:])
	r.read += n
	first, _ := slices.BinarySearch(r.at, from-len(r.nonce)+1)
	for _, at := range r.at[first:] {
		if at >= from+n {
			break
		}
		copy(p[max(0, at-from):n], r.nonce[max(0, from-at):])
	}
	if r.read == len(r.text) {
		return n, io.EOF
	}
	return n, nil
}

// recall finds out whether the page was rewritten before. Then nothing is left to do
// but to put in the nonce.
func (s *Site) recall(x *exchange, res *http.Response) error {
	if !s.rewrites(x, res) || !x.whole || !s.recallable(x, res) {
		return nil
	}
	found := s.repeats.find(repeatKeyOf(x), x.gathered)
	if found == nil {
		return nil
	}
	upstream := res.Body
	res.Body = readCloser{&repeatReader{repeat: found, nonce: x.nonce.String()}, upstream.Close}
	x.recalled, x.length = true, int64(len(found.text))
	return nil
}

// remember keeps what became of a page for the next time that it comes.
func (s *Site) remember(x *exchange, res *http.Response, text []byte) {
	if x.whole && !x.eventful && s.recallable(x, res) {
		s.repeats.keep(repeatKeyOf(x), x.gathered, text, x.nonce)
	}
}

// recallable reports whether nothing but the page decides on what becomes of it. Where
// the upstream announces nonces, the first page with one is another than the second;
// where verdicts are logged, they are logged for each visit. What the upstream calls one
// visitor's own is not kept.
func (s *Site) recallable(x *exchange, res *http.Response) bool {
	return len(x.upstream) == 0 && len(x.upstreamReport) == 0 && !s.logsVerdicts() &&
		!personal(res.Header.Values("Cache-Control"))
}

// personal reports whether a Cache-Control field says that the response is for one
// visitor, or should not be kept (RFC 9111 §5.2.2).
func personal(values []string) bool {
	for directive := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		if name == "private" || name == "no-store" {
			return true
		}
	}
	return false
}

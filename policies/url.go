package policies

import (
	"errors"
	"net/url"
	"strings"
)

// ErrAmbiguousURL is returned for a URL that net/url and the browser's URL
// Standard may read differently.
var ErrAmbiguousURL = errors.New("the URL is read differently by different parsers")

// ResolveScriptURL resolves the src of a script against the page's URL.
//
// A rule must judge the very URL that the browser will fetch. Browsers follow the
// URL Standard, where "/\evil.example/x.js", "https:///evil.example/x.js" and
// "/static/%2e%2e/x.js" are not what net/url makes of them (CWE-436,
// interpretation conflict). Whatever is not plainly the same in both is refused
// with [ErrAmbiguousURL], and what is refused is never allowed.
func ResolveScriptURL(page *url.URL, src string) (*url.URL, error) {
	src = strings.Trim(src, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f ")
	before, query, _ := strings.Cut(src, "?") // what is before decides where it leads
	if before+query == "" || !plain(before) || strings.Contains(strings.ToLower(before), "%2e") {
		return nil, ErrAmbiguousURL
	}
	// White space and control characters inside are taken out by browsers.
	if strings.ContainsFunc(query, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, ErrAmbiguousURL
	}
	ref, err := url.Parse(src)
	if err != nil || ref.Opaque != "" || ref.User != nil {
		return nil, ErrAmbiguousURL
	}
	if ref.Host == "" && (ref.Scheme != "" || strings.HasPrefix(src, "//")) {
		return nil, ErrAmbiguousURL
	}
	if strings.ContainsAny(ref.Host, "%@ ") {
		return nil, ErrAmbiguousURL
	}
	resolved := page.ResolveReference(ref)
	if resolved.Scheme != "http" && resolved.Scheme != "https" {
		return nil, ErrAmbiguousURL
	}
	resolved.Host = strings.ToLower(resolved.Host)
	return resolved, nil
}

// plain reports whether s has only characters that every parser reads and writes
// alike: no white space, nothing beyond ASCII, no backslash, and none of those that
// are percent-encoded by some and not by others.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\\\"<>^`{}|", c) >= 0 {
			return false
		}
	}
	return true
}

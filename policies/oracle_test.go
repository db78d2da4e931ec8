package policies

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// What decided before this package read URLs on its own: net/url and regular
// expressions. It is slow and well known, and the tests hold the new code to it.

// oldResolve resolves the src of a script against the page's URL.
//
// A rule must judge the very URL that the browser will fetch, and what the upstream
// takes it for. Browsers follow the URL Standard, where "/\\evil.example/x.js" and
// "https:///evil.example/x.js" are not what net/url makes of them (CWE-436), and
// many servers decode "/static/..%2fuploads/x.js" before they look for the file
// (CWE-22). So a URL whose origin is not plain is refused with [ErrAmbiguousURL],
// and one whose path is not plain is not certain: it can be isolated and is never
// allowed.
func oldResolve(page *url.URL, src string) (resolved *url.URL, certain bool, err error) {
	src = strings.Trim(src, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f ")
	// White space and control characters inside are taken out by browsers, a
	// backslash is a slash to them.
	before, _, _ := strings.Cut(src, "?")
	if src == "" || strings.ContainsFunc(src, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.Contains(before, "\\") {
		return nil, false, ErrAmbiguousURL
	}
	ref, err := url.Parse(src)
	if err != nil || ref.Opaque != "" || ref.User != nil || ref.Host == "" && (ref.Scheme != "" || strings.HasPrefix(src, "//")) {
		return nil, false, ErrAmbiguousURL
	}
	resolved = page.ResolveReference(ref)
	resolved.Host = strings.ToLower(resolved.Host)
	if resolved.Scheme != "http" && resolved.Scheme != "https" || !oldPlainHost(resolved) {
		return nil, false, ErrAmbiguousURL
	}
	written, _, _ := strings.Cut(before, "#")
	return resolved, oldPlainPath(written) && oldPlainPath(resolved.EscapedPath()), nil
}

// oldPlainHost reports whether every parser reads the host alike: a name of letters,
// digits and hyphens, or an address in its one canonical form. Browsers read
// "0x7f.1" and "127.1" as 127.0.0.1.
func oldPlainHost(u *url.URL) bool {
	if port := u.Port(); port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || strconv.FormatUint(n, 10) != port {
			return false
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return false
	}
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.String() == host && addr.Zone() == ""
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	return hostName.MatchString(host) && !(last != "" && '0' <= last[0] && last[0] <= '9')
}

var hostName = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$`)

// oldPlainPath reports whether every parser and every server reads the path alike: no
// encoded slash, backslash, percent sign or NUL, no letter that is needlessly
// encoded, no empty segment, no path parameter, nothing that some encode and others
// do not. guard/decide.ts has the same test.
func oldPlainPath(path string) bool {
	return !strings.Contains(strings.TrimPrefix(schemeAndHost.ReplaceAllString(path, ""), "/"), "//") &&
		pathCharacters.MatchString(schemeAndHost.ReplaceAllString(path, ""))
}

var (
	schemeAndHost  = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*`)
	pathCharacters = regexp.MustCompile(`^(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%(?:20|[89A-Fa-f][0-9A-Fa-f]))*$`)
)

// oldPlainQuery reports whether browsers send the query as it is written.
func oldPlainQuery(query string) bool {
	return !strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\\\"<>^`{}|'#", r) })
}

// oldMatch reports whether the resolved URL u matches on a page of the given origin.
func oldMatch(g *URLGlob, u *url.URL, page string) bool {
	origin, pattern := OriginOf(u), g.Pattern()
	if pattern.Origin == "" && origin != page || pattern.Origin != "" && !compiled(pattern.Origin).MatchString(origin) {
		return false
	}
	target := u.EscapedPath()
	if target == "" {
		target = "/"
	}
	if g.hasQuery {
		if !oldPlainQuery(u.RawQuery) {
			return false // browsers may send another one
		}
		target += "?" + u.RawQuery
	}
	return compiled(pattern.Path).MatchString(target)
}

var patterns sync.Map

func compiled(pattern string) *regexp.Regexp {
	if known, ok := patterns.Load(pattern); ok {
		return known.(*regexp.Regexp)
	}
	re := regexp.MustCompile(pattern)
	patterns.Store(pattern, re)
	return re
}

package proxy

import (
	"net/http"
	"net/http/httputil"
	"strings"
)

// setTarget aims the request at the upstream. The Host stays the one that the
// browser asked for.
func (s *Site) setTarget(_ *exchange, r *httputil.ProxyRequest) {
	r.SetURL(s.policy.Site.Upstream.URL)
	// ReverseProxy drops parameters with a semicolon, for proxies that decide by
	// the query. Nothing here does, and sites use them.
	r.Out.URL.RawQuery = r.In.URL.RawQuery
	r.Out.Host = r.In.Host
}

// setForwarded tells the upstream who asks. ReverseProxy has taken out what the
// client wrote in the fields' own names; aliases that servers read for the same
// are taken out here (CVE-2024-45410, CVE-2025-64484).
func (s *Site) setForwarded(x *exchange, r *httputil.ProxyRequest) {
	for name := range r.Out.Header {
		if namesTheClient(name) {
			delete(r.Out.Header, name)
		}
	}
	h := r.Out.Header
	if s.trusts(peerAddress(r.In)) {
		h["X-Forwarded-For"] = r.In.Header.Values("X-Forwarded-For") // SetXForwarded adds the peer
	}
	r.SetXForwarded()
	h.Set("X-Forwarded-Proto", x.page.Scheme)
	h.Set("X-Real-Ip", x.address.String())
	h.Set("X-Request-Id", x.id)
}

// namesTheClient reports whether a server may read the field as the client's
// address or scheme. CGI turns every character but letters and digits into the
// same "_", so a name with one of them is an alias of another.
func namesTheClient(name string) bool {
	if strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return true
	}
	switch name = strings.ToLower(name); name {
	case "forwarded", "x-real-ip", "x-request-id", "client-ip", "x-client-ip", "true-client-ip", "x-cluster-client-ip",
		"cf-connecting-ip", "fastly-client-ip":
		return true
	}
	return strings.HasPrefix(name, "x-forwarded-")
}

// dropWhatDefeatsRewriting takes out what would make the upstream answer with a
// part of a page, with "not modified", or in a coding that we cannot read.
func (s *Site) dropWhatDefeatsRewriting(x *exchange, r *httputil.ProxyRequest) {
	if x.mode == modeOff {
		return
	}
	h := r.Out.Header
	h["Accept-Encoding"] = []string{acceptedCodings(r.In.Header)}
	if x.fetched != navigation || r.In.Method != http.MethodGet && r.In.Method != http.MethodHead {
		// "If-None-Match: *" keeps a PUT from overwriting.
		return
	}
	// A page's nonce is fresh each time: a 304 would bring a new policy to an old
	// page, in which nothing would run any more.
	for _, name := range []string{"Range", "If-Range", "If-None-Match", "If-Modified-Since"} {
		h.Del(name)
	}
}

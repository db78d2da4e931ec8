package main

import (
	"net/http"
	"net/url"
)

// A siteServer sends the few requests that are not a visitor's to the site's own
// server: to scheme and host of the target, whatever the request has.
type siteServer struct {
	target    *url.URL
	transport http.RoundTripper
}

func newSiteServer(target *url.URL) siteServer {
	// A connection each: they are rare, and none is left over after a reload.
	return siteServer{target, &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}}
}

// RoundTrip sends the request; the caller's context bounds it.
func (s siteServer) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host = s.target.Scheme, s.target.Host
	return s.transport.RoundTrip(out)
}

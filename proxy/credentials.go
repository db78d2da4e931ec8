package proxy

import (
	"net/http"
	"net/http/httputil"
	"net/url"

	"chatproxy/policies"
)

// dropCredentials takes the visitor's cookies and log-in off a request that a
// compartment's script has made to the site's own host. Browsers are to see a foreign
// site in an opaque origin; WebKit 2.50 sends it all cookies of the host, also those
// that are SameSite=Strict. A script could have the site do things in the visitor's name
// (CWE-352), or read what a script of the site's own tells about the visitor.
//
// It may hit others: a payment frame whose page has no referrer posts with the same
// headers. The log says so.
func (s *Site) dropCredentials(x *exchange, r *httputil.ProxyRequest) {
	if x.mode == modeOff || !x.foreign && !fromCompartment(r.In) {
		return
	}
	x.foreign = true
	h := r.Out.Header
	if r.In.Method == http.MethodPost && (h.Get("Cookie") != "" || h.Get("Authorization") != "") {
		s.log.Info("credentials dropped from a post of unknown origin", "request", x.id, "path", r.In.URL.Path)
	}
	h.Del("Cookie")
	h.Del("Authorization")
}

// dropCookies keeps the answer to such a request from changing who the visitor is: the
// site has seen a stranger, and would start a session for one.
func (s *Site) dropCookies(x *exchange, res *http.Response) {
	if x.foreign {
		res.Header.Del("Set-Cookie")
		res.Header.Del("Clear-Site-Data")
	}
}

// fromCompartment reports whether a request may come from an opaque origin on a page of
// the site: the browser calls it foreign (Fetch Metadata), and it does not name another
// site that it comes from. Of a navigation only Origin counts here; one without is
// [mayBeReturning]. The whole page's may always come from elsewhere.
func fromCompartment(r *http.Request) bool {
	h := r.Header
	if h.Get("Sec-Fetch-Site") != "cross-site" || h.Get("Sec-Fetch-Dest") == "document" {
		return false
	}
	if origin := h.Get("Origin"); origin != "" || h.Get("Sec-Fetch-Mode") == "navigate" {
		return origin == "null" || origin == Origin(r)
	}
	return namesNoOther(r)
}

// namesNoOther reports whether the request names no other site as its referrer.
func namesNoOther(r *http.Request) bool {
	referrer := r.Header.Get("Referer")
	u, err := url.Parse(referrer)
	return referrer == "" || err != nil || policies.OriginOf(u) == Origin(r)
}

package bosh

import "net/http"

// allowOrigin guards both transports before anything else is looked at.
//
// A browser lets any page open a WebSocket anywhere, and sends the cookies
// along: the server's check of Origin is all that stands against cross-site
// WebSocket hijacking (CWE-1385). BOSH gets the same check instead of mere
// CORS headers, which would stop a foreign page from reading answers but not
// from sending requests (CWE-352).
//
// "null" is the origin of every sandboxed frame, and so of every compartment
// that third-party scripts run in: it says nothing about who asks, and never
// passes. Two Origin headers are a disagreement waiting to happen.
func (o *Options) allowOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) != 1 || origins[0] == "" || origins[0] == "null" {
		return false
	}
	return o.AllowOrigin(r)
}

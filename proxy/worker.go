package proxy

import (
	"mime"
	"net/http"

	"chatproxy/csp"
	"chatproxy/policies"
)

// A worker of the site has the site's origin: it reads IndexedDB and asks the server
// with the visitor's cookies. The page's policy and the guard let only those start that
// a rule allows; what they load then is for their own policy.

// writeWorkerPolicy puts the policy of a worker on a script that may become one. It is
// on all of them, whatever the browser says that the request is for: it may take the
// script for a worker out of its cache.
func (s *Site) writeWorkerPolicy(x *exchange, h http.Header) {
	if x.mode != policies.ModeEnforce {
		return
	}
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return // browsers run no worker of a type that they cannot read (HTML §8.1.4.2)
	}
	switch media {
	case "text/javascript", "application/javascript", "application/x-javascript", "text/ecmascript", "application/ecmascript":
		h.Add(csp.Header, csp.Worker{Sources: s.sources, Origin: policies.OriginOf(x.page), ReportURI: reportPath}.Policy().String())
	}
}

// refuseServiceWorkers refuses the scripts of service workers, which outlive the visit
// and answer for the site in its place: one that an allowed script registers could
// serve every page without a policy (CWE-506). Browsers mark the request (Service
// Workers §9.2), and no script can take the mark off. One that the site must have is let in
// by a page rule with mode off for its path.
func (s *Site) refuseServiceWorkers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Service-Worker") != "" && exchangeOf(r).mode == policies.ModeEnforce {
			s.log.Warn("service worker refused", "request", exchangeOf(r).id, "path", r.URL.Path)
			s.refuse(w, r, refusal{http.StatusForbidden, "This site takes no service workers.", nil})
			return
		}
		next.ServeHTTP(w, r)
	})
}

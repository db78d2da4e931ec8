package proxy

import (
	"io"
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

// serviceWorker is what stands in place of each service worker. It takes the place of the
// one before it at once, unregisters itself, and has the pages that the one before answered
// loaded again. Without the fragment, with which a navigation would load nothing.
const serviceWorker = `addEventListener("install", () => void skipWaiting());
addEventListener("activate", (event) => event.waitUntil((async () => {
  await registration.unregister();
  for (const client of await clients.matchAll({ type: "window" })) client.navigate(client.url.split("#")[0]).catch(() => {});
})()));
`

// endServiceWorkers answers for the scripts of service workers, which outlive the visit
// and answer for the site in its place: one that an allowed script registers could
// serve every page without a policy (CWE-506). One that stood there before chatproxy did would
// stay for ever if its update was refused. Browsers mark the request (Service
// Workers §9.2), and no script can take the mark off. One that the site must have is let in
// by a page rule with mode off for its path.
func (s *Site) endServiceWorkers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		if r.Header.Get("Service-Worker") == "" || x.mode != policies.ModeEnforce {
			next.ServeHTTP(w, r)
			return
		}
		s.log.Warn("service worker refused", "request", x.id, "path", r.URL.Path)
		h := w.Header()
		x.kind = document
		s.writeFixedHeaders(h)
		s.writePolicy(x, h)
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		// The update of one that had leave for a wider scope fails without it (§ Update).
		h.Set("Service-Worker-Allowed", "/")
		_, _ = io.WriteString(w, serviceWorker) // the client went away
	})
}

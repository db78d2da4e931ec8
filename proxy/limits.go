package proxy

import (
	"net/http"
	"strings"
)

// limit refuses what no browser sends and what servers read in different ways,
// and bounds the body.
func (s *Site) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrade := strings.Join(r.Header.Values("Upgrade"), ",")
		switch {
		case r.Method == http.MethodConnect || r.Method == http.MethodTrace:
			w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
			s.refuse(w, r, refusal{http.StatusMethodNotAllowed, "This method is not served.", nil})
			return
		case !strings.HasPrefix(r.URL.Path, "/"):
			// "GET http:admin" would reach the upstream as "GET admin" and match
			// no rule on the way (CWE-444).
			s.refuse(w, r, refusal{http.StatusBadRequest, "This is not the address of a page.", nil})
			return
		case strings.ContainsFunc(r.URL.RawQuery, func(c rune) bool { return c <= ' ' || c == 0x7f }):
			// HTTP/2 carries a space in a query, and in HTTP/1.1 it ends the target
			// (CWE-444).
			s.refuse(w, r, refusal{http.StatusBadRequest, "This is not the address of a page.", nil})
			return
		case upgrade != "" && !strings.EqualFold(upgrade, "websocket"):
			// h2c and other upgrades would carry requests past every step here
			// (CWE-444; Go issue 80416).
			s.refuse(w, r, refusal{http.StatusBadRequest, "Only an upgrade to a WebSocket is served.", nil})
			return
		case upgrade != "" && (r.ContentLength != 0 || len(r.TransferEncoding) > 0):
			// Bytes after the header would reach the upstream before it has
			// accepted the upgrade (CVE-2026-2833, CVE-2026-73548).
			s.refuse(w, r, refusal{http.StatusBadRequest, "A WebSocket handshake has no body.", nil})
			return
		}
		largest := int64(s.policy.Limits.Body)
		if r.ContentLength > largest {
			// The upstream need not see the part that fits.
			s.refuse(w, r, tooLarge)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, largest)
		next.ServeHTTP(w, r)
	})
}

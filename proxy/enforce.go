package proxy

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/unrolled/secure"

	"chatproxy/csp"
	"chatproxy/policies"
)

const modeOff = policies.ModeOff

// enforcePolicy writes the policy of the response: the last step of every way out.
func (s *Site) enforcePolicy(x *exchange, res *http.Response) error {
	if res.StatusCode == http.StatusNotModified {
		// With a 304 the browser goes on with the policy that it stored. A new
		// nonce would lock the old page, and the upstream's own policy would take
		// the place of ours (RFC 9111 §4.3.4).
		res.Header.Del(csp.Header)
		res.Header.Del(csp.HeaderReportOnly)
		return nil
	}
	s.writeFixedHeaders(res.Header)
	if x.kind != data {
		s.writePolicy(x, res.Header)
	} else {
		s.writeWorkerPolicy(x, res.Header)
	}
	return nil
}

// writePolicy puts ours first and the upstream's own beside it, each a policy of
// its own that must be met too.
func (s *Site) writePolicy(x *exchange, h http.Header) {
	ours := s.noGrants
	if x.kind == page {
		ours, _ = s.policiesOf(x)
	}
	h.Del(csp.Header)
	h.Del(csp.HeaderReportOnly)
	if x.mode == policies.ModeReportOnly {
		h.Add(csp.HeaderReportOnly, ours)
	} else {
		h.Add(csp.Header, ours)
	}
	if s.policy.CSP.Upstream == policies.UpstreamReplace {
		return
	}
	granted := func(p csp.Policy) string {
		if x.kind == page {
			p = s.protected(x.nonce, x.chat).Beside(p)
		}
		return p.String() // nothing was rewritten, and the upstream's nonce stands in the body
	}
	for _, p := range x.upstream {
		h.Add(csp.Header, granted(p))
	}
	for _, p := range x.upstreamReport {
		h.Add(csp.HeaderReportOnly, granted(p))
	}
}

// policiesOf returns the policies of a page for its header, and those that its guard
// puts into it.
//
// WebKit 2.50 lets a script that it loads ahead of the parser have its nonce only where
// every policy has one. With the second policy in the header it loads no script ahead,
// and reports each as a violation; so there the guard adds it when the page is parsed.
func (s *Site) policiesOf(x *exchange) (header, inPage string) {
	// What carries the upstream's own nonce may come from anywhere.
	anywhere := len(csp.Nonces(x.upstream)) > 0
	header = s.pagePolicies[index(x.chat)][index(anywhere)].With(x.nonce, policies.OriginOf(x.page))
	if x.webKit {
		header, inPage, _ = strings.Cut(header, ", ")
		inPage, _, _ = strings.Cut(inPage, "; report-uri ") // which counts in headers only (CSP3 §3.3)
	}
	return header, inPage
}

// isWebKit reports whether the User-Agent names the engine of Safari. Whoever says so
// and is none harms himself.
func isWebKit(agent string) bool {
	return strings.Contains(agent, "AppleWebKit/") && !strings.Contains(agent, "Chrome/") && !strings.Contains(agent, "Chromium/")
}

// protected is the page that the policy is for, on no origin yet.
func (s *Site) protected(nonce csp.Nonce, chat bool) csp.Page {
	return csp.Page{
		Nonce: nonce, InlineChat: chat, Directives: s.policy.CSP.Directives, Handlers: s.policy.Scripts.PinnedHandlers(),
		Sources: s.sources, Workers: workersOf(s.sources), ReportURI: reportPath,
	}
}

// preparePolicies writes once what is the same in every response.
func (s *Site) preparePolicies() {
	s.sources = sourcesOf(&s.policy.Scripts)
	s.noGrants = s.protected(csp.Nonce{}, false).Policy().String()
	for _, chat := range []bool{false, true} {
		for _, anywhere := range []bool{false, true} {
			page := s.protected(csp.Nonce{}, chat)
			if anywhere {
				page.Sources = anySource
			}
			s.pagePolicies[index(chat)][index(anywhere)] = page.Template()
		}
	}
}

// index is where what is prepared with and without something stands.
func index(with bool) int {
	if with {
		return 1
	}
	return 0
}

// newFixedHeaders returns what every response has, by unrolled/secure. None of the
// options depends on the request.
func newFixedHeaders() http.Header {
	header, _, err := secure.New(secure.Options{
		ContentTypeNosniff:      true,
		ReferrerPolicy:          "strict-origin-when-cross-origin",
		CrossOriginOpenerPolicy: "same-origin-allow-popups",
	}).ProcessNoModifyRequest(nil, &http.Request{URL: &url.URL{}})
	if err != nil {
		panic(err) // only for options that redirect or refuse
	}
	return header
}

// writeFixedHeaders sets what every response has. What the upstream chose for itself
// in Referrer-Policy and Cross-Origin-Opener-Policy stays.
func (s *Site) writeFixedHeaders(h http.Header) {
	for name, values := range s.fixed {
		switch name {
		case "Referrer-Policy", "Cross-Origin-Opener-Policy":
			if h.Get(name) != "" {
				continue
			}
		}
		h[name] = values
	}
}

// fixedHeaders sets the fixed headers on answers of our own.
func (s *Site) fixedHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.writeFixedHeaders(w.Header())
		next.ServeHTTP(w, r)
	})
}

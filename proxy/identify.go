package proxy

import (
	"crypto/rand"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"chatproxy/csp"
	"chatproxy/policies"
)

// identify builds the exchange: who asks, for which page, under which rule.
func (s *Site) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer := peerAddress(r)
		trusted := s.trusts(peer)
		x := &exchange{
			id:      rand.Text()[:16],
			address: s.clientAddress(r, peer, trusted),
			page:    pageURL(r, trusted),
			mode:    s.mode(r.URL),
			chat:    s.chat != nil && s.policy.HasChat(r.URL.Path),
			nonce:   csp.NewNonce(),
			fetched: purpose(r),
			webKit:  isWebKit(r.UserAgent()),
		}
		next.ServeHTTP(w, withExchange(r, x))
	})
}

// mode returns the mode of the page. A path that the upstream may read as another
// one, like /admin/..%2fnews, is always enforced: otherwise a link to it would
// show the other page under the laxer rule (CWE-647).
func (s *Site) mode(u *url.URL) policies.Mode {
	if !policies.PlainPath(u) {
		return policies.ModeEnforce
	}
	return s.policy.Mode(u.Path)
}

func peerAddress(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // not a TCP peer; trusted by nobody
	}
	return peer.Addr().Unmap()
}

func (s *Site) trusts(a netip.Addr) bool {
	for _, prefix := range s.policy.Site.TrustedProxies {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// clientAddress walks X-Forwarded-For from the right, over the proxies that are
// trusted. What stands left of the first untrusted address was written by the
// client and proves nothing (CWE-348).
func (s *Site) clientAddress(r *http.Request, peer netip.Addr, trusted bool) netip.Addr {
	if !trusted {
		return peer
	}
	client := peer
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		client = hop.Unmap()
		if !s.trusts(client) {
			break
		}
	}
	return client
}

// pageURL returns the URL that the browser has in its address bar.
func pageURL(r *http.Request, trusted bool) *url.URL {
	u := &url.URL{Scheme: "http", Host: strings.ToLower(r.Host), Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	if r.TLS != nil || trusted && strings.EqualFold(lastForwarded(r, "X-Forwarded-Proto"), "https") {
		u.Scheme = "https"
	}
	return u
}

// lastForwarded returns the value that the nearest proxy wrote.
func lastForwarded(r *http.Request, name string) string {
	values := strings.Split(strings.Join(r.Header.Values(name), ","), ",")
	return strings.TrimSpace(values[len(values)-1])
}

// purpose tells a navigation from the fetch of a subresource by Sec-Fetch-Dest.
// Without the header it may be a navigation.
func purpose(r *http.Request) fetch {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "", "document", "iframe", "frame", "object", "embed":
		return navigation
	case "script", "worker", "sharedworker":
		return script
	}
	return subresource
}

// checkHost refuses a request for a host that the site does not have. Behind
// another name an attacker's page and the site would share an origin (DNS
// rebinding, CWE-350).
func (s *Site) checkHost(next http.Handler) http.Handler {
	hosts := map[string]bool{}
	for _, host := range s.policy.Site.Hosts {
		hosts[policies.HostOf("http", host)] = true
		hosts[policies.HostOf("https", host)] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		if len(hosts) > 0 && !hosts[policies.HostOf(x.page.Scheme, x.page.Host)] {
			s.refuse(w, r, refusal{http.StatusMisdirectedRequest, "This server does not have the site you asked for.", nil})
			return
		}
		next.ServeHTTP(w, r)
	})
}

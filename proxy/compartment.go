package proxy

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"chatproxy/browser"
	"chatproxy/csp"
	"chatproxy/policies"
)

// Marker is the query parameter, always the last, that makes a page's URL the URL
// of a compartment's document. Its value names the compartment: one of the
// policy's, or the origin of scripts that no rule names.
const Marker = "chatproxy-compartment"

// compartments answers requests for a compartment's document, which stands at the
// page's own path and query so that location reads as the page's.
func (s *Site) compartments(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		query, name, found := cutMarker(r.URL.RawQuery)
		if !found || x.mode == modeOff || r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		switch r.Header.Get("Sec-Fetch-Dest") {
		case "iframe", "": // an old browser does not say
		case "document":
			// Somebody opened a frame of the page in a tab of its own.
			x.kind = document
			s.writeFixedHeaders(w.Header())
			s.writePolicy(x, w.Header())
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Location", onThisHost(r.URL, query))
			w.WriteHeader(http.StatusSeeOther)
			return
		default:
			s.refuse(w, r, refusal{http.StatusForbidden, "This is part of another page.", nil})
			return
		}
		// A compartment that sends itself to another name, to get at that one's
		// connections, has an opaque origin and shows it.
		if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
			s.refuse(w, r, refusal{http.StatusForbidden, "This is part of another page.", nil})
			return
		}
		policy, ok := s.compartmentPolicy(x, name)
		if !ok {
			s.refuse(w, r, refusal{http.StatusNotFound, "There is no such compartment.", nil})
			return
		}
		h := w.Header()
		s.writeFixedHeaders(h)
		h.Set("Cache-Control", "no-store")
		h.Set(csp.Header, policy.String())
		h.Set(csp.PermissionsHeader, csp.PermissionsPolicy(texts(s.policy.Compartments[name].Permissions)))
		// The names of hosts are a way out too (CWE-200).
		h.Set("X-DNS-Prefetch-Control", "off")
		browser.CompartmentDocument(s.policy.Compartments[name].Visible).ServeHTTP(w, r)
	})
}

// onThisHost returns the path of u with another query, for a Location field. The
// path "//evil.example/" alone would name another host (CWE-601).
func onThisHost(u *url.URL, query string) string {
	location := "/" + strings.TrimLeft(u.EscapedPath(), "/")
	if query != "" {
		location += "?" + query
	}
	return location
}

// cutMarker takes the marker, which is the last parameter, off a query.
func cutMarker(query string) (before, name string, found bool) {
	i := strings.LastIndex(query, Marker+"=")
	if i < 0 || i > 0 && query[i-1] != '&' {
		return query, "", false
	}
	name, err := url.QueryUnescape(query[i+len(Marker)+1:])
	if err != nil || strings.Contains(query[i:], "&") {
		return query, "", false
	}
	return strings.TrimSuffix(query[:i], "&"), name, true
}

// compartmentPolicy returns the policy of the named compartment, and whether there
// is one of that name.
func (s *Site) compartmentPolicy(x *exchange, name string) (csp.Policy, bool) {
	c, ok := s.compartment(x, name)
	c.Scripts = append(c.Scripts, c.Host+browser.IndexedDB.Path)
	return c.Policy(), ok
}

// compartment returns what the named compartment may do, and whether there is one of
// that name.
func (s *Site) compartment(x *exchange, name string) (csp.Compartment, bool) {
	host := policies.OriginOf(x.page)
	c := csp.Compartment{Host: host}
	if known, ok := s.policy.Compartments[name]; ok {
		c.Popups, c.TopNavigation = known.Popups, known.TopNavigation
		for _, rule := range s.policy.Scripts.Rules {
			if rule.Compartment == name {
				if rule.AnyOrigin() {
					c.Scripts = append(c.Scripts, x.page.Scheme+":")
				}
				for _, glob := range rule.Match.Src {
					c.Origins = append(c.Origins, glob.Source(host))
				}
			}
		}
		c.Origins = distinct(append(c.Origins, texts(known.Connect)...))
		c.Scripts = distinct(c.Scripts)
		c.Images = distinct(texts(known.Images))
		c.Frames = distinct(texts(known.Frames))
		return c, true
	}
	var origin policies.Origin
	if err := origin.UnmarshalText([]byte(name)); err != nil || string(origin) != name {
		return csp.Compartment{}, false
	}
	if name != host {
		c.Origins = []string{name}
	}
	return c, true
}

// distinct sorts the values and leaves out what stands twice.
func distinct(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}

package proxy

import (
	"net/http"
	"sync/atomic"

	"chatproxy/policies"
)

// Sites is the handler of all sites that share the listeners. Which they are can
// change while it serves: a request stays with the site that it came to.
type Sites struct{ current atomic.Pointer[siteSet] }

type siteSet struct {
	all    []*Site
	byHost map[string]*Site
}

// Set replaces the sites. A site without hosts must be the only one.
func (s *Sites) Set(sites []*Site) {
	set := &siteSet{all: sites, byHost: map[string]*Site{}}
	for _, site := range sites {
		for _, host := range site.policy.Site.Hosts {
			for _, scheme := range []string{"http", "https"} {
				set.byHost[policies.HostOf(scheme, host)] = site
			}
		}
	}
	s.current.Store(set)
}

// ServeHTTP implements http.Handler. A request for a host that no site has goes to
// the first, which refuses it like any other that it does not have (CWE-350).
func (s *Sites) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	set := s.current.Load()
	site := set.all[0]
	if len(set.all) > 1 {
		// Whether the scheme is https a trusted proxy may have to tell; the site
		// knows, and looks at the host again.
		for _, scheme := range []string{"http", "https"} {
			if found := set.byHost[policies.HostOf(scheme, r.Host)]; found != nil {
				site = found
				break
			}
		}
	}
	site.ServeHTTP(w, r)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"sync"
	"time"

	"chatproxy/bosh"
	"chatproxy/console"
	"chatproxy/policies"
	"chatproxy/proxy"
)

// sites are the sites that are served, and how they came to be.
type sites struct {
	handler proxy.Sites
	file    string // what they are loaded from
	log     *slog.Logger

	mu      sync.Mutex // one reload at a time
	serving []servedSite
	seen    map[string]print // the files that they were made from
	now     console.Status
}

// A servedSite is one site with what it is made of.
type servedSite struct {
	policy *policies.Policy
	site   *proxy.Site
	bridge *bosh.Bridge
	ca     string // what was in the policy's xmpp.ca
}

// use makes the sites of these policies and serves them in place of those before. A
// bridge to the same XMPP server goes on, with its sessions; requests that are under
// way end under the policy that they began with.
func (s *sites) use(all []*policies.Policy) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var next []servedSite
	kept := map[*bosh.Bridge]bool{}
	defer func() {
		if err != nil { // nothing of the new ones was served
			for _, served := range next {
				served.site.Close()
				if !kept[served.bridge] {
					err = errors.Join(err, served.bridge.Close(context.Background()))
				}
			}
		}
	}()
	for _, policy := range all {
		ca := contentOf(policy.XMPP.CA)
		bridge := s.bridgeFor(policy, ca)
		if bridge != nil {
			kept[bridge] = true
		} else if bridge, err = newBridge(policy, s.log); err != nil {
			return fmt.Errorf("%s: %w", policy.File, err)
		}
		site, err := newSite(policy, bridge, s.siteOf(policy.File), s.log)
		if err != nil {
			return fmt.Errorf("%s: %w", policy.File, err)
		}
		next = append(next, servedSite{policy, site, bridge, ca})
	}
	handlers := make([]*proxy.Site, len(next))
	for i, served := range next {
		handlers[i] = served.site
	}
	s.handler.Set(handlers)
	old := s.serving
	s.serving = next
	s.now.Loaded, s.now.Problem = time.Now(), ""
	for _, served := range old {
		served.site.Close()
		if !kept[served.bridge] {
			go s.end(served)
		}
	}
	return nil
}

// bridgeFor returns the bridge that is there for the policy's XMPP server, if the new
// policy has the same of it.
func (s *sites) bridgeFor(policy *policies.Policy, ca string) *bosh.Bridge {
	for _, served := range s.serving {
		old := served.policy
		if old.File == policy.File && served.ca == ca && reflect.DeepEqual(old.XMPP, policy.XMPP) && bridgeLimits(old) == bridgeLimits(policy) {
			return served.bridge
		}
	}
	return nil
}

// siteOf returns the site that the file is served as, or nil.
func (s *sites) siteOf(file string) *proxy.Site {
	for _, served := range s.serving {
		if served.policy.File == file {
			return served.site
		}
	}
	return nil
}

// contentOf returns what is in a file, or "": what cannot be read is told elsewhere.
func contentOf(file string) string {
	if file == "" {
		return ""
	}
	data, _ := os.ReadFile(file)
	return string(data)
}

// end ends the sessions of a bridge whose server is another one now.
func (s *sites) end(old servedSite) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime(old.policy))
	defer cancel()
	if err := old.bridge.Close(ctx); err != nil {
		s.log.Warn("ending the sessions of the XMPP server before", "error", err)
	}
}

// status is what the console shows.
func (s *sites) status() console.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// drainTime is how long the clients of all sites may take to be let go.
func (s *sites) drainTime() (longest time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, served := range s.serving {
		longest = max(longest, drainTime(served.policy))
	}
	return longest
}

// closeBridges lets the clients of all sites go, at the same time.
func (s *sites) closeBridges(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var closing sync.WaitGroup
	errs := make([]error, len(s.serving))
	for i, served := range s.serving {
		closing.Go(func() { errs[i] = served.bridge.Close(ctx) })
	}
	closing.Wait()
	return errors.Join(errs...)
}

func (s *sites) closeSites() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, served := range s.serving {
		served.site.Close()
	}
}

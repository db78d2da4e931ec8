package proxy

import (
	"fmt"
	"html"

	"github.com/go-chi/chi/v5"

	"chatproxy/browser"
	"chatproxy/policies"
	"chatproxy/policies/lock"
)

// A guard is the script that goes before everything else of a page, as one kind of
// page needs it.
type guard struct {
	name string
	browser.Bundle
	err error // why it cannot be made
}

// guardOf returns the guard of a page.
func (s *Site) guardOf(x *exchange) *guard {
	return &s.guards[index(x.mode == policies.ModeReportOnly)][index(x.chat)]
}

// head returns the markup that goes before everything else of a page.
func (s *Site) head(x *exchange) ([]byte, error) {
	g := s.guardOf(x)
	if g.err != nil {
		return nil, g.err
	}
	markup := fmt.Appendf(nil, `<script nonce="%s" src="%s"`, x.nonce, g.Path)
	if x.webKit && x.mode == policies.ModeEnforce {
		_, inPage := s.policiesOf(x)
		markup = fmt.Appendf(markup, ` data-policy="%s"`, html.EscapeString(inPage))
	}
	return append(markup, "></script>"...), nil
}

// prepareGuards makes once what is the same on every page.
func (s *Site) prepareGuards() {
	config := newGuardConfig(s.policy)
	for _, observe := range []bool{false, true} {
		for _, chat := range []bool{false, true} {
			g := guard{name: "guard"}
			config.Observe, config.Chat = observe, nil
			if observe {
				g.name += "-observe"
			}
			if chat {
				g.name += "-chat"
				config.Chat = s.chat
			}
			g.Bundle, g.err = browser.NewGuard(g.name, config)
			s.guards[index(observe)][index(chat)] = g
		}
	}
}

// serveGuards serves the guards. A page that another process has sent, or this one
// before it was told another policy, asks for the guard of that time: it gets today's.
func (s *Site) serveGuards(r chi.Router) {
	for _, guards := range s.guards {
		for _, g := range guards {
			if g.err == nil {
				r.Get(g.Path[len(browser.Prefix)-1:], g.ServeHTTP)
				r.Get("/"+g.name+".{digest}.js", g.Moved().ServeHTTP)
			}
		}
	}
}

// newGuardConfig returns what the guard needs on every page.
func newGuardConfig(p *policies.Policy) browser.Config {
	config := browser.Config{
		Default:      string(p.Scripts.Default),
		Inline:       string(p.Scripts.Inline),
		Report:       reportPath,
		Rules:        []browser.Rule{},
		Compartments: map[string]browser.Frame{},
		Marker:       Marker,
	}
	for _, rule := range p.Scripts.Rules {
		if r, ok := textRule(&rule); ok {
			config.Texts = append(config.Texts, r)
		}
		// The guard has no lists. What one would allow is left to the rules behind it;
		// what one would isolate or strip may be any script.
		conditional := rule.Conditional() // nor does it know these conditions
		unknown := (rule.Match.List != "" || conditional) && rule.Action != policies.Allow
		if (len(rule.Match.Src) == 0 || conditional) && !unknown {
			continue // of inline scripts only, or of what it cannot know to be allowed
		}
		r := browser.Rule{Match: []browser.Pattern{}, Verdict: string(rule.Action), Compartment: rule.Compartment, Unknown: unknown}
		for _, glob := range rule.Match.Src {
			if conditional {
				break // such a script may or may not be isolated
			}
			r.Match = append(r.Match, browser.Pattern(glob.Pattern()))
		}
		config.Rules = append(config.Rules, r)
	}
	for _, e := range p.Scripts.Pinned().Entries() {
		switch e.Kind {
		case lock.External:
			config.Pinned = append(config.Pinned, e.URL)
		case lock.Inline:
			config.Digests = append(config.Digests, e.Digest)
		}
	}
	for name, c := range p.Compartments {
		config.Compartments[name] = browser.Frame{
			Visible: c.Visible, Slot: c.Slot, Width: c.Width, Height: c.Height, MaxWidth: c.MaxWidth, MaxHeight: c.MaxHeight,
			Popups: c.Popups, TopNavigation: c.TopNavigation, Permissions: texts(c.Permissions),
			Storage: c.Storage, Forward: texts(p.Forwards(name)),
		}
	}
	return config
}

// texts returns the values as plain strings.
func texts[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// textRule returns a rule as the guard needs it for inline scripts, if it is for any.
// What page and element have to be, the guard does not know of a script that is
// created: what such a rule would allow is left to the rules behind it.
func textRule(rule *policies.Rule) (browser.TextRule, bool) {
	m := &rule.Match
	all := len(m.Src)+len(m.Digest)+len(m.Text) == 0 && m.List == ""
	conditional := rule.Conditional()
	if !all && len(m.Digest)+len(m.Text) == 0 || conditional && rule.Action == policies.Allow {
		return browser.TextRule{}, false
	}
	r := browser.TextRule{Texts: m.Text, Verdict: string(rule.Action), Compartment: rule.Compartment, Unknown: conditional}
	for _, digest := range m.Digest {
		r.Digests = append(r.Digests, string(digest))
	}
	return r, true
}

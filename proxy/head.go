package proxy

import (
	"encoding/json"
	"fmt"
	"strings"

	"chatproxy/browser"
	"chatproxy/policies"
)

// head returns the markup that goes before everything else of the page: the guard
// with its configuration.
func (s *Site) head(x *exchange) ([]byte, error) {
	config := s.guardConfig
	config.Observe = x.mode == policies.ModeReportOnly
	if x.chat {
		config.Chat = s.chat
	}
	encoded, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("the guard's configuration: %w", err)
	}
	// encoding/json has written <, > and & as \u003c and so on; in single quotes
	// only the quote itself is left, and most of JSON is double ones.
	return fmt.Appendf(nil, `<script nonce="%s" src="%s" data-config='%s'></script>`,
		x.nonce, browser.Guard.Path, strings.ReplaceAll(string(encoded), "'", "&#39;")), nil
}

// newGuardConfig returns what the guard needs on every page.
func newGuardConfig(p *policies.Policy) browser.Config {
	config := browser.Config{
		Default:      string(p.Scripts.Default),
		Rules:        []browser.Rule{},
		Compartments: map[string]browser.Frame{},
		Marker:       Marker,
	}
	for _, rule := range p.Scripts.Rules {
		// The guard has no lists. What one would allow is left to the rules behind it;
		// what one would isolate or strip may be any script.
		unknown := rule.Match.List != "" && rule.Action != policies.Allow
		if len(rule.Match.Src) == 0 && !unknown {
			continue // of inline scripts only, or of what a list allows
		}
		r := browser.Rule{Match: []browser.Pattern{}, Verdict: string(rule.Action), Compartment: rule.Compartment, Unknown: unknown}
		for _, glob := range rule.Match.Src {
			r.Match = append(r.Match, browser.Pattern(glob.Pattern()))
		}
		config.Rules = append(config.Rules, r)
	}
	for name, c := range p.Compartments {
		config.Compartments[name] = browser.Frame{Visible: c.Visible, Width: c.Width, Height: c.Height, MaxHeight: c.MaxHeight, Popups: c.Popups}
	}
	return config
}

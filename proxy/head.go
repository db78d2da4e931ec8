package proxy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"chatproxy/browser"
	"chatproxy/policies"
)

// headMarkup is what goes before everything else of a page, but for the nonce: the
// guard with its configuration.
type headMarkup struct {
	before, after string
	err           error // why it cannot be made
}

// head returns the markup for a page.
func (s *Site) head(x *exchange) ([]byte, error) {
	h := &s.heads[index(x.mode == policies.ModeReportOnly)][index(x.chat)]
	if h.err != nil {
		return nil, h.err
	}
	return slices.Concat([]byte(h.before), []byte(x.nonce.String()), []byte(h.after)), nil
}

// prepareHeads writes once what is the same on every page.
func (s *Site) prepareHeads() {
	config := newGuardConfig(s.policy)
	for _, observe := range []bool{false, true} {
		for _, chat := range []bool{false, true} {
			config.Observe, config.Chat = observe, nil
			if chat {
				config.Chat = s.chat
			}
			s.heads[index(observe)][index(chat)] = newHeadMarkup(config)
		}
	}
}

func newHeadMarkup(config browser.Config) headMarkup {
	encoded, err := json.Marshal(config)
	if err != nil {
		return headMarkup{err: fmt.Errorf("the guard's configuration: %w", err)}
	}
	// encoding/json has written <, > and & as \u003c and so on; in single quotes
	// only the quote itself is left, and most of JSON is double ones.
	return headMarkup{
		before: `<script nonce="`,
		after:  fmt.Sprintf(`" src="%s" data-config='%s'></script>`, browser.Guard.Path, strings.ReplaceAll(string(encoded), "'", "&#39;")),
	}
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

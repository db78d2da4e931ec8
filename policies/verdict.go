package policies

import "net/url"

// Verdict is what happens to a script.
type Verdict string

// The verdicts.
const (
	Allow   Verdict = "allow"   // it gets the nonce and runs in the page
	Isolate Verdict = "isolate" // it becomes inert data and runs in a compartment
	Strip   Verdict = "strip"   // it is removed
)

// A Script is what the rules look at. Exactly one of URL and Digests is set,
// except for an external script whose URL is ambiguous, which has neither.
type Script struct {
	// URL is an external script's, resolved by [ResolveScriptURL].
	URL *url.URL
	// Certain is true when every parser and server reads the URL's path alike.
	Certain bool
	// Page is the origin of the page, as OriginOf gives it.
	Page string
	// Inline is true for a script without src.
	Inline bool
	// Digests are the CSP hashes of an inline script's text.
	Digests []Digest
	// TrustedNonce is true when the script carries a nonce that the upstream's
	// own header announced.
	TrustedNonce bool
}

// A Decision is the verdict on one script and why.
type Decision struct {
	Verdict     Verdict
	Rule        string // the rule's name, or what decided in its stead
	Compartment string // where an isolated script runs
}

// Names of what decides when no rule does.
const (
	ByUpstreamNonce = "upstream nonce"
	ByDefault       = "scripts.default"
	ByInline        = "scripts.inline"
	ByAmbiguousURL  = "ambiguous URL"
)

// Decide gives the verdict on a script: by the first rule that matches, by the
// upstream's nonce, by the default for its kind.
func (s *Scripts) Decide(script Script) Decision {
	if !script.Inline && script.URL == nil {
		return Decision{Verdict: Strip, Rule: ByAmbiguousURL}
	}
	for i := range s.Rules {
		rule := &s.Rules[i]
		if rule.Action == Allow && script.uncertain() {
			continue
		}
		if rule.Match.matches(script) {
			return rule.decision(script)
		}
	}
	switch {
	case script.TrustedNonce:
		return Decision{Verdict: Allow, Rule: ByUpstreamNonce}
	case script.Inline:
		return (&Rule{Name: ByInline, Action: s.Inline}).decision(script)
	case s.Default == Allow && script.uncertain():
		// A rule that would strip it may have been evaded by the spelling.
		return (&Rule{Name: ByAmbiguousURL, Action: Isolate}).decision(script)
	default:
		return (&Rule{Name: ByDefault, Action: s.Default}).decision(script)
	}
}

func (script Script) uncertain() bool { return !script.Inline && !script.Certain }

func (r *Rule) decision(script Script) Decision {
	d := Decision{Verdict: r.Action, Rule: r.Name}
	if r.Action == Isolate {
		d.Compartment = r.Compartment
		if d.Compartment == "" {
			d.Compartment = script.origin()
		}
	}
	return d
}

// origin names the compartment of a script for which no rule names one: scripts
// of one origin share it. Inline scripts have the page's.
func (script Script) origin() string {
	if script.URL == nil {
		return script.Page
	}
	return OriginOf(script.URL)
}

func (m *Match) matches(script Script) bool {
	if script.Inline {
		for _, want := range m.Digest {
			for _, got := range script.Digests {
				if got == want {
					return true
				}
			}
		}
		return false
	}
	for i := range m.Src {
		if m.Src[i].Match(script.URL, script.Page) {
			return true
		}
	}
	return false
}

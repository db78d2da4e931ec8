// Package stanzas decides which XMPP stanzas may pass, by the rules that an operator
// has written. It knows nothing of streams and of the file that the rules stand in.
//
// What cannot be told for certain, a JID that no server would take, say, or what is
// inside a stanza with text between its elements, is never a reason to let a stanza
// pass: a rule that denies matches it, and a rule that allows does not.
package stanzas

import (
	"fmt"
	"slices"
)

// Facts are what a stanza is judged by.
type Facts struct {
	FromClient    bool     // the client sends it; otherwise the server does
	Authenticated bool     // the client has logged in
	Kind          string   // message, presence or iq
	Type          string   // its type, with the default of RFC 6121 where it has none
	To, From      string   // JIDs as they are written; empty if they are not known
	Namespaces    []string // of the elements directly inside
	Opaque        bool     // it may have more inside than Namespaces tells
}

// Direction is which way a stanza goes.
type Direction int

// The directions of a rule.
const (
	Both Direction = iota
	FromClient
	FromServer
)

// Rule decides on the stanzas for which everything holds that it asks. A list that is
// empty asks nothing; of any other, one has to hold.
type Rule struct {
	Kinds      []string
	Types      []string
	Namespaces []string // globs: "*" stands for anything
	To, From   []string // JID globs, see [CheckJIDGlob]
	Direction  Direction
	BeforeAuth bool // it is for stanzas before the log-in, and not for those after

	Deny bool
	// Condition is what a denied stanza is answered with. Default: what
	// [DefaultCondition] says.
	Condition string
}

// Policy is a list of rules, compiled. It may be used from many goroutines.
type Policy struct {
	rules []rule
	deny  bool
}

type rule struct {
	Rule
	namespaces []pattern
	to, from   []jidGlob
}

// Compile makes a policy of rules, of which the first that matches decides, and of
// what happens to stanzas after the log-in that none matches. Before the log-in they
// are denied.
func Compile(rules []Rule, denyOthers bool) (*Policy, error) {
	p := &Policy{deny: denyOthers}
	for i, source := range rules {
		r := rule{Rule: source}
		for _, text := range source.Namespaces {
			r.namespaces = append(r.namespaces, newPattern(text, anything))
		}
		for _, side := range []struct {
			texts []string
			globs *[]jidGlob
		}{{source.To, &r.to}, {source.From, &r.from}} {
			for _, text := range side.texts {
				glob, err := parseJIDGlob(text)
				if err != nil {
					return nil, fmt.Errorf("rule %d: %w", i+1, err)
				}
				*side.globs = append(*side.globs, glob)
			}
		}
		p.rules = append(p.rules, r)
	}
	return p, nil
}

// Judge returns nothing if the stanza may pass, or the defined condition of
// RFC 6120 §8.3.3 that its sender is answered with.
func (p *Policy) Judge(f Facts) (condition string) {
	j := judgement{Facts: f}
	for i := range p.rules {
		r := &p.rules[i]
		switch answer := j.matches(r); {
		case answer == no || answer == unknown && !r.Deny:
			continue
		case !r.Deny:
			return ""
		case r.Condition != "":
			return r.Condition
		}
		return DefaultCondition(f)
	}
	if p.deny || !f.Authenticated {
		return DefaultCondition(f)
	}
	return ""
}

// DefaultCondition is what a denied stanza is answered with when its rule does not say:
// before the log-in not-authorized; an iq as if nobody served it (RFC 6120 §8.4), which
// clients know how to live with; and anything else with policy-violation.
func DefaultCondition(f Facts) string {
	switch {
	case !f.Authenticated:
		return "not-authorized"
	case f.Kind == "iq":
		return "service-unavailable"
	}
	return "policy-violation"
}

// answer is whether something holds.
type answer int

const (
	no answer = iota
	unknown
	yes
)

// judgement is a stanza while it is judged.
type judgement struct {
	Facts
	to, from *jid // nil until they are needed
}

func (j *judgement) matches(r *rule) answer {
	switch {
	case r.BeforeAuth == j.Authenticated,
		r.Direction == FromClient && !j.FromClient,
		r.Direction == FromServer && j.FromClient,
		len(r.Kinds) > 0 && !slices.Contains(r.Kinds, j.Kind),
		len(r.Types) > 0 && !slices.Contains(r.Types, j.Type):
		return no
	}
	result := j.inside(r.namespaces)
	for _, side := range []struct {
		globs  []jidGlob
		text   string
		parsed **jid
	}{{r.to, j.To, &j.to}, {r.from, j.From, &j.from}} {
		if len(side.globs) == 0 || result == no {
			continue
		}
		if *side.parsed == nil {
			parsed := parseJID(side.text)
			*side.parsed = &parsed
		}
		result = min(result, matchAny(side.globs, *side.parsed))
	}
	return result
}

// inside tells whether the stanza has an element of one of these namespaces.
func (j *judgement) inside(wanted []pattern) answer {
	if len(wanted) == 0 {
		return yes
	}
	for _, namespace := range j.Namespaces {
		for _, p := range wanted {
			if p.match(namespace) {
				return yes
			}
		}
	}
	if j.Opaque {
		return unknown
	}
	return no
}

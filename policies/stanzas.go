package policies

import (
	"fmt"
	"slices"

	"chatproxy/policies/stanzas"
)

// Stanzas is the stanza policy: what clients and server may say to each other. It is
// off, and everything passes, unless the file has it. A denied stanza of a client is
// answered with an error and does not reach the server; one of the server does not
// reach the client. Binding a resource and the log-in itself pass always, and so do the
// server's answers. What is inside a forwarded or carbon-copied message is not looked at.
type Stanzas struct {
	// Default is what happens to stanzas that no rule matches: "allow" or "deny". It is
	// for stanzas after the log-in; those before it are denied. Default: allow, once
	// there are rules.
	Default StanzaAction `yaml:"default"`
	// Rules are what is asked, in this order; the first match wins. Default: none.
	Rules []StanzaRule `yaml:"rules"`
}

// On reports whether there is a stanza policy.
func (s *Stanzas) On() bool { return s.Default != "" }

func (s *Stanzas) setDefaults() {
	if s.Rules != nil {
		or(&s.Default, StanzaAllow)
	}
}

// StanzaRule decides on the stanzas that it matches.
type StanzaRule struct {
	// Name is what people call the rule. Required.
	Name string `yaml:"name"`
	// Match is which stanzas the rule is for. Required.
	Match StanzaMatch `yaml:"match"`
	// Action is "allow" or "deny". Required.
	Action StanzaAction `yaml:"action"`
	// Error is what the sender of a denied stanza is told: a defined condition of
	// RFC 6120. Default: not-authorized before the log-in, service-unavailable for an
	// iq, policy-violation for the rest.
	Error StanzaError `yaml:"error"`
}

// StanzaMatch says which stanzas a rule is for: those for which everything holds that
// is given. What cannot be told for certain, like the address of a JID that is none,
// matches a rule that denies and no rule that allows.
type StanzaMatch struct {
	// Kind are "message", "presence" and "iq". Default: all.
	Kind []StanzaKind `yaml:"kind"`
	// Type are values of the type attribute, with those that the standards give to
	// stanzas without one: "normal" for a message, "available" for a presence.
	// Default: any.
	Type []string `yaml:"type"`
	// Namespace are namespaces of the elements directly inside, of which the stanza has
	// one. "*" stands for anything. Default: any.
	Namespace []string `yaml:"namespace"`
	// To are globs of the JID that the stanza goes to. One without is for the account's
	// own server. Default: any.
	To []JIDGlob `yaml:"to"`
	// From are globs of the JID that the stanza comes from: in the direction client,
	// the client's own. Default: any.
	From []JIDGlob `yaml:"from"`
	// Direction is "client" for what the client sends, or "server" for what it is sent.
	// Default: both.
	Direction StanzaDirection `yaml:"direction"`
	// Authenticated is whether the rule is for stanzas after the log-in, or for those
	// before it. Default true.
	Authenticated *bool `yaml:"authenticated"`
}

// JIDGlob is a JID in which parts may be left open: example.com is the domain itself,
// *@example.com are its users, ann@example.com one of them with all her sessions,
// ann@example.com/* her sessions alone, ** is everybody. In a domain `*` stands for
// anything but a dot. Case does not count, but in the resource.
type JIDGlob string

// UnmarshalText reads a JID glob.
func (g *JIDGlob) UnmarshalText(text []byte) error {
	if err := stanzas.CheckJIDGlob(string(text)); err != nil {
		return err
	}
	*g = JIDGlob(text)
	return nil
}

// StanzaKind is a kind of stanza.
type StanzaKind string

// The kinds of stanzas.
const (
	StanzaMessage  StanzaKind = "message"
	StanzaPresence StanzaKind = "presence"
	StanzaIQ       StanzaKind = "iq"
)

// StanzaAction is what happens to a stanza.
type StanzaAction string

// What happens to a stanza.
const (
	StanzaAllow StanzaAction = "allow"
	StanzaDeny  StanzaAction = "deny"
)

// StanzaDirection is which way a stanza goes, by who sends it.
type StanzaDirection string

// Who sends a stanza.
const (
	StanzaClient StanzaDirection = "client"
	StanzaServer StanzaDirection = "server"
)

// StanzaError is a defined condition of RFC 6120 §8.3.3.
type StanzaError string

// The conditions that a policy can deny with; the others say what is not true of one.
const (
	StanzaFeatureNotImplemented StanzaError = "feature-not-implemented"
	StanzaForbidden             StanzaError = "forbidden"
	StanzaItemNotFound          StanzaError = "item-not-found"
	StanzaNotAcceptable         StanzaError = "not-acceptable"
	StanzaNotAllowed            StanzaError = "not-allowed"
	StanzaNotAuthorized         StanzaError = "not-authorized"
	StanzaPolicyViolation       StanzaError = "policy-violation"
	StanzaRegistrationRequired  StanzaError = "registration-required"
	StanzaServiceUnavailable    StanzaError = "service-unavailable"
)

func (StanzaKind) words() []string      { return wordsOf(StanzaMessage, StanzaPresence, StanzaIQ) }
func (StanzaAction) words() []string    { return wordsOf(StanzaAllow, StanzaDeny) }
func (StanzaDirection) words() []string { return wordsOf(StanzaClient, StanzaServer) }
func (StanzaError) words() []string {
	return wordsOf(StanzaFeatureNotImplemented, StanzaForbidden, StanzaItemNotFound, StanzaNotAcceptable, StanzaNotAllowed,
		StanzaNotAuthorized, StanzaPolicyViolation, StanzaRegistrationRequired, StanzaServiceUnavailable)
}

// UnmarshalText reads a kind of stanza.
func (k *StanzaKind) UnmarshalText(text []byte) error { return oneOf(k, text) }

// UnmarshalText reads what happens to a stanza.
func (a *StanzaAction) UnmarshalText(text []byte) error { return oneOf(a, text) }

// UnmarshalText reads a direction.
func (s *StanzaDirection) UnmarshalText(text []byte) error { return oneOf(s, text) }

// UnmarshalText reads a condition.
func (e *StanzaError) UnmarshalText(text []byte) error { return oneOf(e, text) }

// Compile makes the rules ready to judge. It is nil if there is no stanza policy.
func (s *Stanzas) Compile() (*stanzas.Policy, error) {
	if !s.On() {
		return nil, nil
	}
	var rules []stanzas.Rule
	for i := range s.Rules {
		r := &s.Rules[i]
		rules = append(rules, stanzas.Rule{
			Kinds: texts(r.Match.Kind), Types: r.Match.Type, Namespaces: r.Match.Namespace,
			To: texts(r.Match.To), From: texts(r.Match.From),
			Direction:  map[StanzaDirection]stanzas.Direction{StanzaClient: stanzas.FromClient, StanzaServer: stanzas.FromServer}[r.Match.Direction],
			BeforeAuth: r.Match.Authenticated != nil && !*r.Match.Authenticated,
			Deny:       r.Action == StanzaDeny, Condition: string(r.Error),
		})
	}
	p, err := stanzas.Compile(rules, s.Default == StanzaDeny)
	if err != nil {
		return nil, fmt.Errorf("xmpp.stanzas: %w", err)
	}
	return p, nil
}

func texts[T ~string](values []T) []string {
	var all []string
	for _, value := range values {
		all = append(all, string(value))
	}
	return all
}

// stanzaTypes are the types of each kind (RFC 6121 §4.7.1, §5.2.2; RFC 6120 §8.2.3).
var stanzaTypes = map[StanzaKind][]string{
	StanzaMessage:  {"chat", "error", "groupchat", "headline", "normal"},
	StanzaPresence: {"available", "error", "probe", "subscribe", "subscribed", "unavailable", "unsubscribe", "unsubscribed"},
	StanzaIQ:       {"error", "get", "result", "set"},
}

// checkStanzas checks the stanza policy, and each of its rules.
func (d *decoder) checkStanzas(x *XMPP) {
	s := &x.Stanzas
	if d.has("xmpp.stanzas") && d.has("xmpp.bosh.upstream") && x.BOSH.On() {
		d.problemAtKey("xmpp.stanzas", "the stanza policy cannot be held where BOSH is passed through: leave out xmpp.bosh.upstream, or write xmpp.bosh.enabled: false")
	}
	for i := range s.Rules {
		rule, where := &s.Rules[i], index("xmpp.stanzas.rules", i)
		if d.missing(where+".name", "this rule has no name") && rule.Name == "" {
			d.problemAt(where+".name", "the name is empty")
		}
		d.missing(where+".action", "this rule has no action: allow or deny")
		if d.missing(where+".match", "this rule has no match") && asksNothing(&rule.Match) {
			d.problemAt(where+".match", "this rule matches every stanza: write xmpp.stanzas.default instead")
		}
		if at := where + ".error"; d.has(at) && d.has(where+".action") && rule.Action != StanzaDeny {
			d.problemAtKey(at, "only a rule with action: deny answers with an error")
		}
		d.checkStanzaTypes(&rule.Match, where+".match")
		for j, namespace := range rule.Match.Namespace {
			if at := index(where+".match.namespace", j); d.has(at) && namespace == "" {
				d.problemAt(at, "the namespace is empty")
			}
		}
	}
}

func asksNothing(m *StanzaMatch) bool {
	return len(m.Kind)+len(m.Type)+len(m.Namespace)+len(m.To)+len(m.From) == 0 && m.Direction == "" && m.Authenticated == nil
}

func (d *decoder) checkStanzaTypes(m *StanzaMatch, where string) {
	kinds := m.Kind
	if len(kinds) == 0 {
		kinds = []StanzaKind{StanzaMessage, StanzaPresence, StanzaIQ}
	}
	var known []string
	for _, kind := range kinds {
		known = append(known, stanzaTypes[kind]...)
	}
	for i, word := range m.Type {
		at := index(where+".type", i)
		if !d.has(at) || !d.sound(where+".kind") {
			continue
		}
		if !slices.Contains(known, word) {
			d.problemAt(at, "%s is no type of these stanzas%s", d.text(at), didYouMean(word, known))
		}
	}
}

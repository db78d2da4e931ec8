package bosh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"chatproxy/xmpp"
)

// StanzaPolicy is the operator's say about messages, presences and iqs.
type StanzaPolicy interface {
	// Judge returns nothing if the stanza may pass, or the defined condition of
	// RFC 6120 §8.3.3 that its sender is answered with. It is called from many
	// goroutines.
	Judge(StanzaFacts) (condition string)
}

// StanzaFacts are what a stanza policy decides on.
type StanzaFacts struct {
	FromClient    bool     // the client sends it; otherwise the server does
	Authenticated bool     // the client has logged in
	Kind          string   // message, presence or iq
	Type          string   // its type, with the default of RFC 6121 where it has none
	To, From      string   // JIDs as they are written; empty if they are not known
	Namespaces    []string // of the elements directly inside
	Opaque        bool     // it may have more inside than Namespaces tells
}

// gate is where the stanzas of one session pass: it logs the client in at the logins'
// pace, puts stanzas to the policy, and bounds what a client sends. A transport gives
// it every stanza of the client before that goes up and every one of the server
// before that goes down, each direction from one goroutine at a time.
type gate struct {
	o      *Options
	logins *logins
	client string // the key of its address
	begun  time.Time
	flow   flow

	mu            sync.Mutex
	closed        bool
	last          time.Time // when a stanza last passed
	authenticated bool
	self          string // the client's JID, or "" while it is not known
	bound         bool   // and it has its resource
	login         login
	counted       counted
}

// guard is what the gates of a bridge have in common.
type guard struct {
	o      *Options
	logins *logins
}

func newGuard(o *Options) *guard { return &guard{o: o, logins: newLogins(o.Limits)} }

func (g *guard) gate(address string) *gate {
	now := time.Now()
	return &gate{o: g.o, logins: g.logins, client: addressKey(address), begun: now, last: now, flow: newFlow(g.o.Limits)}
}

// Why a gate ends a session.
var (
	errIdle    = errors.New("nothing was said for too long")
	errTooOld  = errors.New("the session has lasted as long as one may")
	errLogins  = errors.New("too many failed log-ins")
	errTwoAuth = errors.New("a log-in before the last one was answered")
	errClosed  = errors.New("the session has ended")
)

// wait holds a client to the pace of the limits before a stanza of n bytes. It fails
// if ctx ends or if the client has long been too fast.
func (g *gate) wait(ctx context.Context, n int) error { return g.flow.wait(ctx, n) }

// up looks at what the client sends. What is to go on to the server is on, what the
// client is to be answered is back; either may have no XML. After an error the
// session has to end with policy-violation.
func (g *gate) up(st xmpp.Stanza) (on, back xmpp.Stanza, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		// An attempt to log in that began now would count as under way for ever,
		// and some of them would keep its account's owner out (CWE-645).
		return on, back, errClosed
	}
	g.last = time.Now()
	if !isStanza(st) {
		switch st.Name.Space {
		case nsSASL, nsSASL2:
			return g.loginUp(st)
		case nsSM2, nsSM3:
			g.counted.request(st)
		}
		return st, back, nil
	}
	if g.o.Stanzas == nil && g.authenticated {
		return st, back, nil
	}
	facts := g.facts(st, true)
	if !g.authenticated && facts.Kind == "iq" && (facts.Opaque || slices.Contains(facts.Namespaces, nsOldAuth)) {
		// The log-in of before SASL would not be counted (CWE-307).
		back, _ = errorAnswer(st, facts, "not-allowed", "")
		return on, back, nil
	}
	if g.o.Stanzas == nil || isNegotiation(st, facts) {
		return st, back, nil
	}
	condition := g.o.Stanzas.Judge(facts)
	if condition == "" {
		return st, back, nil
	}
	g.o.Log.Debug("a client's stanza is denied", "kind", facts.Kind, "type", facts.Type, "condition", condition)
	answer, answered := errorAnswer(st, facts, condition, g.self)
	if !g.counted.on {
		return xmpp.Stanza{}, answer, nil
	}
	on, err = g.counted.replace(answer, answered)
	return on, back, err
}

// down is up for what the server sends.
func (g *gate) down(st xmpp.Stanza) (on, back xmpp.Stanza) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch st.Name.Space {
	case nsSASL, nsSASL2:
		return g.loginDown(st), back
	case nsSM2, nsSM3:
		g.counted.response(st)
		return st, back
	}
	g.last = time.Now()
	if g.o.Stanzas == nil || !isStanza(st) {
		return st, back
	}
	if answer, ok := g.counted.answer(st); ok {
		return answer, back
	}
	facts := g.facts(st, false)
	if facts.Kind == "iq" && (facts.Type == "result" || facts.Type == "error") {
		// It answers what the client was allowed to ask; clients ignore others. An
		// error of another kind may be a stranger's message by another name.
		g.learnJID(st, facts)
		return st, back
	}
	condition := g.o.Stanzas.Judge(facts)
	if condition == "" {
		return st, back
	}
	g.o.Log.Debug("a server's stanza is denied", "kind", facts.Kind, "type", facts.Type, "condition", condition)
	if g.counted.on {
		return withheld(st, facts), back
	}
	if facts.Kind == "iq" {
		back, _ = errorAnswer(st, facts, condition, "")
	}
	return xmpp.Stanza{}, back
}

// expired tells why the session has lasted long enough, or nil.
func (g *gate) expired() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch l := g.o.Limits; {
	case time.Since(g.last) > l.Idle:
		return fmt.Errorf("%w: %v", errIdle, l.Idle)
	case time.Since(g.begun) > l.Life:
		return fmt.Errorf("%w: %v", errTooOld, l.Life)
	}
	return nil
}

// close is called when the session has ended.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.login.finish(g.logins, aborted)
}

package main

import (
	"crypto/x509"
	"net/http"
	"slices"
	"time"

	"chatproxy/bosh"
	"chatproxy/policies"
	"chatproxy/policies/stanzas"
	"chatproxy/proxy"
)

// What the bridge takes of a policy, which it knows nothing of.

// bridgeLimits are the policy's limits on XMPP sessions.
func bridgeLimits(policy *policies.Policy) bosh.Limits {
	l, b := policy.Limits, policy.XMPP.BOSH
	return bosh.Limits{
		Wait:                    time.Duration(b.Wait),
		Hold:                    b.Hold,
		Inactivity:              time.Duration(b.Inactivity),
		Polling:                 time.Duration(b.Polling),
		MaxPause:                time.Duration(b.MaxPause),
		Streams:                 b.Streams,
		Replay:                  int(b.Replay),
		SessionsPerAddress:      l.SessionsPerAddress,
		Sessions:                l.Sessions,
		NewSessionsPerAddress:   l.NewSessionsPerAddress,
		NewSessions:             l.NewSessions,
		LoginFailuresPerAddress: l.LoginFailuresPerAddress,
		LoginFailuresPerAccount: l.LoginFailuresPerAccount,
		StanzaRate:              l.StanzasPerSecond,
		ByteRate:                int(l.StanzaBytesPerSecond),
		Flood:                   time.Duration(l.Flood),
		Idle:                    time.Duration(l.SessionIdle),
		Life:                    time.Duration(l.SessionLife),
	}
}

// allowOrigin lets in the pages of the site and those of the policy's other origins. The
// site's own is not let in by being named: a beacon from a compartment has that origin in
// WebKit, and only SameOrigin tells it apart.
func allowOrigin(others []policies.Origin) func(*http.Request) bool {
	return func(r *http.Request) bool {
		origin := r.Header.Get("Origin")
		return proxy.SameOrigin(r) || origin != proxy.Origin(r) && slices.Contains(others, policies.Origin(origin))
	}
}

// stanzaPolicy is nil if the policy has none.
func stanzaPolicy(policy *policies.Policy) (bosh.StanzaPolicy, error) {
	compiled, err := policy.XMPP.Stanzas.Compile()
	if err != nil || compiled == nil {
		return nil, err
	}
	return judge{compiled}, nil
}

// through names the server's own endpoints that are served.
func through(policy *policies.Policy, pool *x509.CertPool) bosh.Through {
	t := bosh.Through{RootCAs: pool}
	if policy.XMPP.BOSH.On() {
		t.BOSH = policy.XMPP.BOSH.Upstream.URL
	}
	if policy.XMPP.WebSocket.On() {
		t.WebSocket = policy.XMPP.WebSocket.Upstream.URL
	}
	return t
}

// judge puts the bridge's stanzas to the policy.
type judge struct{ policy *stanzas.Policy }

// Judge returns nothing if the stanza may pass.
func (j judge) Judge(f bosh.StanzaFacts) string { return j.policy.Judge(stanzas.Facts(f)) }

// drainTime is how long clients may take to be let go.
func drainTime(policy *policies.Policy) time.Duration {
	return time.Duration(policy.XMPP.Drain.Spread) + time.Duration(policy.XMPP.Drain.Wait)
}

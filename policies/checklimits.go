package policies

import (
	"net/url"
	"slices"
)

// checkLimits checks the numbers; a size or a time that is none does not decode.
func (d *decoder) checkLimits(l *Limits) {
	for _, limit := range []struct {
		key   string
		value int
	}{
		{"sessions_per_address", l.SessionsPerAddress}, {"sessions", l.Sessions},
		{"new_sessions_per_address", l.NewSessionsPerAddress}, {"new_sessions", l.NewSessions},
		{"login_failures_per_address", l.LoginFailuresPerAddress}, {"login_failures_per_account", l.LoginFailuresPerAccount},
		{"stanzas_per_second", l.StanzasPerSecond},
	} {
		if path := "limits." + limit.key; d.sound(path) && limit.value < 0 {
			d.problemAt(path, "%s is how many, from 1 up", path)
		}
	}
	const perSecond = "limits.stanza_bytes_per_second"
	if d.has(perSecond) && l.StanzaBytesPerSecond > 1<<30 {
		d.problemAt(perSecond, "%s is more than 1GiB: no client sends that fast", d.text(perSecond))
	}
}

// checkDrain checks where WebSocket clients are sent. A client must not follow to a
// place with less security (RFC 7395 §3.6.1), so none is named.
func (d *decoder) checkDrain(drain *Drain) {
	const path = "xmpp.drain.see_other_uri"
	if !d.has(path) {
		return
	}
	u, err := url.Parse(drain.SeeOtherURI)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || !slices.Contains([]string{"wss", "https"}, u.Scheme) {
		d.problemAt(path, "%s is not a wss or https URL like wss://other.example.com/xmpp-websocket", d.text(path))
	}
}

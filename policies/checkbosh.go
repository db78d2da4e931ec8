package policies

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// checkBOSH checks what clients of the connection manager may ask for.
func (d *decoder) checkBOSH(x *XMPP) {
	b := &x.BOSH
	const room = "xmpp.bosh."
	for _, times := range []struct {
		key         string
		value       Duration
		least, most time.Duration
	}{
		{"wait", b.Wait, time.Second, 10 * time.Minute},
		{"inactivity", b.Inactivity, 5 * time.Second, time.Hour},
		{"polling", b.Polling, time.Second, time.Minute},
		{"max_pause", b.MaxPause, time.Second, time.Hour},
	} {
		v := time.Duration(times.value)
		if path := room + times.key; d.has(path) && (v < times.least || v > times.most || v%time.Second != 0) {
			d.problemAt(path, "%s is not a whole number of seconds from %v to %v", d.text(path), times.least, times.most)
		}
	}
	for _, number := range []struct {
		key         string
		value, most int
	}{{"hold", b.Hold, 4}, {"streams", b.Streams, 16}} {
		if path := room + number.key; d.sound(path) && (number.value < 0 || number.value > number.most) {
			d.problemAt(path, "%s is from 1 to %d", path, number.most)
		}
	}
	if path := room + "replay"; d.has(path) && b.Replay < 1<<16 {
		d.problemAt(path, "%s is less than 64KiB: a contact list may be larger, and its client would lose the session", d.text(path))
	}
	if path := room + "former_domains"; d.sound(path) && slices.ContainsFunc(b.FormerDomains, func(s string) bool { return strings.EqualFold(s, x.Domain) }) {
		d.problemAt(path, "xmpp.domain is among the domains that are gone")
	}
	if path := room + "see_other_uri"; d.has(path) {
		u, err := url.Parse(b.SeeOtherURI)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
			d.problemAt(path, "%s is not a https URL like https://www.example.com/http-bind", d.text(path))
		}
	}
}

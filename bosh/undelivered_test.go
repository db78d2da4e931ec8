package bosh

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A client is gone: whoever wrote to it is told, but for presences; with XEP-0198 the
// server sees to it.
func TestUndeliveredIsReturned(t *testing.T) {
	const (
		iq       = `<iq type='get' id='1' from='bob@b.example/x' to='ann@a.example/y'><query xmlns='urn:q'/></iq>`
		result   = `<iq type='result' id='2' from='bob@b.example/x' to='ann@a.example/y'/>`
		chat     = `<message id='3' from='bob@b.example/x' to='ann@a.example/y'><body>hello</body></message>`
		failed   = `<message type='error' id='4' from='bob@b.example/x'/>`
		presence = `<presence from='bob@b.example/x'/>`
	)
	for _, managed := range []bool{false, true} {
		inLab(t, Options{}, func(l *lab) {
			l.create(usual)
			if managed {
				c := l.next("", `<enable xmlns="urn:xmpp:sm:3" resume="true"/>`)
				l.peers[0].say(`<enabled xmlns='urn:xmpp:sm:3' id='s' resume='true'/>`)
				c.body()
			}
			delivered := l.next("", "")
			l.peers[0].say(strings.Replace(chat, "id='3'", "id='0'", 1))
			delivered.body()
			l.next("", "").hangUp()
			synctest.Wait()
			before := l.peers[0].got()
			l.peers[0].say(iq + result + chat + failed + presence)
			time.Sleep(61 * time.Second)
			got := strings.TrimPrefix(l.peers[0].got(), before)
			want := `<iq xmlns="jabber:client" type="error" id="1" to="bob@b.example/x"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>` +
				`<message xmlns="jabber:client" type="error" id="3" to="bob@b.example/x"><error type="wait"><recipient-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>EOF`
			if managed {
				want = "EOF"
			}
			if got != want {
				t.Errorf("XEP-0198 %v: the server got %s\nwant %s", managed, got, want)
			}
		})
	}
}

package bosh

import (
	"strings"
	"testing"
	"time"
)

// A client that is denied what it sends and hangs up before it is told cannot fill the
// memory with what it would be told (CWE-770).
func TestAnswersThatNobodyFetchesAreBounded(t *testing.T) {
	inLab(t, Options{Limits: Limits{StanzaRate: 2}}, func(l *lab) {
		l.create(usual)
		s := l.session()
		denied := `<iq xmlns="jabber:client" type="get" id="` + strings.Repeat("'", maxID) + `" to="` + strings.Repeat("'", 3*maxID) +
			`"><query xmlns="jabber:iq:auth"/></iq>`
		for i := range 100 {
			c := l.next("", strings.Repeat(denied, 50))
			c.hangUp() // while the proxy slows it down
			time.Sleep(25 * time.Second)
			s.mu.Lock()
			ended, queued := s.ended, s.queueBytes
			s.mu.Unlock()
			switch {
			case ended:
				return
			case queued > 2*s.m.o.Limits.Queue+8*s.m.o.Limits.Body:
				t.Fatalf("%d KiB are queued after %d requests", queued>>10, i+1)
			}
		}
		t.Error("the session goes on")
	})
}

// The control: a client that fetches its answers may be denied as often as it likes.
func TestAnswersThatAreFetchedAreNotCounted(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		denied := `<iq xmlns="jabber:client" type="get" id="a"><query xmlns="jabber:iq:auth"/></iq>`
		for range 100 {
			l.want(l.next("", strings.Repeat(denied, 50)).wait(), "not-allowed")
			time.Sleep(3 * time.Second)
		}
	})
}

// Somebody's message with too much in it does not cut off whom it is for.
func TestMessageThatNestsTooDeepCutsNobodyOff(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		waiting := l.next("", "")
		l.peers[0].say(`<message from='mallory@else.example'>` + strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100) + `</message>`)
		l.want(waiting.wait(), `<iq xmlns="jabber:client" type="result"`)
		waiting = l.next("", "")
		l.peers[0].say(`<message from='ann@a.example'><body>hello</body></message>`)
		l.want(waiting.wait(), "hello")
	})
}

// Restarts cost the server more than stanzas, and are held to the same pace (CWE-770).
func TestRestartsAreHeldToThePace(t *testing.T) {
	inLab(t, Options{Limits: Limits{StanzaRate: 1}}, func(l *lab) {
		l.create(`ver="1.11" wait="59" hold="0"`)
		begun := time.Now()
		for range 2 * burst {
			l.next(`xmpp:restart="true"`, "").wait()
		}
		if took := time.Since(begun); took < (burst-1)*time.Second {
			t.Errorf("%d restarts took %v", 2*burst, took)
		}
	})
}

package bosh

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"chatproxy/xmpp"
)

const restart = `to="a.example" xml:lang="fr" xmpp:restart="true"`

func TestXEP0206_2_FeaturesDeclareTheirNamespace(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		for _, got := range []string{l.create(usual), l.next(restart, "").body()} {
			if body, _, _ := strings.Cut(got, "<stream:features"); value(body, "xmlns:stream") != xmpp.NSStream {
				t.Errorf("got %s", got)
			}
		}
	})
}

func TestXEP0206_2_StreamError(t *testing.T) {
	const conflict = `<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>`
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		lost := l.next("", "")
		lost.hangUp()
		synctest.Wait()
		l.peers[0].say(numbered("before"))
		l.peers[0].say("<stream:error>" + conflict + "</stream:error>")
		// Its session is over; the repeated request still gets the stanzas and, after
		// them, the error, as one body.
		got := l.at(l.rid, "", "").body()
		l.want(got, ended(RemoteStreamError), numbered("before")+"<stream:error")
	})
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		held := l.next("", "")
		l.peers[0].say("<stream:error>" + conflict + "</stream:error>")
		l.want(held.body(), ended(RemoteStreamError), `xmlns:stream="`+xmpp.NSStream+`"`, conflict)
	})
}

func TestXEP0206_3_NoStreamHeader(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		all := l.create(usual)
		all += l.next(restart, "").body()
		held := l.next("", "")
		l.peers[0].say(numbered("1"))
		all += held.body() + l.next(over, "").body()
		if strings.Contains(all, "stream:stream") || !strings.Contains(all, numbered("1")) {
			t.Errorf("the client got %s", all)
		}
	})
	for _, tag := range []string{`<stream:stream xmlns:stream="` + xmpp.NSStream + `">`, `</stream:stream>`, `<stream:stream xmlns:stream="` + xmpp.NSStream + `"/>`} {
		inLab(t, Options{}, func(l *lab) {
			l.create(usual)
			l.want(l.next("", tag).body(), over)
			if n := strings.Count(l.peers[0].got(), "stream:stream"); n != 1 {
				t.Errorf("the server got %s", l.peers[0].got())
			}
		})
	}
}

func TestXEP0206_4_Restartlogic(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		created := l.create(usual)
		if value(created, "xmpp:restartlogic") != "true" || value(created, "xmlns:xmpp") != "urn:xmpp:xbosh" || value(created, "xmpp:version") != "1.0" {
			t.Errorf("got %s", created)
		}
	})
}

func TestXEP0206_5_RestartOpensAStream(t *testing.T) {
	for _, spelling := range []string{`xmpp:restart="true"`, `xmpp:restart="1"`, `xmlns:x="urn:xmpp:xbosh" x:restart="true"`} {
		inLab(t, Options{}, func(l *lab) {
			l.create(usual)
			l.next(spelling, "")
			if got := l.peers[0].got(); strings.Count(got, "<stream:stream") != 2 || strings.Contains(got, "</stream:stream>") || len(l.peers) != 1 {
				t.Errorf("%s: %d connections, the server got %s", spelling, len(l.peers), got)
			}
		})
	}
	for _, other := range []string{`xmpp:restart="false"`, `restart="true"`, ``} {
		inLab(t, Options{}, func(l *lab) {
			l.create(usual)
			l.next(other, "")
			if got := l.peers[0].got(); strings.Count(got, "<stream:stream") != 1 {
				t.Errorf("%s: the server got %s", other, got)
			}
		})
	}
}

func TestXEP0206_5_RestartForwardsFeatures(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		l.peers[0].mu.Lock()
		l.peers[0].silent = true
		l.peers[0].mu.Unlock()
		c := l.next(restart, "")
		if c.answered() {
			t.Fatal("answered before the server was")
		}
		l.peers[0].say(stubHead + `<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>`)
		l.want(c.body(), `<stream:features`, `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>`)
	})
}

// A client that goes on after its login without the restart that it must ask for. It
// is decided that it is helped: the stream is restarted for it. One that asks is
// restarted once.
func TestRestartThatNobodyAskedFor(t *testing.T) {
	const bind = `<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`
	login := func(l *lab) {
		l.create(usual)
		auth := l.next("", `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>`)
		l.peers[0].say(`<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`)
		l.want(auth.body(), "<success")
	}
	inLab(t, Options{}, func(l *lab) {
		login(l)
		l.want(l.next("", bind).body(), "<stream:features")
		got := l.peers[0].got()
		_, after, _ := strings.Cut(got, "ANONYMOUS")
		if strings.Count(after, "<stream:stream") != 1 || !strings.HasSuffix(after, ">"+bind) {
			t.Errorf("the server got %s", got)
		}
		l.next("", numbered("1")) // and no second time
		l.once(bind + numbered("1"))
	})
	inLab(t, Options{}, func(l *lab) {
		login(l)
		l.next(restart, "")
		l.next("", bind)
		if got := l.peers[0].got(); strings.Count(got, "<stream:stream") != 2 {
			t.Errorf("the server got %s", got)
		}
	})
	inLab(t, Options{}, func(l *lab) { // SASL goes on, without a success
		l.create(usual)
		l.next("", `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="X"/>`)
		l.peers[0].say(`<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>`)
		l.next("", bind)
		if got := l.peers[0].got(); strings.Count(got, "<stream:stream") != 1 {
			t.Errorf("the server got %s", got)
		}
	})
}

// A server whose connection is not encrypted is not called secure.
func TestSecureIsTrue(t *testing.T) {
	s := newStub(t, true)
	f := newFixture(t, Options{Dial: s.dialer()}) // plain, on loopback
	if created := f.post(createBody(`wait="59" secure="true"`)); value(created, "secure") != "" || value(created, "sid") == "" {
		t.Errorf("got %s", created)
	}
	inLab(t, Options{}, func(l *lab) {
		if created := l.create(usual); value(created, "secure") != "true" {
			t.Errorf("got %s", created)
		}
	})
	var l *lab
	inLab(t, Options{Dial: func(context.Context) (*xmpp.Stream, error) { return l.dial(true), nil }}, func(made *lab) {
		l = made
		if created := l.create(usual); strings.Contains(created, "secure") || strings.Contains(created, "authid") {
			t.Errorf("before the server has said who it is: %s", created)
		}
	})
}

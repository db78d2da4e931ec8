package bosh

import (
	"context"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"chatproxy/xmpp"
)

// §17 and §19: errors, and what must not be got at.

func TestXEP0124_17_1_LegacyClient(t *testing.T) {
	for attributes, legacy := range map[string]bool{`wait="59"`: true, `wait="59" ver="1.5"`: true, `wait="59" ver="1.6"`: false, `wait="59" ver="1.11"`: false} {
		for name, test := range map[string]struct {
			do     func(*lab) *call
			status int
		}{
			"bad-request":              {func(l *lab) *call { return l.next(`pause="x"`, "") }, 400},
			"policy-violation":         {func(l *lab) *call { return l.next(`pause="999"`, "") }, 403},
			"item-not-found":           {func(l *lab) *call { return l.at(5000, "", "") }, 404},
			"other conditions are 200": {func(l *lab) *call { c := l.next("", ""); l.peers[0].conn.Close(); synctest.Wait(); return c }, 200},
		} {
			inLab(t, Options{}, func(l *lab) {
				if created := l.create(attributes); strings.Contains(created, "ver=") == legacy {
					t.Errorf("%s: %s", attributes, created)
				}
				c := test.do(l)
				l.want(c.body(), over)
				want := test.status
				if !legacy {
					want = 200
				}
				if c.w.Code != want || c.w.Header().Get("Access-Control-Allow-Origin") != site {
					t.Errorf("%s, %s: status %d, want %d", attributes, name, c.w.Code, want)
				}
				// And it is void.
				again := l.next("", "")
				if again.body(); legacy && again.w.Code != 404 {
					t.Errorf("%s: the session is still there", name)
				}
			})
		}
		inLab(t, Options{}, func(l *lab) { // also before there is a session
			c := l.send(`<body xmlns="` + binding + `" to="a.example" ` + attributes + `/>`)
			if c.body(); (c.w.Code == 400) != legacy {
				t.Errorf("%s: a creation without rid gets %d", attributes, c.w.Code)
			}
		})
	}
}

func TestXEP0124_17_3_RepeatAfterError(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		old := l.next("", numbered("1"))
		again := l.at(l.rid, "", numbered("1"))
		l.is(old.body(), `type="error"`)
		third := l.at(l.rid, "", numbered("1")) // as the client is to do after that
		l.is(again.body(), `type="error"`)
		l.peers[0].say(numbered("a"))
		l.is(third.body(), "", numbered("a"))
		l.once(numbered("1"))
	})
	// There is a limit to it, or it would be a way around the others (§14.3).
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		l.next("", "")
		var last *call
		for range maxRepeats + 1 {
			last = l.at(l.rid, "", "")
		}
		l.is(last.body(), ended(PolicyViolation))
	})
}

func TestXEP0124_19_1_TLSThroughout(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		created := l.send(createBody(usual[len(`ver="1.11" `):]), "X-Secure", "1").wait()
		l.sid = value(created, "sid")
		l.is(l.send(requestBody(l.sid, "1001", "", numbered("1"))).body(), ended(ItemNotFound))
		if strings.Contains(l.peers[0].got(), "<message") || isOver(l.session()) {
			t.Error("a request in the clear did something to a session over TLS")
		}
		l.is(l.send(requestBody(l.sid, "x", "", "")).body(), ended(BadRequest))
		if isOver(l.session()) {
			t.Error("a request in the clear ended a session over TLS")
		}
		l.send(requestBody(l.sid, "1001", "", numbered("1")), "X-Secure", "1")
		l.once(numbered("1"))
	})
}

func TestXEP0124_19_3_SIDAndRIDAreUnpredictable(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		seen := map[string]bool{}
		for range 10 { // sids of sessions that are over do not come again
			l.create(usual)
			if seen[l.sid] || strings.Contains(l.sid, "1000") {
				t.Errorf("sid %s", l.sid)
			}
			seen[l.sid] = true
			l.next(over, "")
		}
	})
}

// Every terminal condition with its cause (§17.2). What Converse gives up after, it
// gets only where trying again is of no use.
func TestConditions(t *testing.T) {
	refusing := func(err error) Options {
		return Options{Dial: func(context.Context) (*xmpp.Stream, error) { return nil, err }}
	}
	creation := func(attributes string) func(*lab) string {
		return func(l *lab) string {
			return l.send(`<body xmlns="` + binding + `" rid="1" ` + usual + ` ` + attributes + `/>`).wait()
		}
	}
	inSession := func(do func(*lab) *call) func(*lab) string {
		return func(l *lab) string { l.create(usual); return do(l).wait() }
	}
	held := func(then func(*lab)) func(*lab) string {
		return inSession(func(l *lab) *call { c := l.next("", ""); then(l); return c })
	}
	for _, test := range []struct {
		name string
		o    Options
		do   func(*lab) string
		want string
	}{
		{"bad-request", Options{}, creation(`to="a.example" content="a"`), ended(BadRequest)},
		{"host-gone", Options{FormerDomains: []string{"old.example"}}, creation(`to="OLD.example"`), ended(HostGone)},
		{"host-unknown", Options{FormerDomains: []string{"old.example"}}, creation(`to="other.example"`), ended(HostUnknown)},
		{"improper-addressing", Options{}, creation(``), ended(ImproperAddressing)},
		{"improper-addressing: empty", Options{}, creation(`to=""`), ended(ImproperAddressing)},
		{"see-other-uri", Options{SeeOtherURI: "https://www.example.com/http-bind?a&b"}, creation(`to="a.example"`),
			ended(SeeOtherURI) + `><uri>https://www.example.com/http-bind?a&amp;b</uri>`},
		{"item-not-found: rid", Options{}, inSession(func(l *lab) *call { return l.at(9999, "", "") }), ended(ItemNotFound)},
		{"item-not-found: sid", Options{}, inSession(func(l *lab) *call { return l.send(requestBody("x", "1001", "", "")) }), ended(ItemNotFound)},
		{"other-request", Options{}, held(func(l *lab) { l.at(9999, "", "") }), ended(OtherRequest)},
		{"policy-violation", Options{}, inSession(func(l *lab) *call { return l.next(`pause="121"`, "") }), ended(PolicyViolation)},
		{"policy-violation: forbidden element", Options{}, inSession(func(l *lab) *call {
			return l.next("", `<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>`)
		}), ended(PolicyViolation)},
		{"remote-connection-failed: no TLS", refusing(xmpp.ErrNoStartTLS), creation(`to="a.example"`), ended(RemoteConnectionFailed)},
		{"remote-stream-error", Options{}, held(func(l *lab) {
			l.peers[0].say(numbered("1") + `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`)
		}), numbered("1")},
		{"remote-stream-error: garbage", Options{}, held(func(l *lab) { l.peers[0].say("<a></b>") }),
			ended(RemoteStreamError) + ` xmlns:stream="http://etherx.jabber.org/streams"><stream:error><not-well-formed`},
		{"system-shutdown: ours", Options{}, held(func(l *lab) { l.close() }), ended(SystemShutdown)},
		{"system-shutdown: the server's connection", Options{}, held(func(l *lab) { l.peers[0].conn.Close() }), ended(SystemShutdown)},
		{"system-shutdown: the server's stream", Options{}, held(func(l *lab) { l.peers[0].say("</stream:stream>") }), ended(SystemShutdown)},
		{"internal-server-error", Options{Dial: func(ctx context.Context) (*xmpp.Stream, error) {
			time.Sleep(20 * time.Second) // the creation is answered by then
			return nil, fmt.Errorf("dialling: %w", &net.OpError{Op: "dial", Err: syscall.EMFILE})
		}}, inSession(func(l *lab) *call { return l.next("", "") }), ended(InternalServerError)},
		{"undefined-condition", Options{Limits: Limits{Replay: 1500, Hold: 2}}, func(l *lab) string {
			l.create(`ver="1.11" wait="59" hold="2"`)
			l.next("", "")
			c := l.next("", "")
			l.peers[0].say(numbered(strings.Repeat("x", 1000)))
			return c.wait()
		}, ended(UndefinedCondition)},
	} {
		t.Run(test.name, func(t *testing.T) {
			inLab(t, test.o, func(l *lab) { l.want(test.do(l), test.want) })
		})
	}
}

// A client that never acknowledges what it gets does not fill the memory (CWE-770),
// and is told what it did; one that cannot acknowledge is told something else.
func TestReplayIsBounded(t *testing.T) {
	big := numbered(strings.Repeat("x", 1000))
	inLab(t, Options{Limits: Limits{Replay: 10_000}}, func(l *lab) {
		l.create(usual + ` ack="1"`)
		held := l.next(`ack="1000"`, "")
		for range 20 {
			l.peers[0].say(big)
			held.body()
			if kept := l.session().replay.bytes; kept > 12_000 {
				t.Fatalf("%d bytes are kept", kept)
			}
			if held = l.next(`ack="1000"`, ""); held.answered() {
				break
			}
		}
		if !isOver(l.session()) {
			t.Error("the session goes on")
		}
	})
	inLab(t, Options{Limits: Limits{Replay: 10_000}}, func(l *lab) { // one that does
		l.create(usual + ` ack="1"`)
		for range 20 {
			held := l.next("", "")
			l.peers[0].say(big)
			held.body()
		}
		if isOver(l.session()) {
			t.Error("the session of a client that acknowledges ended")
		}
	})
	inLab(t, Options{Limits: Limits{Replay: 1500, Hold: 2}}, func(l *lab) {
		l.create(`ver="1.11" wait="59" hold="2"`)
		first, second := l.next("", ""), l.next("", "")
		l.peers[0].say(big)
		l.want(first.body(), big)
		l.want(second.body(), ended(UndefinedCondition), `<replay-overflow xmlns="urn:chatproxy:bosh"/>`)
	})
}

// Whoever guesses gets nothing of what waits for the client (CWE-200).
func TestRejectedRequestGetsNothing(t *testing.T) {
	queued := func(l *lab) {
		l.create(usual)
		c := l.next("", "")
		c.hangUp()
		synctest.Wait()
		l.peers[0].say(numbered("secret"))
	}
	for name, request := range map[string]string{"rid": ` rid="77"`, "pause": ` rid="1002" pause="9999"`, "attribute": ` rid="1002" type="a"`} {
		inLab(t, Options{}, func(l *lab) {
			queued(l)
			got := l.send(`<body xmlns="` + binding + `" sid="` + l.sid + `"` + request + `/>`).body()
			if strings.Contains(got, "secret") {
				t.Errorf("wrong %s: got %s", name, got)
			}
		})
	}
	inLab(t, Options{}, func(l *lab) { // the control: the client gets it
		queued(l)
		l.want(l.at(1002, "", "").body(), numbered("secret"))
	})
}

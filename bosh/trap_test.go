package bosh

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatproxy/xmpp"
)

// What other connection managers got wrong, one test for each.

func TestTrap01ReplayIsNotProcessedAgain(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		full := l.next("", numbered("1"))
		l.peers[0].say(numbered("a"))
		empty := l.next("", numbered("2"))
		empty.wait()
		l.is(l.at(1001, "", numbered("1")).body(), "", numbered("a"))
		l.is(full.body(), "", numbered("a"))
		l.is(l.at(1002, "", numbered("2")).body(), "")
		held := l.next("", "")
		last := l.next(over, numbered("3"))
		l.is(held.body(), over)
		l.is(last.body(), "")
		l.is(l.at(1003, "", "").body(), over) // the last one too
		l.is(l.at(1004, over, numbered("3")).body(), "")
		for _, n := range []string{"1", "2", "3"} {
			l.once(numbered(n))
		}
	})
	inLab(t, Options{}, func(l *lab) { // the last answer, whose connection was lost
		l.create(usual)
		resume := l.peers[0].stall()
		bye := l.next(over, numbered("1"))
		bye.hangUp()
		resume()
		synctest.Wait()
		l.is(l.at(1001, over, numbered("1")).body(), over)
		l.once(numbered("1"))
	})
}

func TestTrap02DuplicateOfAHeldRequest(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		old := l.next("", numbered("1"))
		time.Sleep(58 * time.Second)
		again := l.at(1001, "", numbered("1"))
		l.is(old.body(), `type="error"`)
		// The new connection has a wait of its own, and it is kept strictly.
		if l.is(again.wait(), ""); again.took != 59*time.Second {
			t.Errorf("it was held for %v", again.took)
		}
		l.once(numbered("1"))
	})
}

func TestTrap03AnswersInOrder(t *testing.T) {
	inLab(t, Options{Limits: Limits{Gap: time.Hour}}, func(l *lab) {
		l.create(usual)
		held := l.next("", "")
		early := l.at(1003, "", numbered("3"))
		l.peers[0].say(numbered("a"))
		if l.is(held.body(), "", numbered("a")); early.answered() {
			t.Fatal("a request that waits for an earlier one was answered")
		}
		l.peers[0].say(numbered("b"))
		if early.answered() {
			t.Fatal("a request that waits for an earlier one was used for output")
		}
		l.is(l.at(1002, "", numbered("2")).body(), "", numbered("b"))
		l.is(l.at(1002, "", numbered("2")).body(), "", numbered("b")) // its own, in the cache
	})
}

func TestTrap04TerminateDelivers(t *testing.T) {
	inLab(t, Options{Limits: Limits{Hold: 2}}, func(l *lab) {
		l.create(`ver="1.11" wait="59" hold="2"`)
		first, second := l.next("", ""), l.next("", "")
		resume := l.peers[0].stall()
		bye := l.next(over, numbered("bye"))
		if bye.answered() || first.answered() {
			t.Error("answered before the server has the payload")
		}
		go func() { _, _ = l.peers[0].conn.Write([]byte(numbered("last"))) }()
		synctest.Wait()
		l.is(first.body(), "", numbered("last")) // what the server said meanwhile
		resume()
		l.is(second.body(), over)
		l.is(bye.body(), "")
		l.once(numbered("bye") + "</stream:stream>")
	})
}

func TestTrap05InactivityCounts(t *testing.T) {
	// A request that is held, answered from the cache, or asks for a pause is
	// activity; one that the client aborted is not, and starts the clock.
	for name, test := range map[string]struct {
		do   func(*lab)
		live time.Duration
	}{
		"held":     {func(l *lab) { l.next("", "") }, 59*time.Second + 60*time.Second},
		"repeated": {func(l *lab) { l.next(`pause="1"`, ""); l.at(1001, `pause="1"`, "") }, time.Second},
		"pause":    {func(l *lab) { l.next(`pause="100"`, "") }, 100 * time.Second},
		"aborted":  {func(l *lab) { l.next("", "").hangUp(); synctest.Wait() }, 60 * time.Second},
		"a pause that another request ends": {func(l *lab) {
			l.next("", "")
			l.peers[0].say(numbered("a"))
			l.next(`pause="100"`, "")
			l.at(1001, "", "")
		}, 60 * time.Second},
		"from the cache": {func(l *lab) {
			l.next("", "")
			l.peers[0].say(numbered("a"))
			time.Sleep(50 * time.Second)
			l.at(1001, "", "")
		}, 60 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				l.create(usual)
				test.do(l)
				s := l.session()
				time.Sleep(test.live - time.Millisecond)
				if synctest.Wait(); isOver(s) {
					t.Errorf("it ended before %v", test.live)
				}
				time.Sleep(2 * time.Millisecond)
				if synctest.Wait(); !isOver(s) {
					t.Errorf("it lives longer than %v", test.live)
				}
			})
		})
	}
}

func TestTrap06AbortedRequestsDoNotCount(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		for range 20 { // a page that is reloaded again and again
			l.next("", "").hangUp()
			time.Sleep(3 * time.Second)
		}
		held := l.next("", "")
		l.peers[0].say(numbered("a"))
		l.is(held.body(), "", numbered("a"))
		if n := len(l.session().orphans); n > 4 {
			t.Errorf("%d aborted requests are remembered", n)
		}
	})
	// One more is allowed for a goodbye, where everything else would be too much.
	for _, attributes := range []string{over, `pause="10"`} {
		inLab(t, Options{}, func(l *lab) {
			l.create(usual)
			defer l.peers[0].stall()()
			for n := range 3 {
				l.next("", numbered(itoa(n)))
			}
			if c := l.next(attributes, ""); c.answered() {
				t.Errorf("%s: %s", attributes, c.body())
			}
		})
	}
}

func TestTrap07AWriteIsNoDelivery(t *testing.T) {
	f, p, sid := begin(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() { _, err := f.try(ctx, requestBody(sid, "1001", "", numbered("up"))); failed <- err }()
	p.wait(t, numbered("up"))
	waitFor(t, f, sid, func(s *session) bool { return len(s.held) == 1 })
	// The answer is written, and the client never reads it.
	if _, err := p.Write([]byte(numbered("down"))); err != nil {
		t.Fatal(err)
	}
	waitFor(t, f, sid, func(s *session) bool { return s.replay.last() == 1001 })
	cancel()
	<-failed
	f.expect(f.post(requestBody(sid, "1001", "", numbered("up"))), numbered("down"))
}

func TestTrap08CacheDepth(t *testing.T) {
	inLab(t, Options{Limits: Limits{Hold: 2}}, func(l *lab) {
		l.create(`ver="1.11" wait="59" hold="2"`) // three requests
		for n := range 10 {
			c := l.next("", "")
			l.peers[0].say(numbered(itoa(n)))
			c.body()
		}
		held := l.next("", "")
		for n := 9; n > 6; n-- {
			l.is(l.at(1001+n, "", "").body(), "", numbered(itoa(n)))
		}
		if held.answered() || len(l.session().replay.kept) > 4 {
			t.Errorf("%d answers are kept", len(l.session().replay.kept))
		}
	})
	// With acknowledgements: all of them, up to the cap (see TestReplayIsBounded).
	inLab(t, Options{}, func(l *lab) {
		l.create(usual + ` ack="1"`)
		for n := range 50 {
			c := l.next(`ack="1000"`, "")
			l.peers[0].say(numbered(itoa(n)))
			c.body()
		}
		l.is(l.at(1001, "", "").body(), "", numbered("0"))
	})
}

func TestTrap09RestartOnTheSameConnection(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual + ` xml:lang="de"`)
		l.next(`to="a.example" xmpp:restart="true"`, numbered("ignored"))
		got := l.peers[0].got()
		head, again, _ := strings.Cut(got, "<stream:stream ")
		_ = head
		first, second, ok := strings.Cut(again, "<stream:stream ")
		if !ok || strings.TrimSuffix(first, "<?xml version='1.0'?>") != second || len(l.peers) != 1 {
			t.Errorf("the second header differs or is on another connection: %s", got)
		}
		if !strings.Contains(second, `xml:lang="de"`) || strings.Contains(got, "ignored") {
			t.Errorf("the server got %s", got)
		}
	})
}

func TestTrap12FeaturesMayLag(t *testing.T) {
	var l *lab
	inLab(t, Options{Dial: func(context.Context) (*xmpp.Stream, error) { return l.dial(true), nil }}, func(made *lab) {
		l = made
		created := l.send(createBody(`wait="59"`))
		created.wait()
		if created.took != 10*time.Second || strings.Contains(created.body(), "features") {
			t.Errorf("after %v: %s", created.took, created.body())
		}
		l.sid, l.rid = value(created.body(), "sid"), 1000
		c := l.next("", "")
		l.peers[0].say(stubHead + features)
		l.is(c.body(), `secure="true" authid="s1" xmlns:xmpp="urn:xmpp:xbosh" xmpp:version="1.0" xmlns:stream="http://etherx.jabber.org/streams"`,
			strings.Replace(features, "<stream:features", `<stream:features xmlns:stream="http://etherx.jabber.org/streams"`, 1))
		held := l.next("", "")
		l.peers[0].say(numbered("a"))
		l.is(held.body(), "", numbered("a")) // once is enough
	})
}

func TestTrap13NumbersAreNumbers(t *testing.T) {
	good := map[string]string{"rid": "1", "wait": "59", "hold": "1", "ver": "1.11"}
	bad := map[string][]string{
		"rid":  {"", "0", "-1", "1.0", "+1", "1e3", "9007199254740992", "99999999999999999999"},
		"wait": {"", "-1", "1.5", "59s", "NaN", "4294967296"},
		"hold": {"-1", "1.0", "one", "4294967296"},
		"ver":  {"1", "1.", ".6", "1.6.1", "-1.6", "1,6"},
	}
	inLab(t, Options{}, func(l *lab) {
		create := func(name, value string) string {
			b := `<body xmlns="` + binding + `" to="a.example"`
			for n, v := range good {
				if n == name {
					v = value
				}
				b += ` ` + n + `="` + v + `"`
			}
			return l.send(b + `/>`).wait()
		}
		for name, values := range bad {
			for _, v := range values {
				l.is(create(name, v), ended(BadRequest))
			}
		}
		l.want(create("", ""), "sid=")
		l.want(create("rid", "4294967297"), "sid=") // above 32 bits
		l.want(create("wait", "0"), `hold="0"`)
		l.want(create("hold", "0"), `hold="0"`)
	})
}

func TestTrap14PauseIsOver(t *testing.T) {
	inLab(t, Options{Limits: Limits{Hold: 2}}, func(l *lab) {
		l.create(`ver="1.11" wait="59" hold="2"`)
		first, second := l.next("", ""), l.next("", "")
		pause := l.next(`pause="100"`, "")
		for _, c := range []*call{first, second, pause} {
			l.is(c.body(), "")
		}
		time.Sleep(99 * time.Second)
		third := l.next("", "")
		l.peers[0].say(numbered("a"))
		l.is(third.body(), "", numbered("a"))
		s := l.session()
		time.Sleep(59 * time.Second)
		if isOver(s) {
			t.Fatal("it ended too early")
		}
		time.Sleep(2 * time.Second)
		if !isOver(s) {
			t.Error("the pause is not over")
		}
	})
}

func TestTrap16ExpiredSessionsCanBeResumed(t *testing.T) {
	for name, test := range map[string]struct {
		do      func(*lab)
		goodbye bool
	}{
		"expired":    {func(l *lab) { time.Sleep(61 * time.Second) }, false},
		"rejected":   {func(l *lab) { l.at(7777, "", "") }, false},
		"terminated": {func(l *lab) { l.next(over, "") }, true},
	} {
		inLab(t, Options{}, func(l *lab) {
			l.create(usual)
			test.do(l)
			got := l.peers[0].got()
			if strings.Contains(got, "</stream:stream>") != test.goodbye || !strings.HasSuffix(got, "EOF") {
				t.Errorf("%s: the server got %s", name, got)
			}
		})
	}
}

func TestTrap17AnUpstreamRestart(t *testing.T) {
	final := func(got string) bool {
		return strings.Contains(got, string(RemoteConnectionFailed)) || strings.Contains(got, string(HostUnknown))
	}
	inLab(t, Options{}, func(l *lab) {
		for _, end := range []func(*labPeer){
			func(p *labPeer) { p.conn.Close() },
			func(p *labPeer) { p.say("</stream:stream>") },
			func(p *labPeer) {
				p.say(`<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`)
			},
		} {
			l.create(usual)
			held := l.next("", "")
			end(l.peers[len(l.peers)-1])
			if got := held.body(); final(got) || !strings.Contains(got, over) {
				t.Errorf("got %s", got)
			}
		}
	})
	for name, err := range map[string]error{"refused": errors.New("refused"), "timeout": context.DeadlineExceeded} {
		inLab(t, Options{Dial: func(context.Context) (*xmpp.Stream, error) { return nil, err }}, func(l *lab) {
			c := l.send(createBody(`wait="59"`))
			if c.body(); c.w.Code != 503 || final(c.body()) {
				t.Errorf("%s: %d %s", name, c.w.Code, c.body())
			}
		})
	}
}

func TestTrap18SIDIsBound(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		if len(l.sid)*6 < 128 {
			t.Errorf("a sid of %d bits", len(l.sid)*6)
		}
		other := newLab(t, Options{}) // another domain's manager
		defer other.close()
		l.is(other.send(requestBody(l.sid, "1001", "", "")).body(), ended(ItemNotFound))
		if l.next("", "").answered() {
			t.Error("the session is gone")
		}
	})
	// Bound to TLS: TestXEP0124_19_1_TLSThroughout.
}

func TestTrap19ExactLengthAndCORS(t *testing.T) {
	f := newFixture(t, Options{Dial: newStub(t, true).dialer(), Limits: Limits{SessionsPerAddress: 1, Body: 1000}})
	created := value(f.post(createBody(`wait="1"`)), "sid")
	for name, test := range map[string]struct {
		method, body string
		status       int
	}{
		"answer":           {"POST", requestBody(created, "1001", "", numbered("1")), 200},
		"rejected":         {"POST", requestBody("x", "1001", "", ""), 200},
		"not XML":          {"POST", "a", 200},
		"too large":        {"POST", strings.Repeat("a", 1001), 413},
		"too many":         {"POST", createBody(`wait="1"`), 429},
		"method":           {"PUT", "", 405},
		"preflight":        {"OPTIONS", "", 204},
		"legacy":           {"POST", `<body xmlns="` + binding + `"/>`, 400},
		"the page":         {"GET", "", 200},
		"without the page": {"HEAD", "", 200},
	} {
		r, _ := http.NewRequest(test.method, f.url+"/http-bind", strings.NewReader(test.body))
		r.Header.Set("Origin", site)
		rsp, err := f.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		h := rsp.Header
		body := new(strings.Builder)
		n, err := copyAll(body, rsp)
		if err != nil || rsp.StatusCode != test.status || h.Get("Access-Control-Allow-Origin") != site ||
			h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("Vary"), "Origin") || rsp.TransferEncoding != nil {
			t.Errorf("%s: %s, %v, %v", name, rsp.Status, h, err)
		}
		if test.method != "HEAD" && test.status != 204 && rsp.ContentLength != n {
			t.Errorf("%s: %d bytes with a length of %d", name, n, rsp.ContentLength)
		}
	}
	// A foreign page can read nothing of all that, also no error.
	w := httptest.NewRecorder()
	r := post("a")
	r.Header.Set("Origin", "https://evil.example")
	f.bridge.BOSH.ServeHTTP(w, r)
	if w.Code != 403 || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a foreign page: %d %v", w.Code, w.Header())
	}
}

func TestTrap20SlowReaders(t *testing.T) {
	one := numbered(strings.Repeat("x", 1000))
	inLab(t, Options{Limits: Limits{Queue: 4 << 10}}, func(l *lab) {
		l.create(usual)
		written := 0
		go func() {
			for range 100 {
				if _, err := l.peers[0].conn.Write([]byte(one)); err != nil {
					return
				}
				written++
			}
		}()
		synctest.Wait()
		if queued := l.session().queueBytes; written > 6 || queued > 6<<10 {
			t.Errorf("the server got rid of %d messages, %d bytes are queued", written, queued)
		}
		got := 0
		for got < 100 {
			n := strings.Count(l.next("", "").body(), "<message")
			if got += n; n == 0 {
				t.Fatal("nothing comes any more")
			}
		}
	})
}

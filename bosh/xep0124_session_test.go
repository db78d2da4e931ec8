package bosh

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// §8 to §14: payloads, acknowledgements, inactivity, rates, termination, RIDs.

func TestXEP0124_8_ForwardInOrder(t *testing.T) {
	inLab(t, Options{Limits: Limits{Hold: 4}}, func(l *lab) {
		l.create(`ver="1.11" wait="59" hold="4"`)
		for _, rid := range []int{1003, 1001, 1004, 1002} {
			l.at(rid, "", numbered(itoa(rid)))
		}
		l.once(numbered("1001") + numbered("1002") + numbered("1003") + numbered("1004"))
	})
}

func TestXEP0124_8_OKWithBody(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		c := l.next("", numbered("1"))
		if l.is(c.wait(), ""); c.w.Code != 200 {
			t.Errorf("status %d", c.w.Code)
		}
	})
}

func TestXEP0124_8_RespondInOrder(t *testing.T) {
	inLab(t, Options{Limits: Limits{Hold: 2}}, func(l *lab) {
		l.create(`ver="1.11" wait="59" hold="2"`)
		first, second := l.next("", ""), l.next("", "")
		l.peers[0].say(numbered("a"))
		if l.is(first.body(), "", numbered("a")); second.answered() {
			t.Error("both were answered")
		}
		l.peers[0].say(numbered("b"))
		l.is(second.body(), "", numbered("b"))
		// And a wait that is over is over for those before it.
		third := l.next("", "")
		time.Sleep(5 * time.Second)
		fourth := l.next("", "")
		fourth.wait()
		if !third.answered() || third.took != 59*time.Second {
			t.Errorf("the third took %v", third.took)
		}
	})
}

func TestXEP0124_8_EmptyRequestsWait(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		empty := l.next("", "")
		if empty.answered() {
			t.Fatal("an empty request was not held")
		}
		l.peers[0].say(numbered("a"))
		l.is(empty.body(), "", numbered("a"))
		empty = l.next("", "")
		if l.is(empty.wait(), ""); empty.took != 59*time.Second {
			t.Errorf("it was held for %v", empty.took)
		}
	})
}

func TestXEP0124_9_1_AckThroughout(t *testing.T) {
	inLab(t, Options{Limits: Limits{Hold: 2}}, func(l *lab) {
		if got := value(l.create(`ver="1.11" wait="59" hold="2" ack="1"`), "ack"); got != "1000" {
			t.Errorf("the creation response has ack %q", got)
		}
		first, second := l.next("", ""), l.next("", "")
		l.peers[0].say(numbered("a"))
		l.is(first.body(), `ack="1002"`, numbered("a"))
		// The value would be the RID of the request: it does not stand there.
		l.peers[0].say(numbered("b"))
		l.is(second.body(), "", numbered("b"))
		// 1004 came, 1003 did not: only 1002 is acknowledged.
		l.at(1004, "", "")
		l.is(l.at(1001, "", "").body(), `ack="1002"`, numbered("a")) // as it was
		l.is(l.at(1003, over, "").body(), `ack="1004" type="terminate"`)
	})
	inLab(t, Options{}, func(l *lab) { // the control: nobody asked
		if created := l.create(usual); strings.Contains(created, "ack=") {
			t.Errorf("got %s", created)
		}
		l.next("", "")
		l.next("", "")
		l.is(l.at(1001, "", "").body(), "")
	})
}

func TestXEP0124_9_2_AckMustBeAskedFor(t *testing.T) {
	for _, asked := range []bool{true, false} {
		inLab(t, Options{}, func(l *lab) {
			attributes := usual
			if asked {
				attributes += ` ack="1"`
			}
			l.create(attributes)
			for range 8 { // eight answers, none of which the client has
				c := l.next(`ack="1000"`, "")
				l.peers[0].say(numbered("a"))
				c.body()
			}
			kept := len(l.session().replay.kept)
			if want := map[bool]int{true: 8, false: 3}[asked]; kept != want {
				t.Errorf("acknowledgements %v: %d answers are kept, want %d", asked, kept, want)
			}
			if !asked {
				return
			}
			// An acknowledgement frees them, but for the few that are always kept.
			l.next(`ack="1008"`, "")
			if kept := len(l.session().replay.kept); kept != 3 {
				t.Errorf("%d answers are kept after the acknowledgement", kept)
			}
		})
	}
}

// The report of a response that seems lost (§9.2, MAY).
func TestLostResponseIsReported(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual + ` ack="1"`)
		lost := l.next("", "")
		l.peers[0].say(numbered("lost"))
		lost.body()
		time.Sleep(852 * time.Millisecond)
		// So soon it may be on its way.
		if held := l.next(`ack="1000"`, ""); held.answered() {
			t.Fatalf("a report after 852 ms: %s", held.body())
		}
		time.Sleep(time.Second)
		l.at(1003, `ack="1000"`, "")
		l.is(l.at(1002, "", "").body(), `ack="1003" report="1001" time="1852"`)
		l.is(l.at(1001, "", "").body(), "", numbered("lost"))
	})
}

func TestXEP0124_10_InactiveClient(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		time.Sleep(59 * time.Second)
		held := l.next("", "")
		held.wait() // 59 s in which it is not inactive
		time.Sleep(59 * time.Second)
		if isOver(l.session()) {
			t.Fatal("the session ended too early")
		}
		time.Sleep(2 * time.Second)
		l.is(l.next("", "").body(), ended(ItemNotFound))
		if got := l.peers[0].got(); !strings.HasSuffix(got, "EOF") {
			t.Error("the server was not left")
		}
	})
}

func TestXEP0124_10_PauseNeedsMaxpause(t *testing.T) {
	inLab(t, Options{Limits: Limits{MaxPause: 90 * time.Second}}, func(l *lab) {
		if got := value(l.create(usual), "maxpause"); got != "90" {
			t.Errorf("maxpause %s", got)
		}
		l.is(l.next(`pause="90"`, "").body(), "")
		l.is(l.next(`pause="91"`, "").body(), ended(PolicyViolation))
	})
}

func TestXEP0124_10_PauseWithoutPayload(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		held := l.next("", "")
		held.hangUp() // so that what comes is queued
		synctest.Wait()
		l.peers[0].say(numbered("a"))
		l.is(l.next(`pause="100"`, numbered("up")).body(), "")
		l.once(numbered("up"))
		l.is(l.next("", "").body(), "", numbered("a"))
	})
}

func TestXEP0124_11_RequestsIsSaid(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		if got := value(l.create(usual), "requests"); got != "2" {
			t.Fatalf("requests %s", got)
		}
		// The server does not read, so nothing is answered.
		defer l.peers[0].stall()()
		l.next("", numbered("1"))
		l.next("", numbered("2"))
		l.next("", numbered("3")) // one more than is said, see tooMany
		fourth := l.next("", numbered("4"))
		l.is(fourth.body(), ended(PolicyViolation))
	})
}

func TestXEP0124_11_PollingIsSaid(t *testing.T) {
	empties := func(l *lab, between time.Duration) (end string) {
		for range 10 {
			c := l.next("", "")
			time.Sleep(between)
			if c.answered() && strings.Contains(c.body(), "terminate") {
				return c.body()
			}
		}
		return ""
	}
	inLab(t, Options{}, func(l *lab) {
		if got := value(l.create(usual), "polling"); got != "2" {
			t.Fatalf("polling %s", got)
		}
		l.is(empties(l, time.Millisecond), ended(PolicyViolation))
	})
	inLab(t, Options{}, func(l *lab) { // the control: as often as is allowed
		l.create(usual)
		if end := empties(l, 2*time.Second); end != "" {
			t.Errorf("got %s", end)
		}
	})
}

func TestXEP0124_12_PollingIsSaid(t *testing.T) {
	for _, test := range []struct {
		between time.Duration
		want    string
	}{{1999 * time.Millisecond, ended(PolicyViolation)}, {2 * time.Second, ""}} {
		inLab(t, Options{}, func(l *lab) {
			created := l.create(`ver="1.11" wait="0" hold="0"`)
			if value(created, "polling") != "2" || value(created, "requests") != "1" || value(created, "inactivity") != "62" {
				t.Fatalf("got %s", created)
			}
			l.want(l.next("", "").body(), "<stream:features")
			l.is(l.next("", "").body(), "") // at once: the one before brought something
			time.Sleep(test.between)
			l.is(l.next("", "").body(), test.want)
		})
	}
}

func TestXEP0124_13_TerminatePayloadIsForwarded(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		l.is(l.next(over, `<presence xmlns="jabber:client" type="unavailable"/>`).body(), over)
		l.once(`<presence xmlns="jabber:client" type="unavailable"/></stream:stream>EOF`)
	})
}

func TestXEP0124_13_TerminatedIsOver(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		l.next(over, "")
		l.is(l.next("", numbered("1")).body(), ended(ItemNotFound))
		if got := l.peers[0].got(); strings.Contains(got, "<message") {
			t.Errorf("the server got %s", got)
		}
	})
}

func TestXEP0124_14_1_RIDUpTo2To53(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		created := l.send(`<body xmlns="` + binding + `" rid="9007199254740990" to="a.example" ` + usual + `/>`).wait()
		l.sid = value(created, "sid")
		last := l.at(9007199254740991, "", numbered("1"))
		l.peers[0].say(numbered("a"))
		l.is(last.body(), "", numbered("a"))
		for _, rid := range []string{"9007199254740992", "18446744073709551617", "-1", "1e3", "0x10", " 1", ""} {
			l.is(l.send(`<body xmlns="`+binding+`" rid="`+rid+`" to="a.example" `+usual+`/>`).body(), ended(BadRequest))
		}
	})
}

func TestXEP0124_14_2_ForwardAndRespondInOrder(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		second := l.at(1002, "", numbered("2"))
		l.peers[0].say(numbered("a"))
		if second.answered() {
			t.Fatal("a request that waits for an earlier one was answered")
		}
		first := l.at(1001, "", numbered("1"))
		l.is(first.body(), "", numbered("a"))
		l.once(numbered("1") + numbered("2"))
		l.peers[0].say(numbered("b"))
		l.is(second.body(), "", numbered("b"))
	})
}

func TestXEP0124_14_2_RIDAboveTheWindow(t *testing.T) {
	for rid, want := range map[int]bool{1001: true, 1002: true, 1003: false, 5000: false} {
		inLab(t, Options{}, func(l *lab) {
			l.create(usual)
			c := l.at(rid, "", numbered("1"))
			if want {
				if c.answered() {
					t.Errorf("rid %d: %s", rid, c.body())
				}
				return
			}
			l.is(c.body(), ended(ItemNotFound))
			l.is(l.at(1001, "", "").body(), ended(ItemNotFound))
		})
	}
}

func TestXEP0124_14_3_ResponseNotInBuffer(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		for range 6 {
			c := l.next("", "")
			l.peers[0].say(numbered("a"))
			c.body()
		}
		l.is(l.at(1004, "", "").body(), "", numbered("a")) // the oldest that is kept
		l.is(l.at(1003, "", "").body(), ended(ItemNotFound))
		if !isOver(l.session()) {
			t.Error("the session goes on")
		}
	})
}

package bosh

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"chatproxy/xmpp"
)

// §16: multiple streams.

const anotherStream = `to="a.example" xml:lang="en"`

func named(name string) string { return `stream="` + name + `"` }

// two makes the lab's session one with two streams, whose features the client has.
func (l *lab) two() (first, second string) {
	l.t.Helper()
	first = value(l.create(usual), "stream")
	second = value(l.next(anotherStream, "").body(), "stream")
	l.want(l.next("", "").body(), named(second), "<stream:features")
	if first == "" || second == "" || first == second {
		l.t.Fatalf("streams %q and %q", first, second)
	}
	return first, second
}

func TestXEP0124_16_2_StreamInCreationResponse(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		if value(l.create(usual), "stream") == "" {
			t.Error("no stream")
		}
	})
	inLab(t, Options{Limits: Limits{Streams: 1}}, func(l *lab) {
		if got := value(l.create(usual), "stream"); got != "" {
			t.Errorf("stream %s of a manager that has one only", got)
		}
	})
}

func TestXEP0124_16_2_StreamNames(t *testing.T) {
	inLab(t, Options{Limits: Limits{Streams: 4}}, func(l *lab) {
		seen := map[string]bool{}
		for range 3 {
			seen[value(l.create(usual), "stream")] = true
			for range 3 {
				name := value(l.next(anotherStream, "").body(), "stream")
				if seen[name] = true; len(name) < 22 || strings.Contains(name, l.sid) {
					t.Errorf("name %q", name)
				}
			}
		}
		if len(seen) != 12 {
			t.Errorf("12 streams have %d names", len(seen))
		}
	})
}

func TestXEP0124_16_3_SIDAndRID(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		l.is(l.send(requestBody("guess", "1001", anotherStream, "")).body(), ended(ItemNotFound))
		l.is(l.at(1009, anotherStream, "").body(), ended(ItemNotFound))
		if synctest.Wait(); len(l.peers) != 1 {
			t.Errorf("%d connections", len(l.peers))
		}
	})
}

func TestXEP0124_16_3_WithoutSupport(t *testing.T) {
	inLab(t, Options{Limits: Limits{Streams: 1}}, func(l *lab) {
		l.create(usual)
		if c := l.next(anotherStream+` stream="x"`, ""); c.answered() || len(l.peers) != 1 {
			t.Error("the request was not taken for an empty one")
		}
		l.next(`stream="x"`, numbered("1"))
		l.once(numbered("1"))
	})
}

func TestXEP0124_16_3_AnotherStream(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		held := l.next("", "")
		c := l.next(`to="a.example" xml:lang="fr"`, "")
		l.is(held.body(), "")
		name := value(c.body(), "stream")
		l.is(c.body(), named(name)+` from="a.example"`)
		if len(l.peers) != 2 {
			t.Fatalf("%d connections", len(l.peers))
		}
		l.want(l.peers[1].got(), `to="a.example"`, `xml:lang="fr"`)
		// Its features follow, with what belongs to them.
		l.want(l.next("", "").body(), named(name), `authid="s1"`, `xmpp:version="1.0"`, `xmlns:stream=`, "<stream:features")
	})
	// What cannot be opened is told with a name, and the session goes on.
	for _, test := range []struct {
		attributes string
		limits     Limits
		want       Condition
	}{
		{`to="b.example"`, Limits{}, HostUnknown},
		{`to="ann@a.example"`, Limits{}, ImproperAddressing},
		{anotherStream, Limits{Streams: 2, SessionsPerAddress: 1}, PolicyViolation},
	} {
		inLab(t, Options{Limits: test.limits}, func(l *lab) {
			l.create(usual)
			got := l.next(test.attributes, "").body()
			l.is(got, named(value(got, "stream"))+" "+ended(test.want))
			l.next("", numbered("1"))
			l.once(numbered("1"))
		})
	}
	inLab(t, Options{Limits: Limits{Streams: 2}}, func(l *lab) {
		l.two()
		got := l.next(anotherStream, "").body()
		l.is(got, named(value(got, "stream"))+" "+ended(PolicyViolation))
	})
}

func TestXEP0124_16_3_LateFromNamesItsStream(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		l.next(anotherStream, "")
		for range 3 {
			got := l.next("", numbered("1")).body()
			if strings.Contains(got, "from=") && value(got, "stream") == "" {
				t.Errorf("got %s", got)
			}
			l.peers[1].say(numbered("a"))
			l.peers[0].say(numbered("b"))
		}
	})
}

func TestXEP0124_16_4_PayloadsNameTheirStream(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		first, second := l.two()
		held := l.next("", "")
		l.peers[1].say(numbered("a"))
		l.is(held.body(), named(second), numbered("a"))
		held = l.next("", "")
		l.peers[0].say(numbered("b"))
		l.is(held.body(), named(first), numbered("b"))
		// The client's way: to the stream that it names.
		l.next(named(second), numbered("up"))
		l.want(l.peers[1].got(), numbered("up"))
		l.once(numbered("up"))
		// None of the session's.
		l.is(l.next(named("guess"), numbered("1")).body(), ended(ItemNotFound))
	})
	inLab(t, Options{}, func(l *lab) { // a client that knows of one stream is told of none
		l.create(usual)
		held := l.next("", "")
		l.peers[0].say(numbered("a"))
		l.is(held.body(), "", numbered("a"))
	})
}

func TestXEP0124_16_4_OneStreamInABody(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		first, second := l.two()
		for _, say := range []struct {
			peer int
			n    string
		}{{0, "1"}, {0, "2"}, {1, "3"}, {0, "4"}} {
			l.peers[say.peer].say(numbered(say.n))
		}
		l.is(l.next("", "").body(), named(first), numbered("1"), numbered("2"))
		l.is(l.next("", "").body(), named(second), numbered("3"))
		l.is(l.next("", "").body(), named(first), numbered("4"))
	})
}

func TestXEP0124_16_4_ResponseOfTheSameSession(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		other := l.next("", "")
		first, second := l.two()
		l.peers[2].say(numbered("a"))
		if other.answered() {
			t.Errorf("a response of another session: %s", other.body())
		}
		// Nor is it bound to the stream of its request.
		l.is(l.next(named(first), numbered("up")).body(), named(second), numbered("a"))
	})
}

func TestXEP0124_16_4_Broadcast(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.two()
		l.next("", numbered("all"))
		for i, p := range l.peers {
			if n := strings.Count(p.got(), numbered("all")); n != 1 {
				t.Errorf("stream %d got it %d times", i, n)
			}
		}
	})
}

func TestXEP0124_16_5_LastStreamEndsTheSession(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		first, second := l.two()
		held := l.next("", "")
		bye := l.next(over+" "+named(second), numbered("bye"))
		l.is(held.body(), named(second)+" "+over)
		l.want(l.peers[1].got(), numbered("bye")+"</stream:stream>EOF")
		if l.once(numbered("bye")); bye.answered() || isOver(l.session()) {
			t.Fatal("the session does not go on")
		}
		// What was under way for it is ignored.
		l.next(named(second), numbered("late"))
		if got := l.peers[0].got(); strings.Contains(got, "late") || isOver(l.session()) {
			t.Errorf("the first stream got %s", got)
		}
		l.is(l.next(over+" "+named(first), "").body(), "")
		if !isOver(l.session()) || !strings.HasSuffix(l.peers[0].got(), "</stream:stream>EOF") {
			t.Error("the session goes on without a stream")
		}
	})
}

func TestXEP0124_16_5_TerminateClosesAll(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.two()
		l.is(l.next(over, numbered("bye")).body(), over)
		for i, p := range l.peers {
			if got := p.got(); !strings.Contains(got, numbered("bye")+"</stream:stream>EOF") {
				t.Errorf("stream %d got %s", i, got)
			}
		}
	})
}

func TestXEP0124_16_6_StreamErrorClosesTheStream(t *testing.T) {
	const conflict = `<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>`
	inLab(t, Options{}, func(l *lab) {
		first, second := l.two()
		held := l.next("", "")
		l.peers[1].say("<stream:error>" + conflict + "</stream:error>")
		l.want(held.body(), named(second)+" "+ended(RemoteStreamError), conflict)
		held = l.next(named(first), numbered("1"))
		l.once(numbered("1"))
		l.peers[0].conn.Close()
		l.is(held.body(), ended(SystemShutdown)) // the last one
	})
	// A connection that is lost, and one that is never there.
	inLab(t, Options{}, func(l *lab) {
		first, second := l.two()
		held := l.next("", "")
		l.peers[0].conn.Close()
		l.is(held.body(), named(first)+" "+ended(RemoteConnectionFailed))
		l.next(named(second), numbered("1"))
		l.once(numbered("1"))
	})
	var l *lab
	dials := 0
	inLab(t, Options{Dial: func(context.Context) (*xmpp.Stream, error) {
		if dials++; dials > 1 {
			return nil, errors.New("refused")
		}
		return l.dial(false), nil
	}}, func(made *lab) {
		l = made
		l.create(usual)
		name := value(l.next(anotherStream, "").body(), "stream")
		l.is(l.next("", "").body(), named(name)+" "+ended(RemoteConnectionFailed))
		l.next("", numbered("1"))
		l.once(numbered("1"))
	})
}

func TestXEP0124_16_6_ErrorClosesAll(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.two()
		l.is(l.at(5000, "", "").body(), ended(ItemNotFound))
		for i, p := range l.peers {
			if !strings.HasSuffix(p.got(), "EOF") {
				t.Errorf("stream %d is open", i)
			}
		}
	})
}

package integration

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// tail makes messages of every kind of character that something on the way
// might treat in its own way.
const tail = `<&>"' ]]> &amp; äöü – 漢字 😀 …`

// numbered is the text of a message.
func numbered(from string, n int) string { return fmt.Sprintf("%s %d %s", from, n, tail) }

const (
	exchanged  = 1000             // messages each way
	inFlight   = 30               // messages of one side that are on their way
	largeBurst = 12               // messages at once
	noProgress = 60 * time.Second // without a message: something hangs
)

// exchange sends messages both ways, in bursts, and holds what arrives to their
// numbers: each once, in order, whole. It returns how often each event was
// reported.
func exchange(t *testing.T, seed uint64, client chatClient, other *peer, happenings chan happening) map[string]int {
	t.Helper()
	events := map[string]int{}
	address := waitOnline(t, happenings, events)

	go func() {
		err := other.receive(func(body string) { happenings <- happening{from: "peer", Body: &body} })
		if err != nil {
			happenings <- happening{from: "peer", Error: err.Error()}
		}
	}()
	bursts := rand.New(rand.NewPCG(seed, 1))
	// By who receives: how many were sent to it, and arrived.
	sent, arrived := map[string]int{}, map[string]int{}
	sender := map[string]string{"peer": "c", "client": "p"}
	fill := func(to string, most int) {
		for sent[to] < most && sent[to]-arrived[to] < inFlight {
			first := sent[to] + 1
			sent[to] = min(first+bursts.IntN(largeBurst), most)
			if to == "peer" {
				client.send(other.jid, first, sent[to])
			} else if err := other.send(address, first, sent[to]); err != nil {
				t.Fatalf("the peer cannot send: %v", err)
			}
		}
	}
	// The last one is sent when all others have arrived: a copy of an earlier
	// one that is still on its way comes before it.
	for _, most := range []int{exchanged, exchanged + 1} {
		for arrived["peer"] < most || arrived["client"] < most {
			fill("peer", most)
			fill("client", most)
			h := next(t, happenings, fmt.Sprintf("%d of %d messages arrived at the peer, %d of %d at the client; events: %v",
				arrived["peer"], sent["peer"], arrived["client"], sent["client"], events))
			switch {
			case h.Error != "":
				t.Fatalf("%s: %s; %d messages had arrived at the peer, %d at the client; events: %v", h.from, h.Error, arrived["peer"], arrived["client"], events)
			case h.Event != "":
				events[h.Event]++
				t.Logf("%s: %s %s", h.from, h.Event, h.Text)
			case h.Body != nil:
				if want := numbered(sender[h.from], arrived[h.from]+1); *h.Body != want {
					t.Fatalf("the %s got %q where it should have got %q; then came %q; events: %v", h.from, *h.Body, want, rest(happenings, h.from), events)
				}
				arrived[h.from]++
			}
		}
	}
	return events
}

// waitOnline waits until the client is logged in.
func waitOnline(t *testing.T, happenings <-chan happening, events map[string]int) string {
	t.Helper()
	for {
		h := next(t, happenings, "the client did not log in")
		switch {
		case h.Error != "":
			t.Fatalf("the client did not log in: %s", h.Error)
		case h.Event != "":
			events[h.Event]++
			t.Logf("%s: %s %s", h.from, h.Event, h.Text)
		case h.Online != "":
			return h.Online
		}
	}
}

func next(t *testing.T, happenings <-chan happening, otherwise string) happening {
	t.Helper()
	select {
	case h := <-happenings:
		return h
	case <-time.After(noProgress):
		t.Fatalf("nothing happened for %v: %s", noProgress, otherwise)
		return happening{}
	}
}

// rest collects what an end gets in the next moment, to tell what is lost from
// what is late.
func rest(happenings <-chan happening, from string) (bodies []string) {
	moment := time.After(2 * time.Second)
	for {
		select {
		case h := <-happenings:
			if h.from == from && h.Body != nil {
				bodies = append(bodies, strings.TrimSuffix(*h.Body, " "+tail))
			}
		case <-moment:
			return bodies
		}
	}
}

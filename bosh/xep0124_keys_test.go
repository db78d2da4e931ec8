package bosh

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
	"testing"
)

// §15: key sequencing.

// sequence are the keys of a seed, in the order of their use.
func sequence(seed string, n int) []string {
	keys := make([]string, n)
	k := seed
	for i := range n {
		sum := sha1.Sum([]byte(k))
		k = hex.EncodeToString(sum[:])
		keys[n-1-i] = k
	}
	return keys
}

func key(k string) string    { return ` key="` + k + `"` }
func newkey(k string) string { return ` newkey="` + k + `"` }

func TestXEP0124_15_3_SHA1(t *testing.T) {
	// The example of the standard: its two keys follow each other (§15.4).
	inLab(t, Options{}, func(l *lab) {
		l.create(usual + newkey("ca393b51b682f61f98e7877d61146407f3d0a770"))
		if l.next(key("bfb06a6f113cd6fd3838ab9d300fdb4fe3da2f7d"), "").answered() {
			t.Error("the keys of the standard's example were refused")
		}
	})
}

func TestXEP0124_15_4_NewkeyBeginsTheSequence(t *testing.T) {
	k := sequence("seed", 9)
	inLab(t, Options{}, func(l *lab) {
		l.create(usual + newkey(k[0]))
		l.next(key(k[1]), numbered("1"))
		l.next(key(strings.ToUpper(k[2])), numbered("no")) // of other letters, of which the hash is taken
		if !isOver(l.session()) {
			t.Error("the hash was not taken of the letters that were sent")
		}
	})
	inLab(t, Options{}, func(l *lab) { // case does not count where keys are compared
		upper := sequence("seed", 1)[0]
		l.create(usual + newkey(strings.ToUpper(k[0])))
		l.next(key(k[1]), "")
		if isOver(l.session()) || upper == "" {
			t.Error("a newkey in capitals was refused")
		}
	})
	inLab(t, Options{}, func(l *lab) {
		for _, bad := range []string{"x", k[0] + "00", k[0][:39] + "g"} {
			l.is(l.send(createBody(`wait="59"`+newkey(bad))).body(), ended(BadRequest))
		}
	})
}

func TestXEP0124_15_4_KeyInAllRequests(t *testing.T) {
	k := sequence("seed", 20)
	inLab(t, Options{}, func(l *lab) {
		l.create(usual + newkey(k[0]))
		for n := 1; n < 15; n++ {
			l.next(key(k[n]), numbered(itoa(n)))
			l.once(numbered(itoa(n)))
		}
		l.is(l.next("", numbered("none")).body(), ended(ItemNotFound))
		if got := l.peers[0].got(); strings.Contains(got, numbered("none")) || !strings.HasSuffix(got, "EOF") {
			t.Errorf("the server got %s", got)
		}
	})
}

func TestXEP0124_15_4_WrongKey(t *testing.T) {
	k := sequence("seed", 9)
	other := sequence("other", 9)
	for name, attack := range map[string]func(*lab) *call{
		"of another sequence":         func(l *lab) *call { return l.at(1003, key(other[3]), numbered("evil")) },
		"used before":                 func(l *lab) *call { return l.at(1003, key(k[2]), numbered("evil")) },
		"too early":                   func(l *lab) *call { return l.at(1003, key(k[4]), numbered("evil")) },
		"a new sequence of his":       func(l *lab) *call { return l.at(1003, key(other[3])+newkey(other[0]), numbered("evil")) },
		"a goodbye":                   func(l *lab) *call { return l.at(1003, over, numbered("evil")) },
		"a repetition without":        func(l *lab) *call { return l.at(1001, "", "") },
		"a repetition with another's": func(l *lab) *call { return l.at(1001, key(k[2]), "") },
		"a repetition of what is held": func(l *lab) *call {
			return l.at(1002, key(other[2]), "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				l.create(usual + newkey(k[0]))
				answer := l.next(key(k[1]), "")
				l.peers[0].say(numbered("secret"))
				l.is(answer.body(), "", numbered("secret"))
				held := l.next(key(k[2]), "")
				// The attacker knows sid and rid, and what the client sent.
				l.is(attack(l).body(), ended(ItemNotFound))
				l.is(held.body(), ended(OtherRequest))
				if got := l.peers[0].got(); strings.Contains(got, "evil") {
					t.Errorf("the server got %s", got)
				}
			})
			inLab(t, Options{}, func(l *lab) { // the control: without keys it works
				l.create(usual)
				l.next("", "")
				l.peers[0].say(numbered("secret"))
				l.next("", "")
				c := attack(l)
				if got := l.peers[0].got(); c.answered() && strings.Contains(c.body(), "item-not-found") {
					t.Errorf("the attack fails without the defence: %s, the server has %s", c.body(), got)
				}
			})
		})
	}
	// Requests that come in another order are checked in theirs.
	inLab(t, Options{}, func(l *lab) {
		l.create(usual + newkey(k[0]))
		l.at(1002, key(k[2]), numbered("2"))
		l.at(1001, key(k[1]), numbered("1"))
		l.once(numbered("1") + numbered("2"))
		l.at(1004, key(other[4]), numbered("4"))
		l.is(l.at(1003, key(k[3]), numbered("3")).body(), ended(OtherRequest))
		if got := l.peers[0].got(); strings.Contains(got, numbered("4")) {
			t.Errorf("the server got %s", got)
		}
	})
	// The honest repetition gets what it is due.
	inLab(t, Options{}, func(l *lab) {
		l.create(usual + newkey(k[0]))
		l.next(key(k[1]), "")
		l.peers[0].say(numbered("a"))
		l.is(l.at(1001, key(k[1]), "").body(), "", numbered("a"))
	})
}

func TestXEP0124_15_5_SwitchingSequences(t *testing.T) {
	k, next := sequence("seed", 3), sequence("next", 5)
	inLab(t, Options{}, func(l *lab) {
		l.create(usual + newkey(k[0]))
		l.next(key(k[1]), numbered("1"))
		l.next(key(k[2])+newkey(next[0]), numbered("2"))
		l.next(key(next[1]), numbered("3"))
		l.once(numbered("1") + numbered("2") + numbered("3"))
		// A repetition from before the switch still has its key.
		l.is(l.at(1002, key(k[2])+newkey(next[0]), "").body(), "")
		l.next(key(next[3]), "") // one was left out
		if !isOver(l.session()) {
			t.Error("a wrong key of the second sequence passed")
		}
	})
}

// A session with keys does not go on behind a request that it has not seen.
func TestKeysAndAGap(t *testing.T) {
	k := sequence("seed", 9)
	inLab(t, Options{}, func(l *lab) {
		l.create(usual + newkey(k[0]))
		c := l.at(1002, key(k[2]), numbered("2"))
		if l.is(c.wait(), ended(ItemNotFound)); strings.Contains(l.peers[0].got(), "<message") {
			t.Error("the server got a message whose key was not checked")
		}
	})
}

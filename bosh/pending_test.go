package bosh

import (
	"encoding/base64"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"chatproxy/xmpp"
)

func saslStanza(t *testing.T, text string) xmpp.Stanza {
	t.Helper()
	st, err := xmpp.SplitMessage([]byte(text), xmpp.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func testGuard() *guard {
	o := &Options{Domain: domain, Log: slog.New(slog.DiscardHandler)}
	o.Limits = Limits{LoginFailuresPerAccount: 3, LoginFailuresPerAddress: 3}.withDefaults()
	return newGuard(o)
}

// passes reports whether an attempt to log in is let through.
func passes(t *testing.T, g *gate, auth string) bool {
	t.Helper()
	on, _, err := g.up(saslStanza(t, auth))
	return err == nil && on.XML != nil
}

// Whoever leaves an attempt open keeps its account's owner out for no longer than
// somebody who fails does.
func TestOpenAttemptKeepsNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := testGuard()
		for range 3 {
			if !guess(guard.logins, "192.0.2.9", "ann") {
				t.Fatal("refused too early")
			}
		}
		time.Sleep(longestAccount)
		attacker, owner := guard.gate("192.0.2.1"), guard.gate("192.0.2.2")
		defer attacker.close()
		defer owner.close()
		if !passes(t, attacker, scram("ann")) {
			t.Fatal("the attempt to leave open is refused")
		}
		if passes(t, owner, plain("ann", "x")) {
			t.Fatal("the control: an open attempt keeps nobody out, and guesses could be made at once")
		}
		time.Sleep(longestAttempt)
		synctest.Wait()
		if !passes(t, owner, plain("ann", "x")) {
			t.Error("an attempt that was left open keeps the account's owner out")
		}
		owner.down(saslStanza(t, `<success xmlns="`+nsSASL+`"/>`))
		// The attempt is over, so that nobody can collect open ones and end them at once.
		proof := `<response xmlns="` + nsSASL + `">` + base64.StdEncoding.EncodeToString([]byte("c=biws,r=x,p=AA==")) + `</response>`
		if _, _, err := attacker.up(saslStanza(t, proof)); !errors.Is(err, errLateLogin) {
			t.Errorf("what comes too late is let through: %v", err)
		}
	})
}

// A server that takes its time makes no guess free.
func TestLateFailureCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := testGuard()
		for range 3 {
			g := guard.gate("192.0.2.1")
			if !passes(t, g, plain("ann", "x")) {
				t.Fatal("refused too early")
			}
			time.Sleep(longestAttempt + time.Second)
			g.down(saslStanza(t, notAuthorized))
			g.close()
		}
		g := guard.gate("192.0.2.1")
		defer g.close()
		if passes(t, g, plain("bob", "x")) {
			t.Error("the failures of the address were not counted")
		}
	})
}

// A session that ends while its requests are being processed leaves no attempt behind,
// which nothing would ever end: some of them would lock an account for good.
func TestNoAttemptBegunAfterTheEnd(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		s := l.session()
		at := s.streams[0]
		q := &request{rid: 1001, stanzas: []xmpp.Stanza{saslStanza(t, plain("ann", "x"))}}
		if pass, err := s.fromClient(at, q); err != nil || len(pass) != 1 {
			t.Fatalf("the control: %v, %v", pass, err)
		}
		s.stop(SystemShutdown)
		pass, err := s.fromClient(at, q) // as the pump does, who was between two stanzas
		if err != nil || len(pass) != 0 {
			t.Errorf("after the end: %v, %v", pass, err)
		}
		if n := len(l.b.BOSH.guard.logins.records); n != 0 {
			t.Errorf("%d attempts are under way for ever", n)
		}
	})
}

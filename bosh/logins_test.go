package bosh

import (
	"testing"
	"testing/synctest"
	"time"
)

func testLogins() *logins {
	return newLogins(Limits{LoginFailuresPerAddress: 4, LoginFailuresPerAccount: 3}.withDefaults())
}

// guess makes one attempt that fails, and reports whether it was let through.
func guess(a *logins, address, account string) bool {
	held, ok := a.try(address, account)
	if ok {
		a.finish(held, failed)
	}
	return ok
}

func TestGuessingIsSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testLogins()
		through := 0
		for begun := time.Now(); time.Since(begun) < time.Hour; time.Sleep(time.Second) {
			if guess(a, "192.0.2.1", "") {
				through++
			}
		}
		// 4 at once, then after 1, 2, 4 … 512 s, then every 15 min: some 17 in an hour
		// where 3600 were tried.
		if through < 10 || through > 20 {
			t.Errorf("%d guesses of 3600 were let through", through)
		}
		if !guess(a, "192.0.2.2", "") {
			t.Error("another address has to wait too")
		}
		time.Sleep(longestAddress + forgetFailures)
		for range 4 {
			if !guess(a, "192.0.2.1", "") {
				t.Error("an address is never forgiven")
			}
		}
	})
}

// Many addresses that guess one account's password are slowed down together, and its
// owner waits no longer than a minute.
func TestGuessingFromManyAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testLogins()
		through := 0
		for i := range 3600 {
			if guess(a, "net"+itoa(i), "ann") {
				through++
			}
			time.Sleep(time.Second)
		}
		if through < 50 || through > 75 {
			t.Errorf("%d guesses of 3600 were let through", through)
		}
		if !guess(a, "192.0.2.1", "bob") {
			t.Error("another account has to wait too")
		}
		time.Sleep(longestAccount)
		held, ok := a.try("192.0.2.7", "ann")
		if !ok {
			t.Fatal("the owner has to wait for more than a minute")
		}
		a.finish(held, succeeded)
		for range 3 {
			if !guess(a, "192.0.2.7", "ann") {
				t.Error("after a log-in an account does not begin anew")
			}
		}
	})
}

// Attempts at once are not all made before the first one fails (CWE-362).
func TestGuessingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testLogins()
		guess(a, "net0", "ann")
		through := 0
		for i := range 1000 {
			if _, ok := a.try("net"+itoa(i+1), "ann"); ok {
				through++
			}
		}
		if through > 2 {
			t.Errorf("%d at once, where 2 failures are left", through)
		}
		b := testLogins()
		var all [][]loginKey
		for i := range 1000 {
			if held, ok := b.try("net"+itoa(i), "ann"); ok {
				all = append(all, held)
			}
		}
		if len(all) > 4*3 {
			t.Errorf("%d at once, before any has failed", len(all))
		}
		// Whoever hangs up holds nothing.
		for _, held := range all {
			b.finish(held, aborted)
		}
		if len(b.records) != 0 {
			t.Errorf("%d records are left", len(b.records))
		}
	})
}

func TestAGoodLogInForgivesNoAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testLogins()
		through := 0
		for range 100 { // the guesser has an account of his own
			if held, ok := a.try("192.0.2.1", "mallory"); ok {
				a.finish(held, succeeded)
			}
			if guess(a, "192.0.2.1", "ann"+itoa(through)) {
				through++
			}
		}
		if through > 4 {
			t.Errorf("%d guesses were let through", through)
		}
	})
}

func TestLoginRecordsAreBounded(t *testing.T) {
	a := testLogins()
	for i := range maxRecords + 5000 {
		guess(a, itoa(i), "")
	}
	if n := len(a.records); n > maxRecords {
		t.Errorf("%d records", n)
	}
}

func TestAccountOf(t *testing.T) {
	for _, test := range []struct {
		mechanism, message, account string
		acting, ok                  bool
	}{
		{"PLAIN", "\x00ann\x00secret", "ann", false, true},
		{"PLAIN", "\x00ANN\x00secret", "ann", false, true},
		{"PLAIN", "\x00ａｎｎ\x00secret", "ann", false, true}, // full width
		{"PLAIN", "root@a.example\x00ann\x00secret", "ann", true, true},
		{"PLAIN", "\x00ann\x00", "ann", false, true},
		{"PLAIN", "\x00a nn\x00x", unprepared, false, true},
		{"PLAIN", "\x00\x00x", unprepared, false, true},
		{"PLAIN", "\x00ann", "", false, false},
		{"PLAIN", "", "", false, false},
		{"SCRAM-SHA-1", "n,,n=ann,r=abc", "ann", false, true},
		{"SCRAM-SHA-256", "y,,n=Ann,r=abc,x=y", "ann", false, true},
		{"SCRAM-SHA-256-PLUS", "p=tls-exporter,a=root,n=ann,r=abc", "ann", true, true},
		{"SCRAM-SHA-1", "n,,n=a=2Cn=3Dn,r=abc", "a,n=n", false, true},
		{"SCRAM-SHA-1", "n,,m=ext,n=ann,r=abc", "", false, false},
		{"SCRAM-SHA-1", "n,,", "", false, false},
	} {
		account, acting, ok := accountOf(test.mechanism, []byte(test.message))
		if account != test.account || acting != test.acting || ok != test.ok {
			t.Errorf("%s %q: %q, %v, %v", test.mechanism, test.message, account, acting, ok)
		}
	}
}

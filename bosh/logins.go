package bosh

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// logins slows down those who guess passwords (CWE-307). After a number of failures
// an address or an account waits before the next attempt, and twice as long after
// each further one.
//
// Accounts wait no longer than a minute: whoever wanted to could keep somebody else
// out by failing in his name (CWE-645). Names are kept only as keyed hashes.
type logins struct {
	perAddress, perAccount int
	key                    [32]byte

	mu      sync.Mutex
	records map[loginKey]*record
	sweepAt int
}

type loginKey struct {
	account bool
	hash    [16]byte
}

// record is what is known of one address or account.
type record struct {
	failures int
	trying   int // attempts without an end
	until    time.Time
	last     time.Time
}

const (
	longestAddress = 15 * time.Minute
	longestAccount = time.Minute
	forgetFailures = 15 * time.Minute
	maxRecords     = 1 << 16
)

// outcome is how an attempt ended.
type outcome int

const (
	aborted outcome = iota
	succeeded
	failed
)

func newLogins(l Limits) *logins {
	all := &logins{perAddress: l.LoginFailuresPerAddress, perAccount: l.LoginFailuresPerAccount, records: map[loginKey]*record{}, sweepAt: 1024}
	rand.Read(all.key[:]) // never fails: crypto/rand ends the program instead
	return all
}

func (a *logins) keyOf(account bool, name string) loginKey {
	kind := byte(0)
	if account {
		kind = 1
		// As servers with nodeprep (RFC 6122) have it, for whom "straße" and "strasse"
		// are one account: each spelling would have guesses of its own.
		name = norm.NFKC.String(cases.Fold().String(name))
	}
	sum := sha256.Sum256(append(append(a.key[:], kind), name...))
	return loginKey{account, [16]byte(sum[:16])}
}

// try begins an attempt from an address for an account, or "" if that is not known.
// What it counts under is to be given to finish once the attempt has ended. It is
// false if the attempt must not be made.
func (a *logins) try(address, account string) (held []loginKey, ok bool) {
	keys := []loginKey{a.keyOf(false, address)}
	if account != "" {
		keys = append(keys, a.keyOf(true, account))
	}
	return a.tryAll(keys)
}

// tryAccount is try once the address has been counted.
func (a *logins) tryAccount(account string) (held []loginKey, ok bool) {
	return a.tryAll([]loginKey{a.keyOf(true, account)})
}

func (a *logins) tryAll(keys []loginKey) ([]loginKey, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for _, key := range keys {
		if r := a.records[key]; r != nil && !r.free(now, a.most(key), key.account) {
			return nil, false
		}
	}
	a.hold(keys, now)
	return keys, true
}

func (a *logins) hold(keys []loginKey, now time.Time) {
	for _, key := range keys {
		r := a.records[key]
		if r == nil {
			a.sweep(now)
			r = &record{}
			a.records[key] = r
		}
		r.trying++
		r.last = now
	}
}

// late is finish for an attempt that was given up before it ended.
func (a *logins) late(keys []loginKey, how outcome) {
	a.mu.Lock()
	a.hold(keys, time.Now())
	a.mu.Unlock()
	a.finish(keys, how)
}

func (a *logins) most(key loginKey) int {
	if key.account {
		return a.perAccount
	}
	return a.perAddress
}

// free reports whether another attempt may be made. Attempts whose end is not known
// count as well, or many at once would all be made before the first one failed
// (CWE-362). Where nothing has failed yet they are let be, since after a restart
// everybody logs in at once: from one address as many as it may have sessions, and for
// one account up to a point.
func (r *record) free(now time.Time, most int, account bool) bool {
	if now.Sub(r.last) > forgetFailures {
		r.failures = 0
	}
	switch {
	case now.Before(r.until):
		return false
	case r.failures == 0:
		return !account || r.trying < 4*most
	case r.failures < most:
		return r.failures+r.trying < most
	}
	return r.trying == 0
}

// finish ends an attempt.
func (a *logins) finish(held []loginKey, how outcome) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for _, key := range held {
		r := a.records[key]
		if r == nil {
			continue
		}
		r.trying = max(r.trying-1, 0)
		switch {
		case how == succeeded && key.account:
			r.failures, r.until = 0, time.Time{}
			// An address is forgiven nothing: the guesser may have an account.
		case how == failed:
			r.failures++
			r.last = now
			if over := r.failures - a.most(key); over >= 0 {
				longest := longestAddress
				if key.account {
					longest = longestAccount
				}
				r.until = now.Add(min(time.Second<<min(over, 20), longest))
			}
		}
		if r.trying == 0 && r.failures == 0 {
			delete(a.records, key)
		}
	}
}

// sweep makes room: it drops what is past, and if there is still too much, a quarter of
// all, whichever (memory is bounded, CWE-770; to be forgotten so, a guesser needs as
// many networks).
func (a *logins) sweep(now time.Time) {
	if len(a.records) < a.sweepAt {
		return
	}
	for key, r := range a.records {
		if r.trying == 0 && now.Sub(r.last) > forgetFailures {
			delete(a.records, key)
		}
	}
	if len(a.records) >= maxRecords {
		for key := range a.records {
			if len(a.records) <= maxRecords/4*3 {
				break
			}
			delete(a.records, key)
		}
	}
	a.sweepAt = min(max(1024, 2*len(a.records)), maxRecords)
}

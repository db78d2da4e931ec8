package bosh

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"chatproxy/xmpp"
)

// kind is a mischief that clients or their server do in a soak.
type kind struct {
	name string
	do   func(*episode)
	at   *place
	busy sync.Mutex
}

// episode is one time that it is done. It is the test of the helpers that it uses: what
// they find counts unless a drain came in between, which they know nothing of.
type episode struct {
	testing.TB
	w   *soak
	k   *kind
	f   *fixture
	rng *rand.Rand

	mu       sync.Mutex
	cleanups []func()
	found    []string
}

func (e *episode) Helper()                   {}
func (e *episode) Context() context.Context  { return context.Background() }
func (e *episode) Error(args ...any)         { e.find(fmt.Sprint(args...)) }
func (e *episode) Errorf(s string, a ...any) { e.find(fmt.Sprintf(s, a...)) }
func (e *episode) Fatal(args ...any)         { e.find(fmt.Sprint(args...)); runtime.Goexit() }
func (e *episode) Fatalf(s string, a ...any) { e.find(fmt.Sprintf(s, a...)); runtime.Goexit() }

func (e *episode) find(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.found = append(e.found, what)
}

func (e *episode) Cleanup(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cleanups = append(e.cleanups, f)
}

// end cleans up.
func (e *episode) end() {
	for len(e.cleanups) > 0 {
		last := e.cleanups[len(e.cleanups)-1]
		e.cleanups = e.cleanups[:len(e.cleanups)-1]
		last()
	}
}

// fixture is for a client at this place.
func (e *episode) fixture(now *era, at *place) *fixture {
	transport := &http.Transport{}
	e.Cleanup(transport.CloseIdleConnections)
	return &fixture{t: e, bridge: now.bridge, url: at.url, client: &http.Client{Transport: transport}}
}

// serves lets the place have a server of its own until the episode is over.
func (e *episode) serves(dial func(context.Context) (*xmpp.Stream, error)) {
	ip := netip.MustParseAddr(e.k.at.ip)
	e.w.dials.Store(ip, dial)
	e.Cleanup(func() { e.w.dials.Delete(ip) })
}

// while is a short time, or sometimes one in which every limit is reached.
func (e *episode) while() time.Duration {
	if !e.w.short() && e.rng.IntN(4) == 0 {
		return 20 * time.Second
	}
	return time.Duration(e.rng.IntN(600)) * time.Millisecond
}

// linger lets a while pass, or less if the soak ends.
func (e *episode) linger() { time.Sleep(e.while()) }

// coin is one of two ways.
func (e *episode) coin() bool { return e.rng.IntN(2) == 0 }

// mischievous does one thing after the other: what nobody has done yet before all else,
// and then by chance.
func (w *soak) mischievous(rng *rand.Rand, kinds []*kind, stop <-chan struct{}) {
	for {
		k := kinds[rng.IntN(len(kinds))]
		pause := time.Duration(rng.IntN(500)) * time.Millisecond
		if names := w.missing(kinds); len(names) > 0 {
			k, pause = names[rng.IntN(len(names))], time.Millisecond
		}
		if now := w.now.Load(); now.ending.Load() {
			pause = 50 * time.Millisecond // until the next is there
		} else if k.busy.TryLock() {
			w.once(k, rng)
			k.busy.Unlock()
		}
		select {
		case <-stop:
			return
		case <-time.After(pause):
		}
	}
}

// missing are the kinds that have not happened.
func (w *soak) missing(kinds []*kind) (all []*kind) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range kinds {
		if w.counts[k.name] == 0 {
			all = append(all, k)
		}
	}
	return all
}

// once does a mischief if those who did it last are gone.
func (w *soak) once(k *kind, rng *rand.Rand) {
	now := w.now.Load()
	if now.bridge.BOSH.seats.takenBy(k.at.ip) > 0 {
		return
	}
	e := &episode{TB: w.t, w: w, k: k, rng: rng}
	e.f = e.fixture(now, k.at)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer e.end()
		k.do(e)
	}()
	<-done
	drained := now.ending.Load()
	w.mu.Lock()
	if drained {
		w.cut++
	} else {
		w.counts[k.name]++
	}
	w.mu.Unlock()
	if !drained {
		for _, what := range e.found {
			w.fault("%s: %s", k.name, what)
		}
	}
}

// takenBy is how many sessions an address has.
func (s *seats) takenBy(address string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken[addressKey(address)]
}

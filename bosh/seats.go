package bosh

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Errors of seats.take.
var (
	errAddressFull = errors.New("too many sessions from this address")
	errAddressFast = fmt.Errorf("%w in so short a time", errAddressFull)
	errFull        = errors.New("too many sessions")
	errFast        = fmt.Errorf("%w in so short a time", errFull)
)

// seats counts sessions, so that no client can make the proxy open
// connections to the server without end (CWE-770), and the sessions that begin, since
// each of them costs the server a log-in and TLS.
type seats struct {
	perAddress, all int
	addressRate     rate.Limit
	rate            *rate.Limiter

	mu      sync.Mutex
	taken   map[string]int
	begun   map[string]*rate.Limiter // by address
	sweepAt int
	total   int
}

func newSeats(l Limits) *seats {
	return &seats{
		perAddress: l.SessionsPerAddress, all: l.Sessions,
		addressRate: rate.Limit(l.NewSessionsPerAddress),
		rate:        rate.NewLimiter(rate.Limit(l.NewSessions), 2*l.NewSessions),
		taken:       map[string]int{}, begun: map[string]*rate.Limiter{}, sweepAt: 1024,
	}
}

// take counts one session of address. release gives the seat back, once.
func (s *seats) take(address string) (release func(), err error) {
	key := addressKey(address)
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.total >= s.all:
		return nil, errFull
	case s.taken[key] >= s.perAddress:
		return nil, errAddressFull
	// The address first: what one asks for too much must not cost the others.
	case !s.of(key, now).AllowN(now, 1):
		return nil, errAddressFast
	case !s.rate.AllowN(now, 1):
		return nil, errFast
	}
	s.total++
	s.taken[key]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.total--
		if s.taken[key]--; s.taken[key] == 0 {
			delete(s.taken, key)
		}
	}), nil
}

// of returns what limits the beginnings of an address. All sessions that it may have
// may begin at once, as when the proxy was restarted, and a few more.
func (s *seats) of(key string, now time.Time) *rate.Limiter {
	if l := s.begun[key]; l != nil {
		return l
	}
	if len(s.begun) >= s.sweepAt {
		for other, l := range s.begun {
			if l.TokensAt(now) >= float64(l.Burst()) { // as good as new
				delete(s.begun, other)
			}
		}
		s.sweepAt = max(1024, 2*len(s.begun))
	}
	l := rate.NewLimiter(s.addressRate, s.perAddress+2*int(s.addressRate))
	s.begun[key] = l
	return l
}

// refuseSeat answers a client that got no seat.
func refuseSeat(w http.ResponseWriter, err error) {
	if errors.Is(err, errAddressFull) {
		refuse(w, http.StatusTooManyRequests, "too many chat sessions from this address")
		return
	}
	refuse(w, http.StatusServiceUnavailable, "the chat is full")
}

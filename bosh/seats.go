package bosh

import (
	"errors"
	"sync"
)

// Errors of seats.take.
var (
	errAddressFull = errors.New("too many sessions from this address")
	errFull        = errors.New("too many sessions")
)

// seats counts sessions, so that no client can make the proxy open
// connections to the server without end (CWE-770).
type seats struct {
	perAddress, all int

	mu    sync.Mutex
	taken map[string]int
	total int
}

func newSeats(l Limits) *seats {
	return &seats{perAddress: l.SessionsPerAddress, all: l.Sessions, taken: map[string]int{}}
}

// take counts one session of address. release gives the seat back, once.
func (s *seats) take(address string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.total >= s.all:
		return nil, errFull
	case s.taken[address] >= s.perAddress:
		return nil, errAddressFull
	}
	s.total++
	s.taken[address]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.total--
		if s.taken[address]--; s.taken[address] == 0 {
			delete(s.taken, address)
		}
	}), nil
}

package proxy

import (
	"sync"

	"chatproxy/proxy/rewrite"
)

// StaleNonce is the event of a page whose upstream announced a nonce for the second
// time.
const StaleNonce rewrite.EventKind = "stale-nonce"

// ChangedScript is the event of an inline script that is not what was pinned.
const ChangedScript rewrite.EventKind = "changed-script"

// events counts what could not be decided, by kind, since the start.
type events struct {
	mu     sync.Mutex
	counts map[rewrite.EventKind]uint64
}

func (e *events) add(kind rewrite.EventKind) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.counts == nil {
		e.counts = map[rewrite.EventKind]uint64{}
	}
	e.counts[kind]++
}

// Events returns how many events of a kind the pages of the site have had since the
// start: pages of which parsers may differ, scripts longer than what is held.
func (s *Site) Events(kind rewrite.EventKind) uint64 {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	return s.events.counts[kind]
}

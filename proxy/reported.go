package proxy

import (
	"sync"
	"time"
)

const (
	// reportedFor is how long a report is remembered, at the least.
	reportedFor = 10 * time.Second
	// maxReported is how many are remembered, at the least.
	maxReported = 1 << 12
)

// reported remembers what was reported a moment ago. A page has two policies, and a
// script that violates both is reported twice by the browser; a script that is tried
// again and again is reported as often (CWE-779).
type reported[K comparable] struct {
	mu            sync.Mutex
	since         time.Time // of recent
	recent, older map[K]struct{}
}

// again reports whether the same was reported a moment ago, and remembers it.
func (r *reported[K]) again(what K, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch age := now.Sub(r.since); {
	case r.recent == nil, age >= 2*reportedFor:
		r.recent, r.older, r.since = map[K]struct{}{}, nil, now
	case age >= reportedFor, len(r.recent) >= maxReported:
		r.recent, r.older, r.since = map[K]struct{}{}, r.recent, now
	}
	_, recently := r.recent[what]
	_, before := r.older[what]
	r.recent[what] = struct{}{}
	return recently || before
}

package proxy

import (
	"hash/maphash"
	"sync"
)

// maxSightings is how much is remembered, at the least.
const maxSightings = 1 << 15

// sightings remembers what was seen before, in bounded memory.
//
// Nonces: one proves that the upstream wrote a script only as long as nobody else can
// know it. One that comes with a second response stands in a template or a cache:
// whoever read the first page can write it into what he injects into the second
// (CSP3 §7.1, CWE-323). The first response with such a nonce is still trusted:
// nothing tells it apart. A reload of the policy forgets nothing.
//
// Changed scripts: one that is on every page is looked into and logged once.
type sightings struct {
	mu            sync.Mutex
	seed          maphash.Seed
	recent, older map[uint64]struct{} // by hash; a full recent becomes older
	repeated      map[uint64]struct{} // what came twice: many others that come once cannot push it out
}

// first reports whether something comes for the first time, and remembers it.
func (s *sightings) first(what []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.recent == nil {
		s.seed, s.recent, s.repeated = maphash.MakeSeed(), map[uint64]struct{}{}, map[uint64]struct{}{}
	}
	hash := maphash.Bytes(s.seed, what)
	_, recently := s.recent[hash]
	_, before := s.older[hash]
	if _, again := s.repeated[hash]; again {
		return false
	}
	if (recently || before) && len(s.repeated) < maxSightings {
		s.repeated[hash] = struct{}{}
	}
	if !recently {
		if len(s.recent) >= maxSightings {
			s.recent, s.older = map[uint64]struct{}{}, s.recent
		}
		s.recent[hash] = struct{}{} // of what came before too: what comes again and again stays known
	}
	return !recently && !before
}

package proxy

import (
	"hash/maphash"
	"sync"
)

// maxNonces is how many nonces are remembered, at the least.
const maxNonces = 1 << 15

// nonces remembers which nonces the upstream announced. A nonce proves that the
// upstream wrote a script only as long as nobody else can know it. One that comes
// with a second response stands in a template or a cache: whoever read the first
// page can write it into what he injects into the second (CSP3 §7.1, CWE-323).
//
// The first response with such a nonce is still trusted: nothing tells it apart.
type nonces struct {
	mu            sync.Mutex
	seed          maphash.Seed
	recent, older map[uint64]struct{} // by hash; a full recent becomes older
}

// isFresh reports whether the nonce comes for the first time, and remembers it.
func (n *nonces) isFresh(nonce string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.recent == nil {
		n.seed, n.recent = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	hash := maphash.String(n.seed, nonce)
	_, recently := n.recent[hash]
	_, before := n.older[hash]
	if !recently {
		if len(n.recent) >= maxNonces {
			n.recent, n.older = map[uint64]struct{}{}, n.recent
		}
		n.recent[hash] = struct{}{} // of what came before too: a nonce that never changes stays known
	}
	return !recently && !before
}

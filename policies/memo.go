package policies

import (
	"bytes"
	"hash/maphash"
	"sync/atomic"
)

const (
	// memoSlots is the size of the table; it is never more than half full.
	memoSlots = 4096
	// memoProbes is how many slots are looked at for one key. A key for which all are
	// taken is not remembered: of a table that is half full that is one in thousands.
	memoProbes = 16
	// maxMemo bounds the bytes of all keys, and maxMemoKey those of one: no inline
	// script whose text is known is longer.
	maxMemo    = 2 << 20
	maxMemoKey = 64 << 10
	// newcomerBits is the size of the filter that tells what came before.
	newcomerBits = 1 << 16
)

// A Memo decides as [Scripts.Decide] does and remembers what it decided, for the
// pages of a site have much the same scripts. To look a script up costs a tenth of
// asking the filter lists, and a fifth of making a digest.
//
// The key of a decision is everything that it depends on, byte for byte, so one
// script can never be taken for another. What comes once is not remembered, and
// when the table is full it is forgotten as a whole: who sends ever new scripts
// makes it useless and no larger (CWE-770).
//
// A Memo is for any number of goroutines.
type Memo struct {
	scripts *Scripts
	seed    maphash.Seed
	table   atomic.Pointer[memoTable]
}

// NewMemo returns an empty Memo for the rules.
func NewMemo(s *Scripts) *Memo {
	m := &Memo{scripts: s, seed: maphash.MakeSeed()}
	m.table.Store(new(memoTable))
	return m
}

type memoTable struct {
	slots [memoSlots]atomic.Pointer[memory]
	used  atomic.Int32
	bytes atomic.Int64

	// A Bloom filter of the keys that came once.
	newcomers     [newcomerBits / 32]atomic.Uint32
	newcomerCount atomic.Int32
}

// A memory is one decision and what it depends on. It never changes.
type memory struct {
	key      memoKey
	decision Decision
}

// A memoKey is what a decision depends on, beside the rules.
type memoKey struct {
	hash    uint64
	text    []byte // the inline script's text, or the src as written
	origin  []byte // of the page
	holding uint64 // which of the rules' wheres hold
	inline  bool
	trusted bool
	module  bool
	data    bool // no JavaScript
}

func (k *memoKey) equal(other *memoKey) bool {
	return k.hash == other.hash && k.holding == other.holding && k.inline == other.inline && k.trusted == other.trusted && k.module == other.module && k.data == other.data &&
		bytes.Equal(k.text, other.text) && bytes.Equal(k.origin, other.origin)
}

// External decides on a script by its src, as written with character references
// decoded. The URL is resolved into u when it has to be; script.URL is u then.
func (m *Memo) External(script *Script, src []byte, u *ScriptURL) Decision {
	// Only a src that the page's path has no part in stands for the same URL on
	// every page of the origin.
	absolute := script.Page.plain && len(src) > 0 && src[0] == '/' || script.Page.plain && (bytes.HasPrefix(src, httpsPrefix) || bytes.HasPrefix(src, httpPrefix))
	holding := m.scripts.compiled.holding(script)
	decide := func() Decision {
		script.URL = nil
		if u.Resolve(script.Page, src) == nil {
			script.URL = u
		}
		return m.scripts.decide(script, holding)
	}
	if !absolute {
		return decide()
	}
	key := m.key(script, src, holding)
	table := m.table.Load()
	if decision, ok := table.find(&key); ok {
		return decision
	}
	decision := decide()
	m.add(table, &key, decision)
	return decision
}

var httpsPrefix, httpPrefix = []byte("https://"), []byte("http://")

// Inline decides on an inline script.
func (m *Memo) Inline(script *Script) Decision {
	if !script.Page.plain || !script.HasText || script.TooLong || len(m.scripts.compiled.texts) == 0 && !m.scripts.pinsInline {
		return m.scripts.Decide(script)
	}
	holding := m.scripts.compiled.holding(script)
	key := m.key(script, script.Text, holding)
	table := m.table.Load()
	if decision, ok := table.find(&key); ok {
		return decision
	}
	decision := m.scripts.decide(script, holding)
	m.add(table, &key, decision)
	return decision
}

func (m *Memo) key(script *Script, text []byte, holding uint64) memoKey {
	return memoKey{
		hash: maphash.Bytes(m.seed, text), text: text,
		origin:  script.Page.origin,
		holding: holding, inline: script.Inline, trusted: script.TrustedNonce,
		module: script.Module, data: script.NotJavaScript,
	}
}

func (t *memoTable) find(key *memoKey) (Decision, bool) {
	for i := range uint64(memoProbes) {
		known := t.slots[(key.hash+i)%memoSlots].Load()
		if known == nil {
			break
		}
		if known.key.equal(key) {
			return known.decision, true
		}
	}
	return Decision{}, false
}

// add remembers a decision if its key came before.
func (m *Memo) add(t *memoTable, key *memoKey, decision Decision) {
	size := len(key.text) + len(key.origin)
	if size > maxMemoKey || t.isNewcomer(key.hash) {
		return
	}
	if t.used.Load() >= memoSlots/2 || t.bytes.Load()+int64(size) > maxMemo {
		m.table.CompareAndSwap(t, new(memoTable))
		return
	}
	for i := range uint64(memoProbes) {
		slot := &t.slots[(key.hash+i)%memoSlots]
		if slot.Load() != nil {
			continue
		}
		known := &memory{key: *key, decision: decision}
		known.key.text, known.key.origin = bytes.Clone(key.text), bytes.Clone(key.origin)
		known.decision.Compartment = bytes.Clone(decision.Compartment)
		if slot.CompareAndSwap(nil, known) {
			t.used.Add(1)
			t.bytes.Add(int64(size))
			return
		}
	}
}

// isNewcomer reports whether a key came for the first time, and notes it.
func (t *memoTable) isNewcomer(hash uint64) bool {
	if t.newcomerCount.Load() > newcomerBits/8 { // more would be taken for known
		t.newcomerCount.Store(0)
		for i := range t.newcomers {
			t.newcomers[i].Store(0)
		}
	}
	first, second := t.set(uint32(hash>>16)), t.set(uint32(hash>>40))
	if first && second {
		return false
	}
	t.newcomerCount.Add(1)
	return true
}

// set sets a bit of the filter and returns what it was.
func (t *memoTable) set(bit uint32) bool {
	bit %= newcomerBits
	mask := uint32(1) << (bit % 32)
	return t.newcomers[bit/32].Or(mask)&mask != 0
}

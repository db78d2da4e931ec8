package filters

import (
	"cmp"
	"math/bits"
	"slices"
)

// A table maps keys to buckets of filters. It is written once. Open addressing in
// plain slices is a fraction of a map's size, and one bit for most of the keys that
// are not there keeps the slots themselves out of the cache.
type table struct {
	bits    []uint64
	shift   int // from a key to its bit
	slots   []slot
	entries []entry // the buckets one after the other, from 1 on
}

type slot struct {
	key   uint32
	first uint32 // of the bucket, in entries; 0 for an empty slot
}

// An entry is a filter in a bucket, with what tells most of them apart from the
// request before the filter itself is looked at.
type entry struct {
	filter uint32 // in List.filters; the highest bit is set for the last of a bucket
	offset uint16 // of the token in the pattern, or anywhere
	types  Type
}

// anywhere is the offset of patterns that are matched against the whole URL.
const anywhere = 1<<16 - 1

const lastOfBucket = 1 << 31

func (e entry) id() uint32 { return e.filter &^ lastOfBucket }

type keyed struct {
	key uint32
	entry
}

// bucket returns where the bucket of the key begins in entries, or 0.
func (t *table) bucket(key uint32) uint32 {
	if bit := key >> t.shift; t.bits[bit/64]&(1<<(bit%64)) == 0 {
		return 0
	}
	mask := uint32(len(t.slots) - 1)
	for at := key & mask; ; at = (at + 1) & mask {
		if s := t.slots[at]; s.key == key || s.first == 0 {
			return s.first
		}
	}
}

// next returns what follows in the same bucket, or 0.
func (t *table) next(i uint32) uint32 {
	if t.entries[i].filter&lastOfBucket != 0 {
		return 0
	}
	return i + 1
}

func newTable(all []keyed) table {
	slices.SortFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.filter, b.filter))
	})
	keys := 0
	for i := range all {
		if i == 0 || all[i-1].key != all[i].key {
			keys++
		}
	}
	size := bits.Len(uint(keys * 3 / 2)) // of the slots, as a power of two: a third at least is empty
	bitSize := max(6, size+3)
	t := table{
		bits: make([]uint64, 1<<bitSize/64), shift: 32 - bitSize,
		slots: make([]slot, 1<<size), entries: make([]entry, 1, len(all)+1),
	}
	mask := uint32(len(t.slots) - 1)
	for i, k := range all {
		first := uint32(len(t.entries))
		if i+1 == len(all) || all[i+1].key != k.key {
			k.filter |= lastOfBucket
		}
		t.entries = append(t.entries, k.entry)
		if i > 0 && all[i-1].key == k.key {
			continue
		}
		bit := k.key >> t.shift
		t.bits[bit/64] |= 1 << (bit % 64)
		at := k.key & mask
		for t.slots[at].first != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = slot{k.key, first}
	}
	return t
}

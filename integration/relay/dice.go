package relay

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

// dice decides by seed and by what is decided on, so that the order in which
// goroutines come to ask makes no difference.
type dice struct{ seed uint64 }

// source gives the random numbers that belong to one decision.
func (d dice) source(about ...uint64) *rand.Rand {
	h := fnv.New64a()
	for _, n := range about {
		_ = binary.Write(h, binary.BigEndian, n) // a hash takes everything
	}
	return rand.New(rand.NewPCG(d.seed, h.Sum64()))
}

// boshKinds and frameKinds are in a fixed order, which a map has not.
var (
	boshKinds  = []Kind{AbortBefore, AbortHeld, LoseResponse, AbortMiddle, Duplicate, Reorder, Delay}
	frameKinds = []Kind{SplitFrame, DelayFrame}
)

// pick draws one of the kinds by their likelihood, or "".
func pick(source *rand.Rand, kinds []Kind, likely map[Kind]float64) Kind {
	draw := source.Float64()
	for _, k := range kinds {
		if draw -= likely[k]; draw < 0 {
			return k
		}
	}
	return ""
}

func (d dice) shuffle(kinds ...Kind) []Kind {
	d.source().Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	return kinds
}

package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much garbage there may be, when the operator does not say it with GOGC.
//
// Of a page little lives on, and where little lives, collecting at Go's own 100 % means
// some hundred collections in a second and a fifth of a page's time. Where much lives,
// which is sessions that wait, the same share would be most of the memory that the
// program has; and the garbage that was among the sessions while they began would leave
// holes that nothing fills.
const (
	mostGarbage   = 400 // percent of what lives
	leastGarbage  = 50
	enoughGarbage = 32 << 20 // bytes, where that is between the two
)

// garbageFor returns GOGC for so many bytes that live.
func garbageFor(live uint64) int {
	return int(min(max(enoughGarbage*100/max(live, 1), leastGarbage), mostGarbage))
}

// boundGarbage sets GOGC, and again after each collection, which finds out what lives.
func boundGarbage() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(mostGarbage)
	type sentinel struct { // dead, and collected each time
		percent int
		_       *int // or it would share its memory with what is not dead
	}
	var collected func(*sentinel)
	collected = func(s *sentinel) {
		if percent := garbageFor(readHeap().marked); percent != s.percent {
			s.percent = percent
			debug.SetGCPercent(percent)
		}
		runtime.SetFinalizer(s, collected)
	}
	runtime.SetFinalizer(&sentinel{percent: mostGarbage}, collected)
}

// When the load is over, what it has left behind would stay: the runtime keeps as much
// memory as it expects to need again. A chat proxy is quiet for most of its life, so it
// gives that back.

// quietFor is how often it is looked, and how long little must have been allocated.
const quietFor = 5 * time.Second

// heap is what the runtime says about memory, in bytes.
type heap struct {
	allocated   uint64 // since the program began
	live        uint64 // found alive by the last collection
	marked      uint64 // that, with stacks and variables, which GOGC counts too
	reclaimable uint64 // that is not live and not given back
}

func readHeap() heap {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/scan/stack:bytes"},
		{Name: "/gc/scan/globals:bytes"},
	}
	metrics.Read(samples)
	h := heap{allocated: samples[0].Value.Uint64(), live: samples[1].Value.Uint64()}
	h.marked = h.live + samples[4].Value.Uint64() + samples[5].Value.Uint64()
	h.reclaimable = samples[3].Value.Uint64()
	if objects := samples[2].Value.Uint64(); objects > h.live {
		h.reclaimable += objects - h.live
	}
	return h
}

// worthwhile reports whether, since the look before, little was allocated and there is
// much to give back.
func (h heap) worthwhile(before heap) bool {
	const little = 8 << 20
	quiet := h.allocated-before.allocated < max(little, h.live/2)
	return quiet && h.reclaimable > max(little, h.live/4)
}

// giveBack gives memory back to the system in quiet times, until ctx ends.
func giveBack(ctx context.Context) {
	ticker := time.NewTicker(quietFor)
	defer ticker.Stop()
	before := readHeap()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := readHeap()
		if now.worthwhile(before) {
			debug.FreeOSMemory()
			now = readHeap()
		}
		before = now
	}
}

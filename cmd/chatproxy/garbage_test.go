package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// TestGarbageIsGivenBackInQuietTimes makes garbage that the collector has not seen.
func TestGarbageIsGivenBackInQuietTimes(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.GC()
	busy := readHeap()
	for range 64 {
		garbage := make([]byte, 1<<20)
		for i := 0; i < len(garbage); i += 4 << 10 {
			garbage[i] = 1
		}
		runtime.KeepAlive(garbage)
	}
	quiet := readHeap()
	if quiet.worthwhile(busy) {
		t.Error("64 MiB were allocated, and that is taken for quiet")
	}
	again := readHeap()
	if !again.worthwhile(quiet) {
		t.Errorf("nothing was allocated, and 64 MiB are kept: %+v", again)
	}
	debug.FreeOSMemory()
	if after := readHeap(); after.worthwhile(again) || after.reclaimable > again.reclaimable-32<<20 {
		t.Errorf("%+v after giving back, %+v before", after, again)
	}
}

func TestGarbageIsBoundedByWhatLives(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 8 << 20: 400, 16 << 20: 200, 32 << 20: 100, 64 << 20: 50, 1 << 30: 50} {
		if got := garbageFor(live); got != want {
			t.Errorf("%d MiB live: GOGC is %d, want %d", live>>20, got, want)
		}
	}
}

// TestGOGCFollowsTheHeap keeps 64 MiB and sees what the collector is set to.
func TestGOGCFollowsTheHeap(t *testing.T) {
	t.Setenv("GOGC", "")
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	boundGarbage()
	kept := make([]byte, 64<<20)
	for deadline := time.Now().Add(20 * time.Second); ; {
		runtime.GC()
		percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		if metrics.Read(percent); percent[0].Value.Uint64() == leastGarbage {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("GOGC is %d", percent[0].Value.Uint64())
		}
	}
	runtime.KeepAlive(kept)
}

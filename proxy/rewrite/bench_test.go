package rewrite

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pagesOfBenchmark returns the pages of the corpus in a fixed order, and their bytes.
func pagesOfBenchmark(b *testing.B) (pages [][]byte, total int64) {
	b.Helper()
	byName := pagesOfCorpus(b)
	names := []string{}
	for name := range byName {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		pages = append(pages, []byte(byName[name]))
		total += int64(len(byName[name]))
	}
	return pages, total
}

// BenchmarkScanner is the rewriter alone: every script is granted the nonce, without
// a policy being asked. bench/rewriter has it with a policy and beside its peers.
func BenchmarkScanner(b *testing.B) {
	pages, total := pagesOfBenchmark(b)
	var out bytes.Buffer
	var r Rewriter
	o := Options{Nonce: testNonce(b), Decide: func(*Script) Action { return Action{Do: Allow} }}
	b.SetBytes(total)
	b.ReportAllocs()
	before := cpuTime(b)
	defer func() {
		b.ReportMetric(float64(total)*float64(b.N)/float64((cpuTime(b)-before).Microseconds()), "MB/cpu-s")
	}()
	for b.Loop() {
		for _, page := range pages {
			out.Reset()
			r.Reset(&out, o)
			for chunk := range slices.Chunk(page, maxChunk) {
				_, _ = r.Write(chunk)
			}
			_ = r.Close()
		}
	}
}

// cpuTime is the time that this process has had of all cores. Machines are shared:
// the clock on the wall also counts what others had.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkHostile shows that time is linear: each hostile page is doubled from
// 1 MiB to 64 MiB, and the most that a doubling costs is reported, in processor
// time. What a shared machine does changes from one second to the next, so each
// doubling is measured right after its half, again and again, and the median counts.
func BenchmarkHostile(b *testing.B) {
	const smallest, largest, rounds = 1 << 20, 64 << 20, 9
	for _, name := range slices.Sorted(maps.Keys(hostile)) {
		shape := hostile[name]
		measure := func(b *testing.B, n int) float64 {
			times := max(1, 8<<20/n) // the shorter ones several times, for the clock's sake
			before := cpuTime(b)
			for range times {
				rewriteShape(shape, n)
			}
			return float64(cpuTime(b)-before) / float64(times)
		}
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			worst, slowest := 0.0, 0.0
			for b.Loop() {
				for n := 2 * smallest; n <= largest; n *= 2 {
					var ratios, times []float64
					for range rounds {
						half, whole := measure(b, n/2), measure(b, n)
						ratios, times = append(ratios, whole/half), append(times, whole)
					}
					slices.Sort(ratios)
					slices.Sort(times)
					worst = max(worst, ratios[rounds/2])
					slowest = max(slowest, times[rounds/2]/float64(n))
				}
			}
			b.ReportMetric(worst, "x/doubling")
			b.ReportMetric(1e3/slowest, "MB/cpu-s")
			b.ReportMetric(0, "ns/op") // of all sizes together: it says nothing
		})
	}
}

// rewriteShape rewrites n bytes of the shape in chunks and throws the result away. The
// chunks are cut from a short piece, so that what is measured is not the memory.
func rewriteShape(s shape, n int) {
	var r Rewriter
	r.Reset(io.Discard, Options{Decide: decideByName})
	_, _ = r.Write([]byte(s.begin))
	ring := []byte(strings.Repeat(s.repeat, maxChunk/len(s.repeat)+2))
	for at := 0; n > 0; n -= maxChunk {
		_, _ = r.Write(ring[at:][:min(n, maxChunk)])
		at = (at + maxChunk) % len(s.repeat)
	}
	_ = r.Close()
}

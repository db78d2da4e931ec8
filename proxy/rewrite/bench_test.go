package rewrite

import (
	"bytes"
	"io"
	"slices"
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
	_, _ = io.Copy(io.Discard, &out)
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

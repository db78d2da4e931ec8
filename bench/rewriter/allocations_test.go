//go:build !race

// The filters that are regular expressions have their machines from a
// sync.Pool, of which -race drops some.

package rewriter

import (
	"bytes"
	"testing"
)

func TestRewritingAllocatesNothingOnceWarm(t *testing.T) {
	all, _ := pages(t)
	rewrite := withPolicy(t, true)
	var out bytes.Buffer
	once := func() {
		for _, page := range all {
			out.Reset()
			rewrite(&out, page)
		}
	}
	once() // what comes for the second time is remembered, and then found
	once()
	allocations := testing.AllocsPerRun(5, once)
	if allocations > 0 {
		t.Errorf("%v allocations for %d pages", allocations, len(all))
	}
}

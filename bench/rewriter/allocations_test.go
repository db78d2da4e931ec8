//go:build !race

// The filters that are regular expressions have their machines from a sync.Pool, of which -race drops some.

package rewriter

import (
	"bytes"
	"testing"
)

func TestRewritingAllocatesNothingOnceWarm(t *testing.T) {
	all, _ := pages(t)
	rewrite := withPolicy(t)
	var out bytes.Buffer
	allocations := testing.AllocsPerRun(5, func() {
		for _, page := range all {
			out.Reset()
			rewrite(&out, page)
		}
	})
	if allocations > 0 {
		t.Errorf("%v allocations for %d pages", allocations, len(all))
	}
}

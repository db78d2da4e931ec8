//go:build !race

// The regexp package keeps its machines in a sync.Pool, of which -race drops some.

package filters

import (
	"strings"
	"testing"
)

func TestMatchingAllocatesNothing(t *testing.T) {
	list := "||ads.example^$third-party\n@@||ads.example^$1p\n/x/y$domain=a.test|~b.a.test|c.*\na*b*c$match-case\n||ads.example/x$important"
	var urls, pages [][]byte
	for _, url := range []string{"https://ads.example/x", "https://cdn.a.test/x/y", "https://h.example/123-ads-", "https://h.example/abc", "https://" + strings.Repeat("a.", 300) + "/"} {
		urls = append(urls, []byte(url))
	}
	urls = append(urls, hostile("a-", 8<<10))
	for _, page := range []string{"ads.example", "www.a.test", "www.c.co.uk", ""} {
		pages = append(pages, []byte(page))
	}
	lists := []*List{parse(t, list), parse(t, "/\\d+-ads-/")}
	t.Run("corpus", func(t *testing.T) {
		lists = append(lists, corpusLists(t)...)
		for _, c := range corpusRequests(t)[:200] {
			urls = append(urls, []byte(c.URL))
		}
	})
	var r Request
	blocked := 0
	all := func() {
		for _, url := range urls {
			for _, page := range pages {
				r.Set(url, page, Script)
				for _, l := range lists {
					if l.Match(&r) {
						blocked++
					}
				}
			}
		}
	}
	all() // the longest URL has been seen, and the sites are known
	if n := testing.AllocsPerRun(5, all); n > 0 {
		t.Errorf("%v allocations for %d requests", n, len(urls)*len(pages))
	}
	if blocked == 0 {
		t.Error("nothing is blocked: the test tests nothing")
	}
}

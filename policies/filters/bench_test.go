package filters

import (
	"bytes"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
)

func BenchmarkLoad(b *testing.B) {
	var texts [][]byte
	for _, name := range listFiles {
		texts = append(texts, listText(b, name))
	}
	var lists []*List
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ReportAllocs()
	for b.Loop() {
		lists = lists[:0]
		for _, text := range texts {
			l, err := Parse(bytes.NewReader(text))
			if err != nil {
				b.Fatal(err)
			}
			lists = append(lists, l)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc)-float64(before.HeapAlloc), "retained-B")
	runtime.KeepAlive(lists)
	runtime.KeepAlive(texts)
}

type benchRequest struct {
	url, page []byte
	kind      Type
}

// benchCorpus asks both lists about each request in turn.
func benchCorpus(b *testing.B, requests []benchRequest) {
	lists := corpusLists(b)
	blocked := 0
	var r Request
	for _, q := range requests {
		r.Set(q.url, q.page, q.kind)
		if lists[0].Match(&r) || lists[1].Match(&r) {
			blocked++
		}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		q := requests[n]
		if n++; n == len(requests) {
			n = 0
		}
		r.Set(q.url, q.page, q.kind)
		for _, l := range lists {
			l.Match(&r)
		}
	}
	b.ReportMetric(float64(blocked)/float64(len(requests))*100, "%blocked")
}

func BenchmarkMatch(b *testing.B) {
	b.Run("corpus", func(b *testing.B) {
		var requests []benchRequest
		for _, c := range corpusRequests(b) {
			source, _ := url.Parse(c.SourceURL)
			requests = append(requests, benchRequest{[]byte(c.URL), []byte(source.Host), c.kind()})
		}
		benchCorpus(b, requests)
	})
	b.Run("scripts of pages", func(b *testing.B) { benchCorpus(b, pageScripts(b)) })
	b.Run("not blocked", func(b *testing.B) {
		benchCorpus(b, []benchRequest{{[]byte("https://cdn.example.org/assets/app.3f2a1b.min.js?v=20240101"), []byte("www.example.com"), Script}})
	})
	b.Run("8 KiB hostile", func(b *testing.B) {
		benchCorpus(b, []benchRequest{{hostile("a-", 8<<10), []byte("www.example.com"), Script}})
	})
}

// pageScripts returns the external scripts of the corpus's real pages.
func pageScripts(b *testing.B) []benchRequest {
	files, err := filepath.Glob(filepath.Join(corpus(b, "pages"), "*.html"))
	if err != nil || len(files) == 0 {
		b.Fatalf("%d pages, %v", len(files), err)
	}
	src := regexp.MustCompile(`<script[^>]*\ssrc=["']?([^"'\s>]+)`)
	page, _ := url.Parse("https://www.news.example/2024/01/story")
	var requests []benchRequest
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range src.FindAllSubmatch(text, -1) {
			if u, err := page.Parse(html.UnescapeString(string(m[1]))); err == nil && u.Host != "" {
				requests = append(requests, benchRequest{[]byte(u.String()), []byte(page.Host), Script})
			}
		}
	}
	return requests
}

// hostile returns a URL of n bytes that repeats a part.
func hostile(part string, n int) []byte {
	u := []byte("https://cdn.example.org/")
	return append(u, bytes.Repeat([]byte(part), (n-len(u))/len(part))...)
}

package site

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"
)

// Hit is one request that the collector has received.
type Hit struct {
	Seq       uint64 // counts up from 1
	Time      time.Time
	Method    string
	Path      string
	Query     string // as it was sent
	Origin    string // the Origin header; "null" from an opaque origin
	Referer   string
	Page      string // the page that the hit speaks of, as far as it says so
	Body      string // decoded text
	Encodings []string
	Truncated bool // the body was larger than the collector keeps
}

// hitLog keeps the latest hits, bounded in number and in bytes.
type hitLog struct {
	keepHits, keepBytes int

	mu      sync.Mutex
	hits    []Hit
	bytes   int
	total   uint64
	changed chan struct{} // closed when a hit comes
}

func newHitLog(keepHits, keepBytes int) *hitLog {
	return &hitLog{keepHits: keepHits, keepBytes: keepBytes, changed: make(chan struct{})}
}

func (l *hitLog) add(h Hit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total++
	h.Seq = l.total
	l.hits = append(l.hits, h)
	l.bytes += len(h.Body)
	drop := 0
	for len(l.hits)-drop > 1 && (len(l.hits)-drop > l.keepHits || l.bytes > l.keepBytes) {
		l.bytes -= len(l.hits[drop].Body)
		drop++
	}
	l.hits = slices.Delete(l.hits, 0, drop)
	close(l.changed)
	l.changed = make(chan struct{})
}

// after returns the kept hits with a greater sequence number, and a channel that
// is closed when there are more.
func (l *hitLog) after(seq uint64) ([]Hit, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := slices.IndexFunc(l.hits, func(h Hit) bool { return h.Seq > seq })
	if from < 0 {
		return nil, l.changed
	}
	return slices.Clone(l.hits[from:]), l.changed
}

func (l *hitLog) count() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

func (l *hitLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hits, l.bytes = nil, 0
}

// Hits returns what has been received and is still kept, oldest first.
func (v *Vendor) Hits() []Hit {
	hits, _ := v.log.after(0)
	return hits
}

// Reset forgets all hits; their numbers go on counting.
func (v *Vendor) Reset() { v.log.reset() }

// Subscribe yields the hits that are kept and then each new one, oldest first,
// until ctx is done or the loop is left. It starts nothing that must be stopped.
func (v *Vendor) Subscribe(ctx context.Context) iter.Seq[Hit] {
	return func(yield func(Hit) bool) {
		var last uint64
		for {
			hits, more := v.log.after(last)
			for _, h := range hits {
				last = h.Seq
				if !yield(h) {
					return
				}
			}
			select {
			case <-more:
			case <-ctx.Done():
				return
			}
		}
	}
}

// Wait returns the first hit, among those kept and those to come, for which
// match is true. When ctx is done first, its error says what came instead.
func (v *Vendor) Wait(ctx context.Context, match func(Hit) bool) (Hit, error) {
	var seen []string
	for h := range v.Subscribe(ctx) {
		if match(h) {
			return h, nil
		}
		seen = append(seen, h.Method+" "+h.Path)
	}
	return Hit{}, fmt.Errorf("the hit that was waited for did not come; the vendor received %d others %q: %w", len(seen), seen, context.Cause(ctx))
}

// pageKeys are the names under which hits speak of their page.
var pageKeys = regexp.MustCompile(`"(?:\$current_url|url|page|href)"\s*:\s*("https?:(?:[^"\\]|\\.)*")`)

// pageOf finds the address of the page in a hit: in its text, in its query, or
// in the Referer header.
func pageOf(r *http.Request, text string) string {
	if found := pageKeys.FindStringSubmatch(text[:min(len(text), 64<<10)]); found != nil {
		var address string
		if json.Unmarshal([]byte(found[1]), &address) == nil {
			return address
		}
	}
	if address := r.URL.Query().Get("page"); address != "" {
		return address
	}
	return r.Referer()
}

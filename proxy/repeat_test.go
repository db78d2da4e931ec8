package proxy

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"chatproxy/csp"
)

// recalls counts how many of the pages that were asked for had been rewritten before.
func (site *testSite) recalls(t *testing.T, times int, path string, header ...string) (answers []answer, recalled int) {
	t.Helper()
	for range times {
		answers = append(answers, site.ask(t, "GET", path, header...))
	}
	return answers, int(site.site.repeats.found.Load())
}

// A page that comes again is what it was, with a nonce of its own.
func TestAPageThatComesAgain(t *testing.T) {
	page := "<head></head><script src=/static/a.js></script>" + strings.Repeat("<p>x</p>", 100) +
		"<script>alert(1)</script><script src=https://ads.example/a.js></script><script src=/static/b.js></script>"
	site := start(t, htmlPage(page), allowOwn)
	answers, recalled := site.recalls(t, 5, "/news")
	if recalled != 3 { // seen, kept, and then known
		t.Errorf("%d of 5 were known", recalled)
	}
	nonces := map[string]bool{}
	for i, a := range answers {
		nonce := a.ourNonce(t)
		nonces[nonce] = true
		if got, want := strings.ReplaceAll(a.body, nonce, ""), strings.ReplaceAll(answers[0].body, answers[0].ourNonce(t), ""); got != want {
			t.Errorf("answer %d is\n%s\nnot\n%s", i, got, want)
		}
		if n := strings.Count(a.body, `nonce="`+nonce+`"`); n != 4 { // the guard, two of the site, an inert one
			t.Errorf("answer %d has its nonce %d times", i, n)
		}
		if a.ContentLength != int64(len(a.body)) {
			t.Errorf("answer %d: Content-Length %d for %d bytes", i, a.ContentLength, len(a.body))
		}
	}
	if len(nonces) != len(answers) {
		t.Errorf("%d nonces for %d answers", len(nonces), len(answers))
	}
}

// One byte that differs makes it another page, wherever it stands and whatever hash it
// has.
func TestAPageThatDiffersIsReadAnew(t *testing.T) {
	var injected atomic.Pointer[string]
	page := "<head></head>" + strings.Repeat("<p>x</p>", 80) + "<script src=/%s/a.js></script>" + strings.Repeat("<p>x</p>", 240)
	site := start(t, func(w http.ResponseWriter, r *http.Request) {
		text := fmt.Sprintf(page, *injected.Load()) // short enough for one write of net/http
		htmlPage(text, "Content-Length", fmt.Sprint(len(text)))(w, r)
	}, allowOwn)
	good, bad := "static", "evil.x" // of one length: the fingerprint does not tell them apart
	injected.Store(&good)
	if _, recalled := site.recalls(t, 3, "/"); recalled != 1 {
		t.Fatal("the page is not known") // the control
	}
	injected.Store(&bad)
	a := site.ask(t, "GET", "/")
	if strings.Contains(a.body, `nonce="`+a.ourNonce(t)+`" src=/evil`) || !strings.Contains(a.body, "evil.x/a.js") {
		t.Errorf("the other page's script has the nonce: %s", a.body)
	}
	if site.site.repeats.found.Load() != 1 {
		t.Error("another page was taken for the known one")
	}
}

// What decides beside the page itself makes it another page.
func TestWhatElseDecidesIsLookedAt(t *testing.T) {
	site := start(t, htmlPage(`<head></head><script src="a.js"></script>`), `scripts: {rules: [{name: own, match: {src: ["/static/**"]}, action: allow}]}
pages: [{match: "/static/r/**", mode: report-only}]
chat: {pages: ["/static/chat/**"]}
`)
	site.recalls(t, 3, "/static/x")
	before := site.site.repeats.found.Load()
	for _, path := range []string{"/other/x", "/static/r/x", "/static/chat/x", "/static/x?q"} {
		site.recalls(t, 2, path)
		if site.site.repeats.found.Load() != before {
			t.Errorf("%s was taken for another page", path)
		}
	}
	if a := site.ask(t, "GET", "/other/x"); strings.Contains(a.body, `nonce="`+a.ourNonce(t)+`" src="a.js"`) {
		t.Errorf("the script of another path has the nonce: %s", a.body)
	}
}

// What is one visitor's own is not kept, nor a page with nonces of the upstream, nor one
// of which something has to be reported each time.
func TestPagesThatAreNotKept(t *testing.T) {
	for name, upstream := range map[string]http.HandlerFunc{
		"private":        htmlPage("<p>x", "Cache-Control", "max-age=0, Private"),
		"no-store":       htmlPage("<p>x", "Cache-Control", "no-store"),
		"nonces":         htmlPage("<p>x", csp.Header, "script-src 'nonce-abcdefghijklmnopqrstuv'"),
		"nonces watched": htmlPage("<p>x", csp.HeaderReportOnly, "script-src 'nonce-abcdefghijklmnopqrstuv'"),
		"doubt":          htmlPage("<frameset><script src=/static/a.js></script>"),
		"streams": func(w http.ResponseWriter, r *http.Request) {
			htmlPage("<p>x")(w, r)
			_ = http.NewResponseController(w).Flush()
		},
		"compressed": htmlPage("\x1f\x8b", "Content-Encoding", "gzip"),
	} {
		site := start(t, upstream, allowOwn)
		if _, recalled := site.recalls(t, 4, "/"); recalled != 0 {
			t.Errorf("%s: was kept", name)
		}
	}
	verbose := start(t, htmlPage("<p>x"), allowOwn)
	verbose.site.log = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if _, recalled := verbose.recalls(t, 4, "/"); recalled != 0 {
		t.Error("verdicts are logged: was kept")
	}
}

// However little is read at once, the nonce is whole.
func TestARepeatIsReadInAnyPieces(t *testing.T) {
	old, fresh := csp.NewNonce(), csp.NewNonce()
	text := strings.ReplaceAll("N<b>NN</b>N and N", "N", old.String())
	want := strings.ReplaceAll("N<b>NN</b>N and N", "N", fresh.String())
	s := &repeats{}
	key := repeatKey{path: "/"}
	s.keep(key, []byte("page"), []byte(text), old)
	if s.find(key, []byte("page")) != nil {
		t.Error("a page is kept that came once")
	}
	s.keep(key, []byte("page"), []byte(text), old)
	found := s.find(key, []byte("page"))
	if found == nil {
		t.Fatal("the page is not known")
	}
	for size := 1; size <= len(want)+1; size++ {
		r := &repeatReader{repeat: found, nonce: fresh.String()}
		var got strings.Builder
		if _, err := io.CopyBuffer(&got, struct{ io.Reader }{r}, make([]byte, size)); err != nil || got.String() != want {
			t.Fatalf("in pieces of %d: %q, %v, want %q", size, got.String(), err, want)
		}
	}
	if err := iotest.TestReader(&repeatReader{repeat: found, nonce: fresh.String()}, []byte(want)); err != nil {
		t.Error(err)
	}
}

// The memory is bounded, and what is asked for stays.
func TestRepeatsAreBounded(t *testing.T) {
	s := &repeats{}
	nonce := csp.NewNonce()
	page := make([]byte, gatherSize)
	hot := repeatKey{path: "/hot"}
	most := 0
	for i := range 1000 {
		key := repeatKey{path: fmt.Sprint(i)}
		for range 2 {
			s.keep(key, page, page, nonce)
			if i == 0 {
				s.keep(hot, page, page, nonce)
			}
		}
		if s.find(hot, page) == nil {
			t.Fatalf("after %d others the page is forgotten", i)
		}
		held := 0
		for _, kept := range []map[repeatKey]*repeat{s.recent, s.older} {
			for _, r := range kept {
				held += len(r.page) + len(r.text)
			}
		}
		most = max(most, held)
	}
	if limit := 2*repeatBytes + 4*gatherSize; most > limit {
		t.Errorf("%d bytes are held, more than %d", most, limit)
	}
}

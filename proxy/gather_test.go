package proxy

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A page that the upstream sends whole goes out with its new length.
func TestAPageThatIsWholeHasItsLength(t *testing.T) {
	page := "<head></head><script src=/static/a.js></script>" + strings.Repeat("<p>x</p>", 100)
	site := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, page)
		if r.URL.Path == "/streams" {
			_ = http.NewResponseController(w).Flush()
		}
	}, allowOwn)
	whole, streamed := site.ask(t, "GET", "/"), site.ask(t, "GET", "/streams")
	if got := whole.Header.Get("Content-Length"); got != strconv.Itoa(len(whole.body)) || len(whole.body) <= len(page) {
		t.Errorf("Content-Length %q for %d bytes", got, len(whole.body))
	}
	if got := streamed.Header.Get("Content-Length"); got != "" {
		t.Errorf("a page that streams has Content-Length %q", got)
	}
	nonceless := func(s string) string { return regexp.MustCompile(`nonce="[^"]*"`).ReplaceAllString(s, "") }
	if a, b := nonceless(whole.body), nonceless(streamed.body); a != b || strings.Count(a, "<p>x</p>") != 100 {
		t.Errorf("whole\n%s\nstreamed\n%s", a, b)
	}
}

// A page of known length of which only a part has come is not waited for.
func TestAPageThatComesInPiecesIsNotWaitedFor(t *testing.T) {
	more := make(chan struct{})
	site := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", "20")
		_, _ = io.WriteString(w, "<p>1234567")
		_ = http.NewResponseController(w).Flush()
		<-more
		_, _ = io.WriteString(w, "<p>1234567")
	}, "")
	res, err := http.Get(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	first, buffer := "", make([]byte, 64<<10)
	for !strings.Contains(first, "<p>1234567") {
		n, err := res.Body.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		first += string(buffer[:n])
	}
	close(more)
	rest, err := io.ReadAll(res.Body)
	if string(rest) != "<p>1234567" || err != nil {
		t.Errorf("then %q, %v", rest, err)
	}
}

// What the upstream breaks off is not made whole.
func TestAPageThatBreaksOffIsNotMadeWhole(t *testing.T) {
	site := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", "20")
		_, _ = io.WriteString(w, "<p>1234567")
	}, "")
	if a := site.ask(t, "GET", "/"); a.err == nil {
		t.Errorf("%d %q without an error", a.StatusCode, a.body)
	}
}

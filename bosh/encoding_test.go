package bosh

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
)

func packed(t *testing.T, encoding, text string) string {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&out)
	if encoding == "deflate" {
		w = zlib.NewWriter(&out)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Requests may be compressed as the creation response says (XEP-0124 §7.2).
func TestCompressedRequests(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		accept := value(l.create(usual), "accept")
		for _, encoding := range strings.Split(accept, ",") {
			l.rid++
			l.send(packed(t, encoding, requestBody(l.sid, itoa(l.rid), "", numbered(encoding))), "Content-Encoding", encoding)
			l.once(numbered(encoding))
		}
		good := packed(t, "gzip", requestBody(l.sid, "1003", "", numbered("bad")))
		for name, test := range map[string]struct {
			encoding, body string
			status         int
		}{
			"unknown":      {"br", good, 415},
			"two":          {"gzip, gzip", good, 415},
			"not really":   {"gzip", requestBody(l.sid, "1003", "", ""), 415},
			"cut off":      {"gzip", good[:len(good)-9], 400},
			"wrong sum":    {"gzip", good[:len(good)-8] + "\x00\x00\x00\x00\x00\x00\x00\x00", 415},
			"another kind": {"deflate", good, 415},
		} {
			c := l.send(test.body, "Content-Encoding", test.encoding)
			if c.body(); c.w.Code != test.status || c.w.Header().Get("Access-Control-Allow-Origin") != site {
				t.Errorf("%s: %d %v", name, c.w.Code, c.w.Header())
			}
		}
		if isOver(l.session()) || strings.Contains(l.peers[0].got(), "bad") {
			t.Error("a request that could not be read did something")
		}
	})
}

// A small request that unpacks to a large one is refused before it is there
// (CWE-409). The control: as large as is allowed it passes.
func TestCompressionBomb(t *testing.T) {
	inLab(t, Options{Limits: Limits{Body: 64 << 10}}, func(l *lab) {
		l.create(usual)
		body := func(n int) string {
			return packed(t, "gzip", requestBody(l.sid, "1001", "", numbered(strings.Repeat("a", n))))
		}
		bomb := body(50 << 20)
		if len(bomb) > 64<<10 {
			t.Fatalf("a bomb of %d bytes", len(bomb))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c := l.send(bomb, "Content-Encoding", "gzip")
		runtime.ReadMemStats(&after)
		if c.body() == "" || c.w.Code != 413 {
			t.Errorf("the bomb: %d", c.w.Code)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
			t.Errorf("the bomb took %d bytes of memory", used)
		}
		l.send(body(60<<10), "Content-Encoding", "gzip")
		if got := l.peers[0].got(); strings.Count(got, "aaaa") == 0 {
			t.Error("a request within the limit did not pass")
		}
	})
}

func TestCompressedResponses(t *testing.T) {
	big := numbered(strings.Repeat("x", 5000))
	answer := func(l *lab, payload, accepts string) *call {
		l.create(usual)
		c := l.send(requestBody(l.sid, "1001", "", ""), "Accept-Encoding", accepts)
		l.peers[len(l.peers)-1].say(payload)
		c.body()
		return c
	}
	inLab(t, Options{Compress: true}, func(l *lab) {
		for accepts, want := range map[string]bool{"gzip, deflate": true, "deflate;q=1, GZIP ;q=0.5": true, "gzip;q=0": false, "deflate": false, "": false, "gzipped": false} {
			c := answer(l, big, accepts)
			h := c.w.Header()
			if got := h.Get("Content-Encoding") == "gzip"; got != want || h.Get("Content-Length") != itoa(c.w.Body.Len()) || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Accept-Encoding") {
				t.Errorf("%q: %v", accepts, h)
			}
			if !want {
				l.is(c.body(), "", big)
				continue
			}
			r, err := gzip.NewReader(c.w.Body)
			if err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			l.is(string(all), "", big)
			// The repetition is the same, for one that does not accept it too.
			l.is(l.at(1001, "", "").body(), "", big)
		}
		if h := answer(l, numbered("small"), "gzip").w.Header(); h.Get("Content-Encoding") != "" {
			t.Errorf("a small answer: %v", h)
		}
	})
	inLab(t, Options{}, func(l *lab) { // not unless the operator says so
		if h := answer(l, big, "gzip").w.Header(); h.Get("Content-Encoding") != "" {
			t.Errorf("got %v", h)
		}
	})
}

// Requests in another encoding of text are converted, if the creation response names
// it.
func TestCharsets(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		if got := value(l.create(usual), "charsets"); got != "ISO-8859-1 US-ASCII" {
			t.Errorf("charsets %s", got)
		}
		for _, test := range []struct{ contentType, sent, want string }{
			{"text/xml; charset=ISO-8859-1", "caf\xe9", "café"},
			{"text/xml; charset=us-ascii", "cafe", "cafe"},
			{"text/xml; charset=utf-8", "thé", "thé"},
			{"application/x-www-form-urlencoded", "maté", "maté"},
			{"nonsense;;", "jus é", "jus é"},
		} {
			l.rid++
			l.send(requestBody(l.sid, itoa(l.rid), "", numbered(test.sent)), "Content-Type", test.contentType)
			l.once(numbered(test.want))
		}
		for _, contentType := range []string{"text/xml; charset=utf-16", "text/xml; charset=us-ascii", "text/xml; charset=utf-7"} {
			c := l.send(requestBody(l.sid, itoa(l.rid+1), "", numbered("é")), "Content-Type", contentType)
			if c.body(); c.w.Code != 415 {
				t.Errorf("%s: %d %s", contentType, c.w.Code, c.body())
			}
		}
		synctest.Wait()
	})
}

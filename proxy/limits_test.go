package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What no browser sends is refused with a policy, and the upstream never sees it.
func TestRefusedRequestsDoNotReachTheUpstream(t *testing.T) {
	site := start(t, htmlPage("upstream"), "limits: {body: 10}")
	const handshake = "Connection: Upgrade\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\n"
	tests := []struct {
		name, request string
		want          int
	}{
		{"CONNECT", "CONNECT a.example:443 HTTP/1.1\nHost: a.example:443\n\n", 405},
		{"CONNECT with a path", "CONNECT / HTTP/1.1\nHost: a.example\n\n", 405},
		{"TRACE", "TRACE / HTTP/1.1\nHost: a.example\n\n", 405},
		{"h2c", "GET / HTTP/1.1\nHost: a.example\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAMAAABkAAQAAP__\n\n", 400},
		{"h2c without Connection", "GET / HTTP/1.1\nHost: a.example\nUpgrade: h2c\n\n", 400},
		{"h2c beside websocket", "GET / HTTP/1.1\nHost: a.example\nUpgrade: websocket, h2c\n" + handshake + "\n", 400},
		{"h2c behind websocket", "GET / HTTP/1.1\nHost: a.example\nUpgrade: websocket\nUpgrade: h2c\n" + handshake + "\n", 400},
		{"a handshake with a body", "GET / HTTP/1.1\nHost: a.example\nUpgrade: websocket\nContent-Length: 5\n" + handshake + "\nhello", 400},
		{"a handshake in chunks", "GET / HTTP/1.1\nHost: a.example\nUpgrade: websocket\nTransfer-Encoding: chunked\n" + handshake + "\n0\n\n", 400},
		{"an opaque address", "GET http:admin HTTP/1.1\nHost: a.example\n\n", 400},
		{"a star", "GET * HTTP/1.1\nHost: a.example\n\n", 400},
		{"too large a body", "POST / HTTP/1.1\nHost: a.example\nContent-Length: 11\n\nhello world", 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := site.raw(t, tt.request)
			if a.StatusCode != tt.want {
				t.Errorf("got %d, want %d: %s", a.StatusCode, tt.want, a.body)
			}
			a.wantNothingRuns(t)
			if n := site.hits.Load(); n != 0 {
				t.Errorf("%d requests reached the upstream", n)
			}
		})
	}
	if a := site.send(t, "POST", "/", "0123456789"); a.StatusCode != 200 || site.hits.Load() != 1 { // the control
		t.Errorf("a body that fits: got %d", a.StatusCode)
	}
}

// A body without a length is cut off at the limit.
func TestABodyOverTheLimit(t *testing.T) {
	site := start(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }, "limits: {body: 1KiB}")
	r, err := http.NewRequest("POST", site.URL, io.MultiReader(strings.NewReader(strings.Repeat("x", 2048))))
	if err != nil {
		t.Fatal(err)
	}
	a := do(t, newClient(), r)
	a.wantNothingRuns(t)
	if a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", a.StatusCode)
	}
}

// What HTTP/2 carries in a query would be another request line in HTTP/1.1.
func TestAQueryWithASpaceDoesNotReachTheUpstream(t *testing.T) {
	site := start(t, htmlPage("upstream"), "")
	for query, want := range map[string]int{"a=b+c%20d": 200, "a HTTP/1.0": 400, "a\tb": 400, "a\x7f": 400} {
		before := site.hits.Load()
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		site.site.ServeHTTP(w, r)
		if w.Code != want || (site.hits.Load() > before) != (want == 200) {
			t.Errorf("%q: %d, and %d requests reached the upstream", query, w.Code, site.hits.Load()-before)
		}
	}
}

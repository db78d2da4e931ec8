package proxy

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// What both policies of a page refuse comes as two reports, and is one line.
func TestOneRefusalIsLoggedOnce(t *testing.T) {
	site := start(t, htmlPage("upstream"), "")
	const report = `{"csp-report": {"document-uri": "https://www.example.com/", "blocked-uri": "https://evil.example/BLOCKED.js", "effective-directive": "script-src-elem", "original-policy": "POLICY"}}`
	send := func(blocked, policy string) {
		t.Helper()
		body := strings.NewReplacer("BLOCKED", blocked, "POLICY", policy).Replace(report)
		if a := site.send(t, "POST", "/.chatproxy/report", body, "Content-Type", "application/csp-report"); a.StatusCode != http.StatusNoContent {
			t.Fatalf("got %d", a.StatusCode)
		}
	}
	send("one", "script-src 'nonce-a'")
	send("one", "script-src-elem https:")
	send("two", "script-src-elem https:")
	if got := site.log.String(); strings.Count(got, "one.js") != 1 || strings.Count(got, "two.js") != 1 {
		t.Errorf("logged %s", got)
	}
}

func TestReportedForgets(t *testing.T) {
	var r reported[int]
	now := time.Now()
	for _, tt := range []struct {
		after time.Duration
		want  bool
	}{{0, false}, {time.Second, true}, {reportedFor + time.Second, true}, {10 * reportedFor, false}} {
		if got := r.again(1, now.Add(tt.after)); got != tt.want {
			t.Errorf("after %v: %v, want %v", tt.after, got, tt.want)
		}
	}
	for i := range 10 * maxReported {
		r.again(i, now.Add(10*reportedFor))
	}
	if n := len(r.recent) + len(r.older); n > 2*maxReported {
		t.Errorf("%d are remembered, want at most %d", n, 2*maxReported)
	}
}

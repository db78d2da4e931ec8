package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"chatproxy/csp"
)

// A nonce that never changes is known to whoever reads one page, so what carries it on
// the next may be injected. One that is fresh each time is the upstream's word.
func TestANonceIsTrustedOnce(t *testing.T) {
	count := 0
	page := func(nonce func() string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			value := nonce()
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set(csp.Header, "script-src 'nonce-"+value+"'")
			_, _ = io.WriteString(w, `<script nonce="`+value+`">marked()</script>`)
		}
	}
	for _, tt := range []struct {
		name  string
		nonce func() string
		want  []bool // the script runs
	}{
		{"fresh", func() string { count++; return fmt.Sprintf("AAAAAAAAAAAAAAAAAAAAA%d", count) }, []bool{true, true, true}},
		{"stale", func() string { return "AAAAAAAAAAAAAAAAAAAAAA" }, []bool{true, false, false}},
	} {
		site := start(t, page(tt.nonce), "")
		for i, want := range tt.want {
			a := site.ask(t, "GET", "/")
			if got := strings.Contains(a.body, `<script nonce="`+a.ourNonce(t)+`">marked()`); got != want {
				t.Errorf("%s, response %d: the script runs: %t, want %t\n%s", tt.name, i+1, got, want, a.body)
			}
		}
	}
	// In report-only mode what ran goes on running.
	site := start(t, page(func() string { return "AAAAAAAAAAAAAAAAAAAAAA" }), `pages: [{match: "/**", mode: report-only}]`)
	for i := range 3 {
		if a := site.ask(t, "GET", "/"); !strings.Contains(a.body, ">marked()") || strings.Contains(a.body, "<script>marked") {
			t.Errorf("response %d: %s", i+1, a.body)
		}
	}
}

func TestSightingsAreBounded(t *testing.T) {
	var n sightings
	if !n.first([]byte("static")) {
		t.Error("the first is stale")
	}
	for i := range 5 * maxSightings {
		if !n.first(fmt.Append(nil, i)) {
			t.Fatalf("%d is stale", i)
		}
		if i == 1 && n.first([]byte("static")) {
			t.Fatal("the one that never changes is fresh the second time")
		}
	}
	if n.first([]byte("static")) {
		t.Error("whoever asks for many pages makes the one that never changes fresh again")
	}
	if len(n.recent)+len(n.older)+len(n.repeated) > 3*maxSightings {
		t.Errorf("%d are remembered", len(n.recent)+len(n.older)+len(n.repeated))
	}
}

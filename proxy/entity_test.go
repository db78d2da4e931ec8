package proxy

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// cached is an upstream whose page and picture have validators.
func cached(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html")
	if strings.HasSuffix(r.URL.Path, ".mp4") {
		h.Set("Content-Type", "video/mp4")
	}
	h.Set("Etag", `"1"`)
	h.Set("Cache-Control", "public, max-age=60, S-Maxage=600, immutable")
	h.Set("Digest", "sha-256=abc")
	http.ServeContent(w, r, "", time.Unix(1e9, 0), strings.NewReader("<p>0123456789</p>"))
}

func TestAPageIsNeverNotModifiedAndNeverShared(t *testing.T) {
	site := start(t, cached, "")
	first := site.ask(t, "GET", "/")
	for _, name := range []string{"Etag", "Last-Modified", "Accept-Ranges", "Digest"} {
		if got := first.Header.Get(name); got != "" {
			t.Errorf("%s: %s describes another body", name, got)
		}
	}
	if got := first.Header.Get("Cache-Control"); got != "private, max-age=60" {
		t.Errorf("Cache-Control is %q", got)
	}
	if !slices.Contains(first.Header.Values("Vary"), "Sec-Fetch-Dest") {
		t.Errorf("Vary is %q", first.Header.Values("Vary"))
	}
	if first.ContentLength >= 0 && int(first.ContentLength) != len(first.body) {
		t.Errorf("Content-Length is %d of %d bytes", first.ContentLength, len(first.body))
	}
	for _, header := range [][]string{
		{"If-None-Match", `"1"`},
		{"If-Modified-Since", time.Unix(1e9, 0).UTC().Format(http.TimeFormat)},
		{"Range", "bytes=0-3"},
		{"Range", "bytes=0-3", "If-Range", `"1"`, "Sec-Fetch-Dest", "iframe"},
	} {
		a := site.ask(t, "GET", "/", header...)
		if a.StatusCode != 200 || a.ourNonce(t) == first.ourNonce(t) || !strings.Contains(a.body, "9</p>") {
			t.Errorf("%q: got %d %s", header, a.StatusCode, a.body)
		}
	}
}

func TestMediaKeepRangesAndValidators(t *testing.T) {
	site := start(t, cached, "")
	part := site.ask(t, "GET", "/a.mp4", "Sec-Fetch-Dest", "video", "Range", "bytes=3-5")
	if part.StatusCode != 206 || part.body != "012" || part.ContentLength != 3 || part.Header.Get("Etag") != `"1"` {
		t.Errorf("got %d %q with %v", part.StatusCode, part.body, part.Header)
	}
	if got := part.Header.Get("Cache-Control"); !strings.Contains(got, "public") {
		t.Errorf("Cache-Control is %q", got)
	}
	if a := site.ask(t, "GET", "/a.mp4", "Sec-Fetch-Dest", "video", "If-None-Match", `"1"`); a.StatusCode != 304 {
		t.Errorf("got %d", a.StatusCode)
	}
}

// A piece of a page that a script fetched is never taken for a page.
func TestAPieceOfAPageIsNotRewritten(t *testing.T) {
	a := start(t, cached, "").ask(t, "GET", "/", "Sec-Fetch-Dest", "empty", "Range", "bytes=0-3")
	a.wantNothingRuns(t)
	if a.StatusCode != 206 || a.body != "<p>0" || !slices.Contains(a.Header.Values("Vary"), "Sec-Fetch-Dest") {
		t.Errorf("got %d %q with %v", a.StatusCode, a.body, a.Header)
	}
}

func TestHEADIsGETWithoutTheBody(t *testing.T) {
	for _, dest := range []string{"document", "empty"} {
		site := start(t, cached, "")
		get, head := site.ask(t, "GET", "/", "Sec-Fetch-Dest", dest), site.ask(t, "HEAD", "/", "Sec-Fetch-Dest", dest)
		for _, a := range []answer{get, head} {
			a.Header.Del("Date")
			a.Header.Del("Content-Length") // HEAD may leave out what only making the page tells (RFC 9110 §9.3.2)
			for i, policy := range a.Header["Content-Security-Policy"] {
				a.Header["Content-Security-Policy"][i] = nonceSource.ReplaceAllString(policy, "'nonce-'")
			}
		}
		if head.body != "" || !maps.EqualFunc(get.Header, head.Header, slices.Equal) {
			t.Errorf("%s: GET\n%v\nHEAD\n%v", dest, get.Header, head.Header)
		}
	}
}

func TestUnshared(t *testing.T) {
	for _, tt := range []struct {
		in   []string
		want string
	}{
		{nil, "private"},
		{[]string{"public"}, "private"},
		{[]string{"PUBLIC, max-age=5", "s-maxage=9"}, "private, max-age=5"},
		{[]string{"no-store"}, "private, no-store"},
		{[]string{"private, no-cache"}, "private, no-cache"},
	} {
		if got := unshared(tt.in); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

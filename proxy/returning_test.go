package proxy

import (
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"

	"chatproxy/csp"
)

// What the browsers make of the page was tried: integration/compartment_leaving_test.go.
func TestForeignFramesAreAskedToComeAgain(t *testing.T) {
	upstream := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Set-Cookie", "session=another")
		_, _ = w.Write([]byte(r.URL.RequestURI() + " " + r.Header.Get("Cookie") + r.Header.Get("Referer")))
	}
	site := start(t, http.HandlerFunc(upstream), "\nsite: {upstream: UPSTREAM, hosts: [www.example.com]}\npages: [{match: \"/off/**\", mode: off}]\n")
	const own = "http://www.example.com"
	frame := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate"}
	same := []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate"}
	const again = "again"
	for _, tt := range []struct {
		name, path string
		header     []string
		want       string // what the upstream got, or again
	}{
		{"the page's referrer", "/x?a=1;b&code=2", slices.Concat(frame, []string{"Referer", own + "/page"}), again},
		{"no referrer", "/x", frame, again},
		{"an object", "/x", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "object", "Sec-Fetch-Mode", "navigate"}, again},
		{"another site's referrer", "/x", slices.Concat(frame, []string{"Referer", "https://partner.example/"}), "/x session=visitorhttps://partner.example/"},
		{"the whole page", "/x", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate"}, "/x session=visitor"},
		{"the second time, by the page's frame", "/x", slices.Concat(same, []string{"Referer", own + againPath + "?had=other&had=session"}), "/x session=visitor"},
		{"the first time without cookies", "/x", slices.Concat(same, []string{"Referer", own + againPath + "?"}), "/x "},
		{"a referrer of another site", "/x", slices.Concat(same, []string{"Referer", "http://other.example" + againPath}), "/x session=visitorhttp://other.example" + againPath},
		{"the second time, by a frame without an origin", "/x?a=1;b&code=2&chatproxy-stranger=", frame, "/x?a=1;b&code=2 "},
		{"the same without a query", "/x?chatproxy-stranger=", frame, "/x "},
		{"the marker alone", "/x?chatproxy-stranger=", same, "/x session=visitor"},
		{"a marker that is not the last", "/x?chatproxy-stranger=&a", same, "/x?chatproxy-stranger=&a session=visitor"},
		{"another parameter", "/x?my-chatproxy-stranger=", same, "/x?my-chatproxy-stranger= session=visitor"},
		{"a path in mode off", "/off/x?chatproxy-stranger=", frame, "/off/x?chatproxy-stranger= session=visitor"},
	} {
		before := site.hits.Load()
		a := site.ask(t, "GET", tt.path, append([]string{"Host", "www.example.com", "Cookie", "session=visitor"}, tt.header...)...)
		if tt.want != again {
			if a.body != tt.want {
				t.Errorf("%s: the upstream got %q, want %q", tt.name, a.body, tt.want)
			}
			if dropped := a.Header.Get("Set-Cookie") == ""; dropped != (strings.HasSuffix(tt.path, "stranger=") && strings.HasSuffix(tt.want, " ")) {
				t.Errorf("%s: Set-Cookie: %q", tt.name, a.Header.Get("Set-Cookie"))
			}
			continue
		}
		if site.hits.Load() != before {
			t.Errorf("%s: the upstream was asked", tt.name)
		}
		if !strings.Contains(a.body, "<script>"+againScript+"</script>") || a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(a.Header.Get(csp.Header), "default-src 'none'") {
			t.Errorf("%s: got %d %s %s", tt.name, a.StatusCode, a.Header, a.body)
		}
	}
	a := site.ask(t, "GET", `/x?"><script>alert(1)</script>`, append([]string{"Host", "www.example.com"}, frame...)...)
	if strings.Contains(a.body, "alert(1)</script>") {
		t.Errorf("the address became markup: %s", a.body)
	}
	a = site.ask(t, "GET", `//evil.example/x?a`, append([]string{"Host", "www.example.com"}, frame...)...)
	if !strings.Contains(a.body, `href="/evil.example/x?a&amp;chatproxy-stranger="`) {
		t.Errorf("the address leads elsewhere: %s", a.body)
	}
}

// What comes again is to the upstream what it was the first time.
func TestFramesComeAgainWithWhatTheyHad(t *testing.T) {
	var got http.Header
	upstream := func(_ http.ResponseWriter, r *http.Request) { got = r.Header }
	site := start(t, http.HandlerFunc(upstream), "\nsite: {upstream: UPSTREAM, hosts: [www.example.com]}\n")
	a := site.ask(t, "GET", "/x", "Host", "www.example.com", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate", "Cookie", `a=1; __Host-"&<b>=2=2; c`)
	_, rest, _ := strings.Cut(a.body, `href="`+againPath)
	address, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("no address in %s", a.body)
	}
	site.ask(t, "GET", "/x", "Host", "www.example.com", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate",
		"Referer", "http://www.example.com"+againPath+html.UnescapeString(address), "Cookie", `strict=0; a=1; __Host-"&<b>=2=2; c; d=4`)
	if want := `a=1; __Host-"&<b>=2=2; c`; got.Get("Cookie") != want || got.Get("Sec-Fetch-Site") != "cross-site" || got.Get("Referer") != "" {
		t.Errorf("the upstream got %s, want the cookies %s", got, want)
	}
}

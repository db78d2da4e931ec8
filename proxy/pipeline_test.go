package proxy

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"chatproxy/browser"
)

// Our own paths are ours, whatever the method and the spelling.
func TestOwnPathsNeverReachTheUpstream(t *testing.T) {
	site := start(t, htmlPage("upstream"), `pages: [{match: "/.chatproxy/**", mode: off}]`)
	for _, path := range []string{
		"/.chatproxy/guard.0000000000000000.js", browser.IndexedDB.Path, "/.chatproxy/report", "/.chatproxy/empty.js", "/.chatproxy/client/x/y.js",
		"/.chatproxy/", "/.chatproxy", "/.chatproxy/nothing", "/.chatproxy/nothing?chatproxy-compartment=https://a.example",
		"/%2echatproxy/report", "/.chatprox%79/x", "/.chatproxy%2fx", "//.chatproxy/x", "/x/../.chatproxy/x", "/x/%2e%2e/.chatproxy/x", "/./.chatproxy/x",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY", "FOO", "get"} {
			a := site.raw(t, method+" "+path+" HTTP/1.1\nHost: a.example\nConnection: close\nContent-Length: 0\n\n")
			if n := site.hits.Swap(0); n != 0 || strings.Contains(a.body, "upstream") {
				t.Errorf("%s %s reached the upstream", method, path)
			}
		}
	}
	for _, path := range []string{"/chatproxy/x", "/.chatproxyx", "/a/.chatproxy/x"} { // the control
		if site.ask(t, "GET", path); site.hits.Swap(0) != 1 {
			t.Errorf("%s did not reach the upstream", path)
		}
	}
	if site.ask(t, "PROPFIND", "/dav/"); site.hits.Swap(0) != 1 {
		t.Error("PROPFIND did not reach the upstream")
	}
}

func TestOwnFiles(t *testing.T) {
	site := start(t, htmlPage("upstream"), "")
	for _, bundle := range []browser.Bundle{site.guards[0][1].Bundle, site.guards[1][0].Bundle, browser.IndexedDB} {
		a := site.ask(t, "GET", bundle.Path)
		if a.StatusCode != 200 || a.body != string(bundle.Body) || a.Header.Get("Content-Type") != "text/javascript; charset=utf-8" ||
			a.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %d with %v", bundle.Path, a.StatusCode, a.Header)
		}
	}
	for path, want := range map[string]string{"/.chatproxy/empty.js": "text/javascript; charset=utf-8", "/.chatproxy/refusal.css": "text/css; charset=utf-8"} {
		if a := site.ask(t, "GET", path); a.StatusCode != 200 || a.Header.Get("Content-Type") != want {
			t.Errorf("%s: got %d with %v", path, a.StatusCode, a.Header)
		}
	}
	for _, tt := range []struct {
		method, path string
		want         int
	}{{"GET", "/.chatproxy/compartment.0000000000000000.js", 404}, {"GET", "/.chatproxy/guards.js", 404}, {"GET", "/.chatproxy/report", 405}, {"POST", site.guards[0][0].Path, 405}} {
		a := site.ask(t, tt.method, tt.path)
		a.wantNothingRuns(t)
		if a.StatusCode != tt.want {
			t.Errorf("%s %s: got %d", tt.method, tt.path, a.StatusCode)
		}
	}
	// The guard of another time is today's, and nobody keeps it under that name.
	a := site.ask(t, "GET", "/.chatproxy/guard-chat.0000000000000000.js")
	if a.StatusCode != 200 || a.body != string(site.guards[0][1].Body) || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d with %v", a.StatusCode, a.Header)
	}
}

// Over TLS and HTTP/2 the page's scheme is https, for the upstream and in what
// policies name.
func TestHTTP2(t *testing.T) {
	var got seen
	site := &testSite{}
	handler := site.handler(t, func(w http.ResponseWriter, r *http.Request) {
		record(&got)(w, r)
		htmlPage(`<script src="https://www.example.com/static/a.js"></script><script src="http://www.example.com/static/a.js"></script>`)(w, r)
	}, allowOwn, nil)
	site.Server = httptest.NewUnstartedServer(handler)
	site.EnableHTTP2 = true
	site.StartTLS()
	defer site.Close()
	ask := func(path string) answer {
		r, err := http.NewRequest("GET", site.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "www.example.com"
		return do(t, site.Client(), r)
	}
	page := ask("/")
	if page.ProtoMajor != 2 || got.header.Get("X-Forwarded-Proto") != "https" {
		t.Errorf("got %s, and the upstream saw %q", page.Proto, got.header.Get("X-Forwarded-Proto"))
	}
	if !strings.Contains(page.body, `nonce="`+page.ourNonce(t)+`" src="https://www.example.com/static/a.js"`) ||
		strings.Contains(page.body, ` src="http://www.example.com/static/a.js"`) {
		t.Errorf("the page's origin is not https: %s", page.body)
	}
	frame := ask("/?" + Marker + "=https://ads.example")
	if policy := frame.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors https://www.example.com") {
		t.Errorf("the compartment's policy is %q", policy)
	}
}

package proxy

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"chatproxy/policies"
)

func TestClientAddress(t *testing.T) {
	site := New(Options{Policy: parsePolicy(t, "site: {upstream: UPSTREAM, trusted_proxies: [10.0.0.0/8, \"fd00::/8\", 127.0.0.1]}", "http://127.0.0.1:1")})
	tests := []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"no proxy", "192.0.2.7:1", nil, "192.0.2.7"},
		{"no proxy, and it lies", "192.0.2.7:1", []string{"198.51.100.1"}, "192.0.2.7"},
		{"one proxy", "10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"the client wrote the first", "10.0.0.1:1", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		{"the client wrote a trusted one", "10.0.0.1:1", []string{"10.9.9.9, 198.51.100.1"}, "198.51.100.1"},
		{"two proxies", "10.0.0.1:1", []string{"203.0.113.9, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"two proxies, two fields", "10.0.0.1:1", []string{"203.0.113.9,198.51.100.1", " 10.0.0.2 "}, "198.51.100.1"},
		{"IPv6", "[fd00::1]:1", []string{"2001:db8::1, fd00::2"}, "2001:db8::1"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"nonsense stops the walk", "10.0.0.1:1", []string{"198.51.100.1, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"a proxy that says nothing", "10.0.0.1:1", nil, "10.0.0.1"},
		{"only proxies", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = tt.peer
			r.Header["X-Forwarded-For"] = tt.forwarded
			peer := peerAddress(r)
			if got := site.clientAddress(r, peer, site.trusts(peer)).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// What the upstream may read as another page is never under the laxer rule.
func TestAmbiguousPathsAreEnforced(t *testing.T) {
	site := New(Options{Policy: parsePolicy(t, `pages: [{match: "/admin/**", mode: off}]`, "http://127.0.0.1:1")})
	for path, want := range map[string]policies.Mode{
		"/admin/":                    policies.ModeOff,
		"/admin/users/7?x=/../":      policies.ModeOff,
		"/admin/gr%C3%BC%C3%9Fe":     policies.ModeOff,
		"/admin":                     policies.ModeEnforce,
		"/news":                      policies.ModeEnforce,
		"/admin/../news":             policies.ModeEnforce,
		"/admin/..%2fnews":           policies.ModeEnforce,
		"/admin/..%2Fnews":           policies.ModeEnforce,
		"/admin/%2e%2e/news":         policies.ModeEnforce,
		"/admin/.%2e/news":           policies.ModeEnforce,
		"/admin/%252e%252e/news":     policies.ModeEnforce,
		"/admin/..%5cnews":           policies.ModeEnforce,
		"/admin/..;/news":            policies.ModeEnforce,
		"/admin/x%3b/news":           policies.ModeEnforce,
		"/admin//news":               policies.ModeEnforce,
		"/admin/%0a/../news":         policies.ModeEnforce,
		"/ADMIN/":                    policies.ModeEnforce,
		"/news/../admin/":            policies.ModeEnforce,
		"/admin/.well-known/%61dmin": policies.ModeEnforce,
	} {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := site.mode(u); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestPurpose(t *testing.T) {
	for dest, want := range map[string]fetch{
		"": navigation, "document": navigation, "iframe": navigation, "frame": navigation, "object": navigation, "embed": navigation,
		"empty": subresource, "image": subresource, "script": script, "video": subresource, "serviceworker": subresource, "new": subresource,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Sec-Fetch-Dest", dest)
		if got := purpose(r); got != want {
			t.Errorf("%q: got %v, want %v", dest, got, want)
		}
	}
}

func TestAForeignHostIsMisdirected(t *testing.T) {
	site := start(t, htmlPage("ours"), "site: {upstream: UPSTREAM, hosts: [WWW.example.com, alt.example.com:8443]}")
	for host, want := range map[string]int{
		"www.example.com": 200, "WWW.Example.com": 200, "www.example.com:80": 200, "alt.example.com:8443": 200,
		"www.example.com:8080": 421, "alt.example.com": 421, "evil.example": 421, "www.example.com.evil.example": 421,
		"www.example.com.": 421, "127.0.0.1": 421, "xwww.example.com": 421,
	} {
		before := site.hits.Load()
		a := site.ask(t, "GET", "/", "Host", host)
		if a.StatusCode != want {
			t.Errorf("%s: got %d, want %d", host, a.StatusCode, want)
		}
		if want == 421 {
			a.wantNothingRuns(t)
			if site.hits.Load() != before {
				t.Errorf("%s reached the upstream", host)
			}
		}
	}
	if a := site.raw(t, "GET http://evil.example/ HTTP/1.1\nHost: www.example.com\n\n"); a.StatusCode != 421 {
		t.Errorf("an absolute address: got %d", a.StatusCode)
	}
	if a := site.raw(t, "GET / HTTP/1.0\n\n"); a.StatusCode != 421 {
		t.Errorf("no host: got %d", a.StatusCode)
	}
}

// What the endpoints are told about a request.
func TestWhatEndpointsSee(t *testing.T) {
	endpoint := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, ClientAddress(r), " ", Secure(r), " ", SameOrigin(r))
	})
	site := &testSite{}
	handler := site.handler(t, htmlPage("upstream"), "site: {upstream: UPSTREAM, trusted_proxies: [127.0.0.1]}", map[string]http.Handler{"/http-bind": endpoint})
	site.Server = httptest.NewServer(handler)
	defer site.Close()
	for _, tt := range []struct {
		header []string
		want   string
	}{
		{nil, "127.0.0.1 false false"},
		{[]string{"Origin", site.URL}, "127.0.0.1 false true"},
		{[]string{"Origin", "null"}, "127.0.0.1 false false"},
		{[]string{"Origin", site.URL, "Sec-Fetch-Site", "same-origin"}, "127.0.0.1 false true"},
		{[]string{"Origin", site.URL, "Sec-Fetch-Site", "cross-site"}, "127.0.0.1 false false"}, // WebKit's beacon
		{[]string{"Origin", strings.Replace(site.URL, "http:", "https:", 1)}, "127.0.0.1 false false"},
		{[]string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "http, HTTPS", "Origin", "https://www.example.com", "Host", "www.example.com:443"}, "192.0.2.1 true true"},
		{[]string{"X-Forwarded-Proto", "https, http"}, "127.0.0.1 false false"},
	} {
		if a := site.ask(t, "POST", "/http-bind", tt.header...); a.body != tt.want {
			t.Errorf("%q: got %q, want %q", tt.header, a.body, tt.want)
		}
	}
	// Whatever the method, it is the endpoint's to answer.
	if a := site.ask(t, "PROPFIND", "/http-bind"); a.body != "127.0.0.1 false false" || site.hits.Load() != 0 {
		t.Errorf("PROPFIND: got %q, %d hits", a.body, site.hits.Load())
	}
	// A client without Host has no origin that "null" could be.
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = ""
	r.Header.Set("Origin", "null")
	if SameOrigin(withExchange(r, &exchange{page: pageURL(r, false)})) {
		t.Error("null is the same as no host")
	}
}

package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// seen is what the upstream got.
type seen struct {
	host, uri, body string
	header          http.Header
}

func record(got *seen) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = seen{r.Host, r.RequestURI, string(body), r.Header}
	}
}

// Nothing that an untrusted client says about itself reaches the upstream.
func TestForwardedHeadersOfAnUntrustedClient(t *testing.T) {
	var got seen
	site := start(t, record(&got), "")
	lies := []string{
		"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Ssl", "X-Forwarded-Prefix",
		"X_Forwarded_For", "X_FORWARDED_PROTO", "X-Forwarded_For", "X.Forwarded.For", "X_Real_IP", "X-Real-Ip", "Forwarded",
		"X-Request-Id", "True-Client-Ip", "Client-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "Cf-Connecting-Ip", "x-forwarded-for",
	}
	header := []string{"Host", "www.example.com", "X-Own", "kept", "Accept-Language", "de"}
	header = append(header, "X-Forwarded-Proto", "https")
	for _, name := range lies {
		header = append(header, name, "forged")
	}
	site.ask(t, "GET", "/", header...)
	for name, values := range got.header {
		if strings.Contains(strings.Join(values, ","), "forged") {
			t.Errorf("%s: %q reached the upstream", name, values)
		}
	}
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "www.example.com",
		"X-Real-Ip": "127.0.0.1", "X-Own": "kept", "Accept-Language": "de",
	} {
		if value := got.header.Get(name); value != want {
			t.Errorf("%s: got %q, want %q", name, value, want)
		}
	}
	if got.host != "www.example.com" || len(got.header.Get("X-Request-Id")) != 16 {
		t.Errorf("host %q, request id %q", got.host, got.header.Get("X-Request-Id"))
	}
}

func TestForwardedHeadersOfATrustedProxy(t *testing.T) {
	var got seen
	site := start(t, record(&got), "site: {upstream: UPSTREAM, trusted_proxies: [127.0.0.1, 10.0.0.0/8]}")
	site.ask(t, "GET", "/", "X-Forwarded-For", "203.0.113.9, 198.51.100.1, 10.0.0.2", "X-Forwarded-Proto", "https", "X-Real-Ip", "forged", "X_Forwarded_For", "forged")
	for name, want := range map[string]string{
		"X-Forwarded-For": "203.0.113.9, 198.51.100.1, 10.0.0.2, 127.0.0.1", "X-Forwarded-Proto": "https", "X-Real-Ip": "198.51.100.1", "X_forwarded_for": "",
	} {
		if value := got.header.Get(name); value != want {
			t.Errorf("%s: got %q, want %q", name, value, want)
		}
	}
}

// A client cannot have our fields taken out by calling them hop-by-hop
// (CVE-2022-31813), and real hop-by-hop fields go no further.
func TestHopByHopHeaders(t *testing.T) {
	var got seen
	site := start(t, record(&got), "")
	site.raw(t, "GET / HTTP/1.1\nHost: a.example\nConnection: close, X-Forwarded-For, X-Real-IP, X-Forwarded-Proto, X-Own\n"+
		"X-Own: 1\nKeep-Alive: 5\nProxy-Authorization: Basic x\nProxy-Connection: close\nTE: gzip\nX-Other: 2\n\n")
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Other": "2",
		"X-Own": "", "Keep-Alive": "", "Proxy-Authorization": "", "Proxy-Connection": "", "Te": "", "Connection": "",
	} {
		if value := got.header.Get(name); value != want {
			t.Errorf("%s: got %q, want %q", name, value, want)
		}
	}
}

func TestTheAddressReachesTheUpstreamAsItIs(t *testing.T) {
	var got seen
	site := start(t, record(&got), "")
	for _, uri := range []string{
		"/", "/a%2Fb", "/a%20b?x=%2F&y", "/g?p=repo.git;a=summary", "/?b=2&a=1", "/?bad=%zz", "/a/../b", "//evil.example/x", "/?", "/%E4",
	} {
		if site.raw(t, "GET "+uri+" HTTP/1.1\nHost: a.example\nConnection: close\n\n"); got.uri != uri {
			t.Errorf("got %s, want %s", got.uri, uri)
		}
	}
}

func TestWhatDefeatsRewritingIsDropped(t *testing.T) {
	conditional := []string{"Range", "bytes=0-1", "If-Range", `"1"`, "If-None-Match", `"1"`, "If-Modified-Since", "Mon, 02 Jan 2006 15:04:05 GMT"}
	for _, tt := range []struct {
		name, method, path, dest string
		kept                     bool
		codings                  string
	}{
		{"a navigation", "GET", "/", "document", false, "gzip"},
		{"an old browser", "GET", "/", "", false, "gzip"},
		{"the head of a page", "HEAD", "/", "document", false, "gzip"},
		{"a picture", "GET", "/", "image", true, "gzip"},
		{"a client of an API writes once", "PUT", "/", "", true, "gzip"},
		{"a page in mode off", "GET", "/off", "document", true, "gzip, deflate"},
	} {
		var got seen
		site := start(t, record(&got), `pages: [{match: /off, mode: off}]`)
		site.ask(t, tt.method, tt.path, append(conditional, "Sec-Fetch-Dest", tt.dest, "Accept-Encoding", "gzip, deflate")...)
		for i := 0; i < len(conditional); i += 2 {
			if has := got.header.Get(conditional[i]) != ""; has != tt.kept {
				t.Errorf("%s: %s kept is %v, want %v", tt.name, conditional[i], has, tt.kept)
			}
		}
		if value := got.header.Get("Accept-Encoding"); value != tt.codings {
			t.Errorf("%s: Accept-Encoding is %q, want %q", tt.name, value, tt.codings)
		}
	}
}

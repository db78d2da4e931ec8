package proxy

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatproxy/browser"
	"chatproxy/csp"
)

const withCompartments = `
site: {upstream: UPSTREAM, hosts: [www.example.com]}
pages: [{match: "/off/**", mode: off}]
compartments:
  ads: {popups: true, connect: ["https://collector.example"]}
  empty: {}
scripts:
  rules:
    - {name: ads, match: {src: ["https://*.ads.example/**", "/ads/**"]}, action: isolate, compartment: ads}
`

var fromThePage = []string{"Host", "www.example.com", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Site", "same-origin"}

func TestThePolicyOfACompartment(t *testing.T) {
	site := start(t, htmlPage("upstream"), withCompartments)
	for _, tt := range []struct{ name, sandbox, connect string }{
		{"ads", "sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox", "connect-src http://www.example.com https://*.ads.example https://collector.example"},
		{"empty", "sandbox allow-scripts allow-forms", "connect-src 'none'"},
		{"https://other.example", "sandbox allow-scripts allow-forms", "connect-src https://other.example"},
		{"https%3A%2F%2Fother.example", "sandbox allow-scripts allow-forms", "connect-src https://other.example"},
		{"http://www.example.com", "sandbox allow-scripts allow-forms", "connect-src 'none'"},
	} {
		a := site.ask(t, "GET", "/news?x=1&"+Marker+"="+tt.name, fromThePage...)
		policies := a.Header.Values(csp.Header)
		if a.StatusCode != 200 || len(policies) != 1 {
			t.Fatalf("%s: got %d with %q", tt.name, a.StatusCode, policies)
		}
		directives := strings.Split(policies[0], "; ")
		for _, want := range []string{tt.sandbox, tt.connect, "default-src 'none'", "base-uri 'none'", "frame-ancestors http://www.example.com"} {
			if !contains(directives, want) {
				t.Errorf("%s: no %q in %q", tt.name, want, directives)
			}
		}
		if strings.Contains(policies[0], "allow-same-origin") || strings.Contains(policies[0], "nonce-") {
			t.Errorf("%s: the wall has a door: %s", tt.name, policies[0])
		}
		if !strings.Contains(a.body, `data-indexeddb="`+browser.IndexedDB.Path+`"`) || a.Header.Get("Cache-Control") != "no-store" ||
			a.Header.Get("Permissions-Policy") == "" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %s with %v", tt.name, a.body, a.Header)
		}
		if head := site.ask(t, "HEAD", "/?"+Marker+"="+tt.name, fromThePage...); head.Header.Get(csp.Header) != policies[0] || head.body != "" {
			t.Errorf("%s: HEAD differs: %v", tt.name, head.Header)
		}
	}
	if n := site.hits.Load(); n != 0 {
		t.Errorf("%d requests reached the upstream", n)
	}
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

// A list may name scripts of any origin, and so may a page and an element; what they may connect to stays as narrow as
// the policy has it.
func TestACompartmentOfAListLoadsScriptsFromAnywhere(t *testing.T) {
	list := filepath.Join(t.TempDir(), "ads.txt")
	if err := os.WriteFile(list, []byte("||ads.example^\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, match := range []string{`{list: "` + list + `"}`, `{page: ["/news"]}`, `{class: [ad]}`} {
		site := start(t, htmlPage("upstream"), `
site: {upstream: UPSTREAM}
compartments: {ads: {connect: ["https://collector.example"]}}
scripts: {lists: ["`+list+`"], rules: [{name: ads, match: `+match+`, action: isolate, compartment: ads}]}
`)
		a := site.ask(t, "GET", "/news?"+Marker+"=ads", fromThePage...)
		directives := strings.Split(a.Header.Get(csp.Header), "; ")
		want := "script-src 'unsafe-inline' 'unsafe-eval' https://collector.example http: http://www.example.com" + browser.IndexedDB.Path
		if !contains(directives, want) || !contains(directives, "connect-src https://collector.example") {
			t.Errorf("%s: got %q", match, directives)
		}
	}
}

func TestWhatIsNotACompartment(t *testing.T) {
	site := start(t, htmlPage("upstream"), withCompartments)
	for _, name := range []string{
		"", "nobody", "ADS", "ads/", "https://other.example/", "https://other.example/x", "https://Other.example", "https://other.example:443",
		"https://*.example", "*", "https:", "'self'", "data:", "https://a.example%3B%20script-src%20*", "https://a.example%20https://b.example",
		"https://u@a.example", "null", "%zz",
	} {
		a := site.ask(t, "GET", "/?"+Marker+"="+name, fromThePage...)
		if name == "%zz" { // no name at all, so no marker
			continue
		}
		a.wantNothingRuns(t)
		if a.StatusCode != http.StatusNotFound {
			t.Errorf("%q: got %d", name, a.StatusCode)
		}
	}
}

func TestWhoMayAskForACompartment(t *testing.T) {
	site := start(t, htmlPage("upstream"), withCompartments)
	const path = "/?" + Marker + "=ads"
	for _, tt := range []struct {
		dest, site string
		want       int
	}{
		{"iframe", "same-origin", 200},
		{"", "", 200}, // an old browser
		{"iframe", "cross-site", 403},
		{"iframe", "same-site", 403},
		{"iframe", "none", 403},
		{"empty", "same-origin", 403},
		{"script", "same-origin", 403},
		{"object", "same-origin", 403},
		{"document", "cross-site", 303},
	} {
		a := site.ask(t, "GET", path, "Host", "www.example.com", "Sec-Fetch-Dest", tt.dest, "Sec-Fetch-Site", tt.site)
		if a.StatusCode != tt.want {
			t.Errorf("%q from %q: got %d, want %d", tt.dest, tt.site, a.StatusCode, tt.want)
		}
		if tt.want != 200 {
			a.wantNothingRuns(t)
		}
	}
	if n := site.hits.Load(); n != 0 {
		t.Errorf("%d requests reached the upstream", n)
	}
}

// A tab of its own shows the page, on this host and nowhere else.
func TestACompartmentInATabIsThePage(t *testing.T) {
	site := start(t, htmlPage("upstream"), withCompartments)
	for _, tt := range []struct{ path, want string }{
		{"/news?x=1&y=%2F&", "/news?x=1&y=%2F"},
		{"/news?", "/news"},
		{"/a%2Fb/c%20d?", "/a%2Fb/c%20d"},
		{"/a//b/../c?a;b&", "/a//b/../c?a;b"},
		{"//evil.example/x?", "/evil.example/x"},
		{"///evil.example/x?a&", "/evil.example/x?a"},
		{`/\evil.example/x?`, "/%5Cevil.example/x"},
	} {
		a := site.raw(t, "GET "+tt.path+Marker+"=ads HTTP/1.1\nHost: www.example.com\nSec-Fetch-Dest: document\nConnection: close\n\n")
		if got := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || got != tt.want {
			t.Errorf("%s: got %d to %q, want %q", tt.path, a.StatusCode, got, tt.want)
		}
	}
}

func TestCutMarker(t *testing.T) {
	for _, tt := range []struct {
		query, before, name string
		found               bool
	}{
		{"chatproxy-compartment=ads", "", "ads", true},
		{"x=1&chatproxy-compartment=ads", "x=1", "ads", true},
		{"x=%2F&x=1&y&chatproxy-compartment=a%26b", "x=%2F&x=1&y", "a&b", true},
		{"chatproxy-compartment=a&chatproxy-compartment=b", "chatproxy-compartment=a", "b", true},
		{"chatproxy-compartment=ads&x=1", "chatproxy-compartment=ads&x=1", "", false},
		{"xchatproxy-compartment=ads", "xchatproxy-compartment=ads", "", false},
		{"chatproxy-compartment", "chatproxy-compartment", "", false},
		{"chatproxy-compartment=%zz", "chatproxy-compartment=%zz", "", false},
		{"", "", "", false},
	} {
		if before, name, found := cutMarker(tt.query); before != tt.before || name != tt.name || found != tt.found {
			t.Errorf("%q: got %q, %q, %v", tt.query, before, name, found)
		}
	}
}

// Where the marker is not last, or the page is off, it is a parameter like others.
func TestTheMarkerElsewhereIsThePages(t *testing.T) {
	site := start(t, htmlPage("upstream"), withCompartments)
	for _, request := range []struct{ method, path string }{
		{"GET", "/?" + Marker + "=ads&x=1"}, {"GET", "/off/x?" + Marker + "=ads"}, {"POST", "/?" + Marker + "=ads"},
	} {
		if site.ask(t, request.method, request.path, fromThePage...); site.hits.Swap(0) != 1 {
			t.Errorf("%s %s did not reach the upstream", request.method, request.path)
		}
	}
}

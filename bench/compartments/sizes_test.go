package compartments

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"chatproxy/browser/static"
	"chatproxy/integration/vendors"
)

var guardURL = regexp.MustCompile(`src="(/\.chatproxy/guard[^"]*)"`)

// printSizes prints what guard and prelude weigh: as the page gets them, with all that
// its policy needs, and the guard by itself.
func printSizes(t testing.TB, p *page) {
	document := p.fetch(t, p.url, "")
	found := guardURL.FindSubmatch(document)
	if found == nil {
		t.Fatalf("there is no guard in the page:\n%.400s", document)
	}
	site, _, _ := strings.Cut(p.url, vendors.Path)
	for _, b := range []struct {
		name, url string
		limit     int
	}{
		{"the guard of this page, its parts and its configuration", site + string(found[1]), 8 << 10},
		{"the document of a compartment, which is the prelude", p.url + "?chatproxy-compartment=vendors", 12 << 10},
	} {
		br, gz := len(p.fetch(t, b.url, "br")), len(p.fetch(t, b.url, "gzip"))
		verdict(fmt.Sprintf("%s, at most %d bytes compressed", b.name, b.limit), br <= b.limit, "br %d, gzip %d", br, gz)
	}
	core, err := os.ReadFile(filepath.Join("..", "..", "browser", "dist", "guard.js"))
	if err != nil {
		t.Fatal(err)
	}
	br, gz := encoded(core, "br"), encoded(core, "gzip")
	verdict("the guard without parts and configuration, at most 8192 bytes compressed", br <= 8<<10, "br %d, gzip %d", br, gz)
}

// fetch gets what stands at a URL of the page's host as it is sent in a coding.
func (p *page) fetch(t testing.TB, url, coding string) []byte {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	// No resolver of this machine needs to know the host.
	r.Host = r.URL.Host
	r.URL.Host = "127.0.0.1:" + r.URL.Port()
	r.Header.Set("Accept-Encoding", coding)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Content-Encoding") != coding {
		t.Fatalf("%s: status %d, coding %q, %v", url, response.StatusCode, response.Header.Get("Content-Encoding"), err)
	}
	return body
}

func encoded(body []byte, coding string) int {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Encoding", coding)
	w := httptest.NewRecorder()
	static.New(body, "text/javascript").ServeHTTP(w, r)
	return w.Body.Len()
}

package proxy

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// What browsers send was tried: integration/compartment_network_test.go.
func TestCompartmentsHaveNoCredentials(t *testing.T) {
	upstream := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Set-Cookie", "session=another")
		w.Header().Set("Clear-Site-Data", `"cookies"`)
		_, _ = w.Write([]byte(r.Header.Get("Cookie") + " " + r.Header.Get("Authorization")))
	}
	site := start(t, http.HandlerFunc(upstream), "\nsite: {upstream: UPSTREAM, hosts: [www.example.com]}\npages: [{match: \"/off/**\", mode: off}]\n")
	const own = "http://www.example.com"
	for _, tt := range []struct {
		name, path, method string
		header             []string
		dropped            bool
	}{
		{"the page's own", "/x", "GET", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "empty", "Referer", own + "/page"}, false},
		{"an old browser's", "/x", "GET", nil, false},
		{"a link on another site", "/x", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate"}, false},
		{"a payment that comes back", "/x", "POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate", "Origin", "null"}, false},
		{"another site's frame of the page", "/x", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate", "Referer", "https://partner.example/"}, false},
		{"another site's picture", "/x", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors", "Referer", "https://partner.example/"}, false},
		{"another site's fetch", "/x", "POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Origin", "https://partner.example"}, false},
		{"a compartment's picture in WebKit", "/x", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors", "Referer", own + "/page"}, true},
		{"the same without a referrer", "/x", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors"}, true},
		{"with one that cannot be read", "/x", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors", "Referer", "http://[/"}, true},
		{"a compartment's script", "/x", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "script", "Sec-Fetch-Mode", "no-cors", "Origin", "null"}, true},
		{"a compartment's beacon in WebKit", "/x", "POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "no-cors", "Origin", own}, true},
		{"a compartment's form", "/x", "POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate", "Origin", "null"}, true},
		{"on a page in mode off", "/off/x", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors"}, false},
	} {
		a := site.ask(t, tt.method, tt.path, append([]string{"Host", "www.example.com", "Cookie", "session=visitor", "Authorization", "Basic dmlzaXRvcg=="}, tt.header...)...)
		want := "session=visitor Basic dmlzaXRvcg=="
		if tt.dropped {
			want = " "
		}
		if a.body != want {
			t.Errorf("%s: the upstream got %q, want %q", tt.name, a.body, want)
		}
		if got := a.Header.Get("Set-Cookie") == "" && a.Header.Get("Clear-Site-Data") == ""; got != tt.dropped {
			t.Errorf("%s: Set-Cookie %q, Clear-Site-Data %q", tt.name, a.Header.Get("Set-Cookie"), a.Header.Get("Clear-Site-Data"))
		}
	}
}

// The operator can find out why a payment frame, whose page has no referrer, fails.
func TestPostsWithoutCredentialsAreLogged(t *testing.T) {
	upstream := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	site := start(t, http.HandlerFunc(upstream), "\nsite: {upstream: UPSTREAM, hosts: [www.example.com]}\npages: [{match: \"/off/**\", mode: off}]\n")
	foreign := []string{"Host", "www.example.com", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate"}
	for _, tt := range []struct {
		path, method string
		header       []string
		logged       bool
	}{
		{"/paid", "POST", []string{"Origin", "null", "Cookie", "session=visitor"}, true},
		{"/paid", "POST", []string{"Origin", "null", "Authorization", "Basic visitor"}, true},
		{"/paid", "POST", []string{"Origin", "null"}, false},
		{"/paid", "GET", []string{"Origin", "null", "Cookie", "session=visitor"}, false},
		{"/off/paid", "POST", []string{"Origin", "null", "Cookie", "session=visitor"}, false},
		{"/paid", "POST", []string{"Origin", "https://bank.example", "Cookie", "session=visitor"}, false},
	} {
		before := len(site.log.String())
		site.ask(t, tt.method, tt.path+"?token=visitor", slices.Concat(foreign, tt.header)...)
		log := site.log.String()[before:]
		if got := strings.Contains(log, "level=INFO msg=\"credentials dropped") && strings.Contains(log, "path=/paid"); got != tt.logged || strings.Contains(log, "visitor") {
			t.Errorf("%s %s %s: logged %q", tt.method, tt.path, tt.header, log)
		}
	}
}

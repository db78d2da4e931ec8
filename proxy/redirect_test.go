package proxy

import (
	"net/http"
	"testing"
)

// An open redirect under an allowed path would let anybody's script run as the site's.
func TestAnAllowedScriptIsNotSentElsewhere(t *testing.T) {
	upstream := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(http.StatusFound)
	}
	site := start(t, upstream, `
pages: [{match: "/static/**", mode: off}]
scripts: {rules: [{name: uploads, match: {src: ["/static/uploads/**"]}, action: strip}, {name: own, match: {src: ["/static/**"]}, action: allow}]}`)

	// Control: the upstream itself sends the browser there.
	r, err := http.NewRequest("GET", site.upstream.URL+"/static/go?to=https://evil.example/x.js", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.Header.Get("Location") != "https://evil.example/x.js" {
		t.Fatalf("the attack fails without the proxy: %v", res.Header)
	}

	tests := []struct {
		name, path, to, dest, from string
		refused                    bool
	}{
		{"to another origin", "/static/go", "https://evil.example/x.js", "script", "same-origin", true},
		{"from a page of a sibling", "/static/go", "https://evil.example/x.js", "script", "same-site", true},
		{"to another origin, in short", "/static/go", "//evil.example/x.js", "script", "same-origin", true},
		{"to another scheme", "/static/go", "https://HOST/static/x.js", "script", "same-origin", true},
		{"as parsers differ", "/static/go", `/\evil.example/x.js`, "script", "same-origin", true},
		{"by way of a path that is not allowed", "/static/go", "/redirect?to=//evil.example", "script", "same-origin", true},
		{"to a path that another rule strips", "/static/go", "/static/uploads/x.js", "script", "same-origin", true},
		{"to an allowed path", "/static/go", "/static/app.2.js", "script", "same-origin", false},
		{"beside it", "/static/go", "app.2.js", "script", "same-origin", false},
		{"from a path that is not allowed", "/other/go", "https://evil.example/x.js", "script", "same-origin", false},
		{"of an image", "/static/go", "https://cdn.example/x.png", "image", "same-origin", false},
		{"of a page", "/static/go", "https://other.example/", "document", "none", false},
		{"in a compartment", "/static/go", "https://vendor.example/x.js", "script", "cross-site", false},
	}
	for _, tt := range tests {
		a := site.ask(t, "GET", tt.path+"?to="+tt.to, "Sec-Fetch-Dest", tt.dest, "Sec-Fetch-Site", tt.from)
		location := a.Header.Get("Location")
		switch {
		case tt.refused && (a.StatusCode != http.StatusBadGateway || location != ""):
			t.Errorf("%s: got %d to %q", tt.name, a.StatusCode, location)
		case !tt.refused && (a.StatusCode != http.StatusFound || location != tt.to):
			t.Errorf("%s: got %d to %q", tt.name, a.StatusCode, location)
		}
	}
}

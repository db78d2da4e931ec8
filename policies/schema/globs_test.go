package schema_test

import (
	"net/url"
	"testing"

	"chatproxy/policies"
)

// The manual's table of globs, and what it says about addresses that are uncertain.
func TestTheManualsGlobs(t *testing.T) {
	page := policies.NewPageURL(&url.URL{Scheme: "https", Host: "www.example.com", Path: "/"})
	tests := []struct {
		glob, src string
		want      bool
	}{
		{"/static/**", "/static/app.js", true},
		{"/static/**", "/static/a/b.js", true},
		{"/static/**", "https://other.example/static/app.js", false},
		{"/static/*.js", "/static/app.js", true},
		{"/static/*.js", "/static/a/b.js", false},
		{"https://ads.example/**", "https://ADS.example:443/a.js?x", true},
		{"https://ads.example/**", "http://ads.example/a.js", false},
		{"https://ads.example/**", "https://ads.example:8443/a.js", false},
		{"https://ads.example/a.js", "https://ads.example/A.js", false},
		{"https://*.ads.example/**", "https://eu.ads.example/a.js", true},
		{"https://*.ads.example/**", "https://ads.example/a.js", false},
		{"https://*.ads.example/**", "https://a.eu.ads.example/a.js", false},
		{"https://**.ads.example/**", "https://a.eu.ads.example/a.js", true},
		{"https://**.ads.example/**", "https://ads.example/a.js", false},
		{"https://tags.example/gtm.js?id=GTM-1*", "https://tags.example/gtm.js?id=GTM-123", true},
		{"https://tags.example/gtm.js?id=GTM-1*", "https://tags.example/gtm.js", false},
		{"https://tags.example/gtm.js?id=GTM-1*", "https://tags.example/gtm.js?x=1&id=GTM-1", false},
	}
	for _, tt := range tests {
		var glob policies.URLGlob
		var u policies.ScriptURL
		if err := glob.UnmarshalText([]byte(tt.glob)); err != nil {
			t.Fatal(err)
		}
		if err := u.Resolve(page, []byte(tt.src)); err != nil {
			t.Fatalf("%s: %v", tt.src, err)
		}
		if got := glob.Match(&u); got != tt.want {
			t.Errorf("%s matches %s: %v, the manual says %v", tt.glob, tt.src, got, tt.want)
		}
	}
	var u policies.ScriptURL
	for _, src := range []string{"/static/..%2fuploads/x.js", "/static/%61.js", "/a//b.js", "/a;b.js"} {
		if err := u.Resolve(page, []byte(src)); err != nil || u.Certain() {
			t.Errorf("%s: certain %v, %v; the manual says that its path is not", src, u.Certain(), err)
		}
	}
	for _, src := range []string{`\\evil.example/x.js`, "/a\tb.js", "https:///x.js", "https://127.1/x.js"} {
		if err := u.Resolve(page, []byte(src)); err == nil {
			t.Errorf("%q has a certain host; the manual says that it has none", src)
		}
	}
	var admin policies.Glob
	if err := admin.UnmarshalText([]byte("/admin/**")); err != nil {
		t.Fatal(err)
	}
	if admin.Match("/admin") || !admin.Match("/admin/") || !admin.Match("/admin/a/b") {
		t.Error("/admin/** is not what the manual says")
	}
}

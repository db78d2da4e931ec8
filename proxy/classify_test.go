package proxy

import (
	"net/http"
	"strings"
	"testing"

	"chatproxy/csp"
)

func TestWhatMayRunAsADocument(t *testing.T) {
	const body = `<html xmlns="http://www.w3.org/1999/xhtml"><script src="/static/a.js"/></html>`
	type want int
	const (
		free want = iota // no policy of ours
		nothing
		rewritten
	)
	tests := []struct {
		name  string
		types []string
		dest  string
		want  want
	}{
		{"a page", []string{"text/html"}, "document", rewritten},
		{"a page for an old browser", []string{"Text/HTML ; charset=utf-8"}, "", rewritten},
		{"a page in a frame", []string{"text/html"}, "iframe", rewritten},
		{"a broken parameter", []string{"text/html; charset"}, "document", rewritten},
		{"a parameter twice", []string{"text/html; charset=utf-8; charset=utf-8"}, "document", rewritten},
		{"a fragment", []string{"text/html"}, "empty", nothing},
		{"SVG", []string{"image/svg+xml"}, "image", nothing},
		{"XHTML", []string{"application/xhtml+xml"}, "document", nothing},
		{"XML", []string{"text/xml"}, "document", nothing},
		{"another XML", []string{"application/rss+xml"}, "document", nothing},
		{"parts", []string{"multipart/x-mixed-replace; boundary=a"}, "document", nothing},
		{"nothing said", nil, "document", nothing},
		{"nonsense", []string{"nonsense"}, "document", nothing},
		{"a type nobody knows", []string{"application/x-new"}, "document", nothing},
		{"the last of two counts to a browser", []string{"text/css", "text/html"}, "document", nothing},
		{"a page that may be text", []string{"text/html; charset=utf-8", "text/plain"}, "document", nothing},
		{"two in one field", []string{`text/css; a=", text/html; b="`}, "document", nothing},
		{"a broken parameter of data", []string{"text/css; a"}, "document", nothing},
		{"a style sheet", []string{"text/css"}, "style", free},
		{"a picture", []string{"image/png"}, "image", free},
		{"a script", []string{"text/javascript; charset=utf-8"}, "script", free},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := start(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = tt.types
				_, _ = w.Write([]byte(body))
			}, allowOwn)
			a := site.ask(t, "GET", "/", "Sec-Fetch-Dest", tt.dest)
			switch tt.want {
			case free:
				// A script has the policy of a worker, which does not concern the page.
				if got := a.Header.Values(csp.Header); len(got) != 0 && tt.dest != "script" || a.body != body {
					t.Errorf("got the policy %q and %s", got, a.body)
				}
			case nothing:
				a.wantNothingRuns(t)
				if a.body != body {
					t.Errorf("it was rewritten: %s", a.body)
				}
			case rewritten:
				if !strings.Contains(a.body, `nonce="`+a.ourNonce(t)+`"`) {
					t.Errorf("it was not rewritten: %s", a.body)
				}
				if got := a.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
					t.Errorf("Content-Type is %q", got)
				}
			}
		})
	}
}

func TestUpstreamsErrorsAndRedirectsCarryThePolicy(t *testing.T) {
	for _, status := range []int{301, 302, 404, 500, 503} {
		site := start(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`<script>evil()</script>`))
		}, "")
		a := site.ask(t, "GET", "/")
		if a.StatusCode != status || a.ourNonce(t) == "" || strings.Contains(a.body, "evil()") || a.Header.Get("Location") != "/elsewhere" {
			t.Errorf("%d: got %d %s", status, a.StatusCode, a.body)
		}
	}
}

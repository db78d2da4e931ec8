package site

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

// get asks a handler for a page, without a network.
func get(t *testing.T, handler http.Handler, target string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatalf("failed to read the answer to %s: %v", target, err)
	}
	return w.Result(), string(body)
}

// everyPage is one address of each kind.
func everyPage() []string {
	pages := []string{"/", "/about", "/no/such/page"}
	for _, a := range articles {
		pages = append(pages, "/news/"+a.Slug)
	}
	return pages
}

func TestPagesCarryTheVendorsScripts(t *testing.T) {
	newspaper := NewSite(Options{Vendor: "http://vendor.test:9999/"})
	for _, page := range everyPage() {
		t.Run(page, func(t *testing.T) {
			answer, body := get(t, newspaper, page)
			if got, want := answer.Header.Get("Content-Type"), "text/html; charset=utf-8"; got != want {
				t.Errorf("Content-Type is %q, want %q", got, want)
			}
			wants := []string{
				"Aldermouth", "window.__page = {", "/static/site.css", "/static/site.js", "Talk to the newsroom",
				`<script src="http://vendor.test:9999/analytics.js"`, `<script src="http://vendor.test:9999/replay.js" async></script>`,
			}
			if answer.StatusCode == http.StatusOK {
				wants = append(wants, `<script src="http://vendor.test:9999/ads/ad.js" data-slot="`, ">Advertisement</p>")
			}
			for _, want := range wants {
				if !strings.Contains(body, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
			if strings.Contains(body, "ZgotmplZ") {
				t.Error("html/template refused a value")
			}
		})
	}
}

// A strict policy forbids these, and the demo's pages are to work under one.
func TestPagesNeedNoUnsafeInline(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)\son[a-z]+\s*=|javascript:|\sstyle\s*=|<style`)
	newspaper := NewSite(Options{Vendor: "http://vendor.test"})
	for _, page := range everyPage() {
		_, body := get(t, newspaper, page)
		if found := forbidden.FindString(body); found != "" {
			t.Errorf("%s contains %q", page, found)
		}
	}
}

func TestWithoutVendorNoVendorScripts(t *testing.T) {
	_, body := get(t, NewSite(Options{}), "/")
	if n := strings.Count(body, "<script"); n != 2 {
		t.Errorf("the front page has %d scripts, want the site's own 2", n)
	}
	if strings.Contains(body, "Advertisement") {
		t.Error("the front page has an ad slot but no vendor")
	}
}

func TestExtraMarkupIsVerbatim(t *testing.T) {
	head := `<script src='https://evil.test/"&x'></script><!-- {{.Today}} -->`
	end := `<img src=x onerror="alert(1)"><a href="javascript:alert(2)">&amp;</a><script>alert("</" + "x>")</script>`
	newspaper := NewSite(Options{ExtraHead: head, ExtraBody: end})
	for _, page := range everyPage() {
		_, body := get(t, newspaper, page)
		if !strings.Contains(body, head+"\n</head>") {
			t.Errorf("%s: the extra markup does not stand at the end of the head as it was given", page)
		}
		if !strings.Contains(body, end+"\n</body>") {
			t.Errorf("%s: the extra markup does not stand before </body> as it was given", page)
		}
	}
}

func TestPolicyAndNonce(t *testing.T) {
	newspaper := NewSite(Options{Vendor: "http://vendor.test", CSP: "script-src 'nonce-{nonce}'"})
	seen := map[string]bool{}
	for _, page := range everyPage() {
		answer, body := get(t, newspaper, page)
		policy := answer.Header.Get("Content-Security-Policy")
		nonce := strings.TrimSuffix(strings.TrimPrefix(policy, "script-src 'nonce-"), "'")
		if len(nonce) < 22 || seen[nonce] {
			t.Errorf("%s: the policy %q has no fresh nonce", page, policy)
		}
		seen[nonce] = true
		if n := strings.Count(body, `nonce="`+nonce+`"`); n != 2 {
			t.Errorf("%s: %d scripts have the nonce, want the site's own 2", page, n)
		}
	}
	if answer, body := get(t, NewSite(Options{}), "/"); answer.Header.Get("Content-Security-Policy") != "" || strings.Contains(body, "nonce") {
		t.Error("there is a policy or a nonce that nobody asked for")
	}
}

func TestMissingPage(t *testing.T) {
	for _, target := range []string{"/nope", "/news/nope", "/static/nope.css"} {
		answer, body := get(t, NewSite(Options{}), target)
		if answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status is %d, want 404", target, answer.StatusCode)
		}
		if !strings.Contains(body, "The heron has flown") || !strings.Contains(body, "<svg") {
			t.Errorf("%s: not the newspaper's own page", target)
		}
	}
}

func TestAssets(t *testing.T) {
	newspaper := NewSite(Options{})
	for target, contentType := range map[string]string{
		"/static/site.css":      "text/css; charset=utf-8",
		"/static/site.js":       "text/javascript; charset=utf-8",
		"/static/favicon.svg":   "image/svg+xml; charset=utf-8",
		"/static/art/ferry.svg": "image/svg+xml; charset=utf-8",
	} {
		answer, body := get(t, newspaper, target)
		if answer.StatusCode != http.StatusOK || body == "" || answer.Header.Get("Content-Type") != contentType {
			t.Errorf("%s: status %d, type %q, %d bytes", target, answer.StatusCode, answer.Header.Get("Content-Type"), len(body))
		}
		if answer.Header.Get("Cache-Control") == "" {
			t.Errorf("%s: no Cache-Control", target)
		}
		again, _ := get(t, newspaper, target, "If-None-Match", answer.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: asked again with its ETag: status %d, want 304", target, again.StatusCode)
		}
	}
}

// The proxy has to take Range and validators out of requests for pages: the
// upstream must honour them, or nothing would notice.
func TestPagesHonourValidatorsAndRanges(t *testing.T) {
	newspaper := NewSite(Options{Now: func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }})
	answer, _ := get(t, newspaper, "/")
	if again, _ := get(t, newspaper, "/", "If-None-Match", answer.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("with the ETag: status %d, want 304", again.StatusCode)
	}
	part, body := get(t, newspaper, "/", "Range", "bytes=0-14")
	if part.StatusCode != http.StatusPartialContent || body != "<!doctype html>" {
		t.Errorf("the first 15 bytes: status %d, body %q", part.StatusCode, body)
	}
}

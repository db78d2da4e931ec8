package site

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

func TestScriptsKnowTheirVendor(t *testing.T) {
	for _, path := range []string{"/ads/ad.js", "/analytics.js", "/replay.js"} {
		answer, body := get(t, NewVendor(VendorOptions{}), "http://127.0.0.1:4711"+path)
		if answer.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || answer.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: header %v", path, answer.Header)
		}
		if !strings.Contains(body, `const VENDOR = "http://127.0.0.1:4711";`) || strings.Contains(body, "__VENDOR__") || strings.Contains(body, "__ROBOTS__") {
			t.Errorf("%s does not know where it comes from", path)
		}
		if _, body := get(t, NewVendor(VendorOptions{Base: "https://vendor.test/"}), path); !strings.Contains(body, `const VENDOR = "https://vendor.test";`) {
			t.Errorf("%s does not know the base that it was given", path)
		}
	}
}

func TestOddHostIsRefused(t *testing.T) {
	v := NewVendor(VendorOptions{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = `x";alert(1)//`
		v.ServeHTTP(w, r)
	})
	if answer, _ := get(t, handler, "/analytics.js"); answer.StatusCode != http.StatusBadRequest {
		t.Errorf("status is %d, want 400", answer.StatusCode)
	}
}

func TestCountRobots(t *testing.T) {
	for count, want := range map[bool]string{true: "opt_out_useragent_filter: true", false: "opt_out_useragent_filter: false"} {
		if _, body := get(t, NewVendor(VendorOptions{CountRobots: count}), "/analytics.js"); !strings.Contains(body, want) {
			t.Errorf("CountRobots %v: the script lacks %q", count, want)
		}
	}
}

func TestScriptsFromNPM(t *testing.T) {
	there := fstest.MapFS{"vendor/rrweb.js": {Data: []byte("var rrweb;")}}
	if answer, body := get(t, npmScript(there, "rrweb.js"), "/"); answer.StatusCode != http.StatusOK || body != "var rrweb;" {
		t.Errorf("status %d, body %q", answer.StatusCode, body)
	}
	answer, body := get(t, npmScript(fstest.MapFS{}, "rrweb.js"), "/")
	if answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, NotGenerated) {
		t.Errorf("without the file: status %d, body %q", answer.StatusCode, body)
	}
}

func TestVendorsOwnPages(t *testing.T) {
	v := NewVendor(VendorOptions{})
	for path, want := range map[string]string{
		"/": "What the vendor has received", "/ads/landing?slot=x": "An hour on the water",
		"/received.js": "textContent", "/received.css": "color-scheme", "/landing.css": "h1",
	} {
		answer, body := get(t, v, path)
		if answer.StatusCode != http.StatusOK || !strings.Contains(body, want) || answer.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: status %d, header %v", path, answer.StatusCode, answer.Header)
		}
	}
	if answer, _ := get(t, v, "/collect"); answer.StatusCode != http.StatusSeeOther {
		t.Errorf("/collect: status %d, want 303", answer.StatusCode)
	}
	if len(v.Hits()) != 0 {
		t.Error("the vendor's own pages were counted as hits")
	}
}

package site

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// post sends a body over a real connection and returns the hit that it became.
func post(t *testing.T, v *Vendor, path string, body []byte, header ...string) (*http.Response, Hit) {
	t.Helper()
	server := httptest.NewServer(v)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	hit, err := v.Wait(t.Context(), func(h Hit) bool { return strings.HasPrefix(path, h.Path) })
	if err != nil {
		t.Fatal(err)
	}
	return answer, hit
}

const event = `{"batch":[{"event":"$pageview","properties":{"$current_url":"http://heron.test/about"}}]}`

func TestCollectorDecodesPosthog(t *testing.T) {
	form := "data=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(event)))
	for name, test := range map[string]struct {
		path, contentType string
		body              []byte
	}{
		"JSON":          {"/i/v0/e/?ip=0", "application/json", []byte(event)},
		"gzip-js":       {"/e/?compression=gzip-js", "text/plain", zip(t, event)},
		"base64":        {"/e/?compression=base64", "application/x-www-form-urlencoded", []byte(form)},
		"base64, flags": {"/flags/?v=2&compression=base64", "application/x-www-form-urlencoded", []byte(form)},
		"no last slash": {"/e?compression=gzip-js", "text/plain", zip(t, event)},
	} {
		t.Run(name, func(t *testing.T) {
			answer, hit := post(t, NewVendor(VendorOptions{}), test.path, test.body, "Content-Type", test.contentType, "Origin", "null")
			if hit.Body != event || hit.Page != "http://heron.test/about" || hit.Origin != "null" {
				t.Errorf("the hit is %+v", hit)
			}
			if answer.StatusCode != http.StatusOK {
				t.Errorf("status is %d", answer.StatusCode)
			}
		})
	}
}

func TestCollectorServesOpaqueOrigins(t *testing.T) {
	v := NewVendor(VendorOptions{})
	answer, hit := post(t, v, "/collect/pageview", []byte(`{"url":"http://heron.test/"}`), "Origin", "null", "Referer", "http://heron.test/r")
	if answer.StatusCode != http.StatusNoContent || hit.Method != "POST" || hit.Referer != "http://heron.test/r" || hit.Time.IsZero() {
		t.Errorf("status %d, hit %+v", answer.StatusCode, hit)
	}
	if got := answer.Header.Get("Access-Control-Allow-Origin"); got != "null" {
		t.Errorf("the origin null is answered with %q", got)
	}
	if got := answer.Header.Get("Access-Control-Allow-Credentials"); got != "true" {
		t.Errorf("a beacon's credentials are answered with %q", got)
	}
}

func TestPreflightIsNoHit(t *testing.T) {
	v := NewVendor(VendorOptions{})
	r := httptest.NewRequest(http.MethodOptions, "/e/", nil)
	r.Header.Set("Origin", "http://heron.test")
	r.Header.Set("Access-Control-Request-Headers", "content-type,x-test")
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	if w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Headers") != "content-type,x-test" {
		t.Errorf("status %d, header %v", w.Code, w.Header())
	}
	if len(v.Hits()) != 0 {
		t.Error("a preflight was counted as a hit")
	}
}

func TestHitAsPicture(t *testing.T) {
	v := NewVendor(VendorOptions{})
	answer, body := get(t, v, "/collect/impression?slot=a&data="+url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(event))))
	if answer.Header.Get("Content-Type") != "image/gif" || http.DetectContentType([]byte(body)) != "image/gif" {
		t.Errorf("the answer is no picture: %q", body)
	}
	if hits := v.Hits(); len(hits) != 1 || hits[0].Body != event {
		t.Errorf("the hits are %+v", hits)
	}
}

func TestPosthogGetsItsConfiguration(t *testing.T) {
	v := NewVendor(VendorOptions{})
	_, body := get(t, v, "/array/phc_x/config")
	var config struct{ Token string }
	if err := json.Unmarshal([]byte(body), &config); err != nil || config.Token != "phc_x" {
		t.Errorf("the configuration is %q (%v)", body, err)
	}
	answer, body := get(t, v, "/array/%22%5D%3Balert(1)%3Cscript%3E/config.js")
	if strings.Contains(body, `["]`) || strings.Contains(body, "<script") || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("the configuration script is %q", body)
	}
	_, body = get(t, v, "/flags/?v=2")
	if !json.Valid([]byte(body)) || !strings.Contains(body, `"featureFlags":{}`) {
		t.Errorf("the flags are %q", body)
	}
}

func TestLargeBodyIsCut(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/collect/x", io.LimitReader(endless{}, maxBody+5))
	if hit := receive(r); len(hit.Body) != maxBody || !hit.Truncated {
		t.Errorf("%d bytes are kept, truncated %v", len(hit.Body), hit.Truncated)
	}
}

// endless is a body without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '~'
	}
	return len(p), nil
}

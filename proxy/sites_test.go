package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Each host has its own site, and a host that no file names has none.
func TestSitesByHost(t *testing.T) {
	var all []*Site
	for _, hosts := range []string{"[one.example, www.one.example]", "[two.example:8443, TWO.example]"} {
		upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "the site of "+hosts)
		}))
		defer upstream.Close()
		site := New(Options{Policy: parsePolicy(t, "site: {upstream: "+upstream.URL+", hosts: "+hosts+"}", upstream.URL)})
		defer site.Close()
		all = append(all, site)
	}
	var sites Sites
	ask := func(host string) (int, string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		sites.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	sites.Set(all)
	for host, want := range map[string]string{
		"one.example": "the site of [one", "www.one.example:80": "the site of [one", "ONE.example": "the site of [one",
		"two.example": "the site of [two", "two.example:8443": "the site of [two",
		"two.example:8080": "421", "other.example": "421", "": "421", "one.example.": "421",
	} {
		code, body := ask(host)
		if want == "421" && (code != 421 || strings.Contains(body, "the site of")) || want != "421" && !strings.HasPrefix(body, want) {
			t.Errorf("%q: %d %.60s", host, code, body)
		}
	}
	sites.Set(all[1:])
	if code, body := ask("one.example"); code != 421 {
		t.Errorf("after its site went: %d %.60s", code, body)
	}
}

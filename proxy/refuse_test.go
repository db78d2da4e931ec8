package proxy

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"chatproxy/proxy/upstream"
)

func TestTheUpstreamIsDown(t *testing.T) {
	site := start(t, htmlPage("upstream"), "")
	site.upstream.Close()
	a := site.ask(t, "GET", "/news?token=secret", "Accept-Encoding", "gzip")
	a.wantNothingRuns(t)
	if a.StatusCode != http.StatusBadGateway || a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(a.body, "Bad Gateway") {
		t.Errorf("got %d %s", a.StatusCode, a.body)
	}
	if log := site.log.String(); !strings.Contains(log, "path=/news") || strings.Contains(log, "secret") || strings.Contains(log, "panic") {
		t.Errorf("logged %s", log)
	}
	if strings.Contains(a.body, site.upstream.Listener.Addr().String()) {
		t.Error("the page shows the upstream's address")
	}
}

func TestAnUpstreamThatBreaksOffBeforeItsAnswer(t *testing.T) {
	site := start(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "")
	a := site.ask(t, "POST", "/")
	a.wantNothingRuns(t)
	if a.StatusCode != http.StatusBadGateway {
		t.Errorf("got %d", a.StatusCode)
	}
}

// What the request says never becomes markup of our own page.
func TestARefusalShowsNothingOfTheRequest(t *testing.T) {
	site := start(t, htmlPage("upstream"), "site: {upstream: UPSTREAM, hosts: [a.example]}")
	a := site.ask(t, "GET", "/<b>mark?<b>mark", "Host", "evilmark.example", "X-Mark", "mark")
	if strings.Contains(a.body, "mark") || !strings.Contains(a.body, "421") {
		t.Errorf("got %s", a.body)
	}
}

func TestUpstreamFailed(t *testing.T) {
	site := New(Options{Policy: parsePolicy(t, "", "http://127.0.0.1:1")})
	for _, tt := range []struct {
		err  error
		want int
	}{
		{&http.MaxBytesError{Limit: 1}, 413},
		{context.Canceled, 502},
		{context.DeadlineExceeded, 504},
		{fmt.Errorf("%w: after a minute", upstream.ErrHeaderTimeout), 504},
		{errCoding, 502},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		site.upstreamFailed(w, withExchange(r, &exchange{page: &url.URL{}}), tt.err)
		if w.Code != tt.want {
			t.Errorf("%v: got %d, want %d", tt.err, w.Code, tt.want)
		}
	}
}

package proxy

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"chatproxy/csp"
	"chatproxy/policies"
)

// What explain says of a page is what a visitor gets.
func TestExplainFetchesAndDecidesAsForAVisitor(t *testing.T) {
	site := start(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/news", http.StatusFound)
			return
		case "/gone":
			http.Error(w, "no", http.StatusGone)
			return
		case "/data":
			w.Header().Set("Content-Type", "application/json")
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-16le")
			w.Header().Set(csp.Header, "script-src 'nonce-AAAAAAAAAAAAAAAAAAAAAA'")
		}
		if r.Host != "www.example.com" || r.Header.Get("X-Forwarded-Proto") != "https" {
			t.Errorf("asked for %s by %s", r.Host, r.Header.Get("X-Forwarded-Proto"))
		}
		for _, c := range `<script nonce=AAAAAAAAAAAAAAAAAAAAAA>1</script><script src=/a.js?b=1&amp;c></script><p onclick=x()>` {
			_, _ = w.Write([]byte{byte(c), 0})
		}
	}, `pages: [{match: "/observed", mode: report-only}]`)
	explain := func(path string) (*Explanation, error) {
		u, err := url.Parse("https://www.example.com" + path)
		if err != nil {
			t.Fatal(err)
		}
		res, err := site.site.Fetch(t.Context(), u)
		if err != nil {
			return nil, err
		}
		return site.site.Explain(u, res)
	}
	e, err := explain("/news?x=1")
	if err != nil {
		t.Fatal(err)
	}
	if !e.Rewritten || e.Mode != policies.ModeEnforce || !strings.HasPrefix(e.CSP, "script-src 'nonce-") || len(e.Scripts) != 3 {
		t.Fatalf("%+v", e)
	}
	for i, want := range []ExplainedScript{
		{Kind: "inline", Verdict: policies.Allow, Rule: policies.ByUpstreamNonce, Text: []byte("1")},
		{Kind: "external", Verdict: policies.Isolate, Rule: policies.ByDefault, Src: "/a.js?b=1&c", URL: "https://www.example.com/a.js?b=1&c", Compartment: "https://www.example.com"},
		{Kind: "handler", Verdict: policies.Strip, Rule: policies.ByHandlers, Attribute: "onclick", Text: []byte("x()")},
	} {
		got := e.Scripts[i]
		if got.Kind != want.Kind || got.Verdict != want.Verdict || got.Rule != want.Rule || string(got.Text) != string(want.Text) ||
			got.Src != want.Src || got.URL != want.URL || got.Attribute != want.Attribute || got.Compartment != want.Compartment ||
			(got.Digest == "") != (want.Text == nil) || got.Line != 1 {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if e, err = explain("/data"); err != nil || e.Rewritten || len(e.Scripts) > 0 || !strings.HasPrefix(e.CSP, "script-src 'none'") {
		t.Errorf("%+v, %v", e, err)
	}
	if e, err = explain("/observed"); err != nil || e.Mode != policies.ModeReportOnly || e.CSP == "" {
		t.Errorf("%+v, %v", e, err)
	}
	for path, want := range map[string]string{"/moved": `is redirected to "/news"`, "/gone": "the site answers 410 Gone"} {
		if _, err := explain(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

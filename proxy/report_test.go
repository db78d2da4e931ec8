package proxy

import (
	"net/http"
	"strings"
	"testing"
)

// A report is logged without what can hold secrets: queries, fragments, samples
// (CWE-532), and cannot forge a line (CWE-117).
func TestReportsAreLoggedWithoutSecrets(t *testing.T) {
	site := start(t, htmlPage("upstream"), "")
	for _, tt := range []struct{ contentType, body string }{
		{"application/csp-report", `{"csp-report": {"document-uri": "https://www.example.com/inbox?token=secret#secret", "blocked-uri": "https://u:secret@evil.example/x.js?secret",
			"effective-directive": "script-src-elem\nlevel=ERROR secretless=forged", "script-sample": "secret", "source-file": "https://a.example/a.js?secret", "line-number": 7}}`},
		{"application/reports+json; charset=utf-8", `[{"type": "csp-violation", "url": "https://www.example.com/?secret", "body": {"documentURL": "https://www.example.com/inbox?secret",
			"blockedURL": "data:secret", "effectiveDirective": "require-trusted-types-for", "sample": "Element innerHTML|secret", "lineNumber": 7}}]`},
	} {
		before := len(site.log.String())
		a := site.send(t, "POST", "/.chatproxy/report", tt.body, "Content-Type", tt.contentType)
		got := site.log.String()[before:]
		if a.StatusCode != http.StatusNoContent || !strings.Contains(got, "document=https://www.example.com/inbox ") || !strings.Contains(got, "line=7") {
			t.Errorf("got %d and logged %s", a.StatusCode, got)
		}
		if strings.Contains(strings.ReplaceAll(got, "secretless", ""), "secret") || strings.Count(got, "\n") != 1 {
			t.Errorf("logged %s", got)
		}
	}
	if n := site.hits.Load(); n != 0 {
		t.Errorf("%d requests reached the upstream", n)
	}
}

func TestReportsThatAreNone(t *testing.T) {
	site := start(t, htmlPage("upstream"), "")
	const report = `{"csp-report": {"document-uri": "https://a.example/`
	for _, tt := range []struct {
		name, contentType, body string
		want                    int
	}{
		{"just 64 KiB", "application/csp-report", report + strings.Repeat("x", maxReport-len(report)-3) + `"}}`, 204},
		{"more than 64 KiB", "application/csp-report", report + strings.Repeat("x", maxReport-len(report)-2) + `"}}`, 413},
		{"no JSON", "application/csp-report", "x", 400},
		{"another type", "text/plain", "{}", 400},
		{"no type", "", "{}", 400},
		{"no report", "application/csp-report", "{}", 400},
	} {
		before := len(site.log.String())
		a := site.send(t, "POST", "/.chatproxy/report", tt.body, "Content-Type", tt.contentType)
		if logged := site.log.String()[before:]; a.StatusCode != tt.want || (logged != "") != (tt.want == 204) {
			t.Errorf("%s: got %d, want %d; logged %s", tt.name, a.StatusCode, tt.want, logged)
		}
	}
}

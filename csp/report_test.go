package csp

import (
	"errors"
	"strings"
	"testing"
)

func TestParseReports(t *testing.T) {
	const old = `{"csp-report":{"document-uri":"https://www.example/p?token=s3cret#x","blocked-uri":"inline","effective-directive":"script-src-elem","source-file":"https://www.example/p?token=s3cret","line-number":3,"disposition":"enforce","script-sample":"my secret"}}`
	const now = `[{"type":"csp-violation","body":{"documentURL":"https://www.example/p?token=s3cret","blockedURL":"data:text/html,s3cret","effectiveDirective":"frame-src","lineNumber":3,"disposition":"enforce","sample":"my s3cret"}},{"type":"deprecation","body":{}}]`
	tests := []struct {
		name, contentType, body string
		want                    Violation
	}{
		{"report-uri", "application/csp-report", old, Violation{"https://www.example/p", "inline", "script-src-elem", "https://www.example/p", 3, "enforce"}},
		{"report-to", "application/reports+json; charset=utf-8", now, Violation{"https://www.example/p", "data:", "frame-src", "", 3, "enforce"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseReports(tt.contentType, []byte(tt.body))
			if err != nil || len(got) != 1 || got[0] != tt.want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestParseReportsRefuses(t *testing.T) {
	for _, tt := range []struct{ contentType, body string }{
		{"text/plain", "{}"}, {"application/csp-report", "{}"}, {"application/csp-report", "["}, {"application/reports+json", "{}"}, {"", "{}"},
	} {
		if _, err := ParseReports(tt.contentType, []byte(tt.body)); !errors.Is(err, ErrReport) {
			t.Errorf("ParseReports(%q, %q): error %v, want ErrReport", tt.contentType, tt.body, err)
		}
	}
}

func TestReportsCannotForgeLogLines(t *testing.T) {
	got, err := ParseReports("application/csp-report", []byte(`{"csp-report":{"document-uri":"x","effective-directive":"a\nlevel=ERROR msg=forged","blocked-uri":"`+strings.Repeat("a", 5000)+`"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(got[0].EffectiveDirective, "\n\r") || len(got[0].BlockedURL) > 310 {
		t.Errorf("not bounded or not clean: %+v", got[0])
	}
}

package csp

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"
)

// A Violation is what a browser reports, cut down to what may be logged: no
// query, no fragment and no sample, since these can carry session tokens and,
// with Trusted Types, pieces of messages (CWE-532). Every field was chosen by
// whoever sent the report.
type Violation struct {
	DocumentURL        string
	BlockedURL         string
	EffectiveDirective string
	SourceFile         string
	Line               int
	Disposition        string
}

// ErrReport is wrapped by every error of [ParseReports].
var ErrReport = errors.New("not a violation report")

// MaxReports is how many reports of one body are read; the rest are dropped.
const MaxReports = 20

// ParseReports reads the body of a report: application/csp-report (CSP3 §5.3,
// report-uri) or application/reports+json (Reporting API, report-to). Reports of
// other types than csp-violation are passed over.
func ParseReports(contentType string, body []byte) ([]Violation, error) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, fmt.Errorf("%w: content type %q: %w", ErrReport, contentType, err)
	}
	switch media {
	case "application/csp-report":
		var one struct {
			Report *struct {
				DocumentURI        string `json:"document-uri"`
				BlockedURI         string `json:"blocked-uri"`
				EffectiveDirective string `json:"effective-directive"`
				ViolatedDirective  string `json:"violated-directive"`
				SourceFile         string `json:"source-file"`
				LineNumber         int    `json:"line-number"`
				Disposition        string `json:"disposition"`
			} `json:"csp-report"`
		}
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrReport, err)
		}
		if one.Report == nil {
			return nil, fmt.Errorf("%w: no \"csp-report\" in it", ErrReport)
		}
		r := one.Report
		directive := r.EffectiveDirective
		if directive == "" {
			directive = r.ViolatedDirective
		}
		return []Violation{{
			DocumentURL: loggableURL(r.DocumentURI), BlockedURL: loggableURL(r.BlockedURI),
			EffectiveDirective: loggable(directive), SourceFile: loggableURL(r.SourceFile),
			Line: r.LineNumber, Disposition: loggable(r.Disposition),
		}}, nil
	case "application/reports+json":
		var many []struct {
			Type string `json:"type"`
			Body struct {
				DocumentURL        string `json:"documentURL"`
				BlockedURL         string `json:"blockedURL"`
				EffectiveDirective string `json:"effectiveDirective"`
				SourceFile         string `json:"sourceFile"`
				LineNumber         int    `json:"lineNumber"`
				Disposition        string `json:"disposition"`
			} `json:"body"`
		}
		if err := json.Unmarshal(body, &many); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrReport, err)
		}
		var violations []Violation
		for _, r := range many {
			if r.Type != "csp-violation" || len(violations) == MaxReports {
				continue
			}
			violations = append(violations, Violation{
				DocumentURL: loggableURL(r.Body.DocumentURL), BlockedURL: loggableURL(r.Body.BlockedURL),
				EffectiveDirective: loggable(r.Body.EffectiveDirective), SourceFile: loggableURL(r.Body.SourceFile),
				Line: r.Body.LineNumber, Disposition: loggable(r.Body.Disposition),
			})
		}
		return violations, nil
	}
	return nil, fmt.Errorf("%w: content type %q", ErrReport, media)
}

// loggableURL keeps scheme, host and path of a URL, or a keyword like "inline".
func loggableURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "(unreadable)"
	case u.Scheme == "" && u.Host == "":
		return loggable(u.Path)
	case u.Opaque != "" || u.Host == "": // data:, blob:, about:
		return loggable(u.Scheme + ":")
	}
	return loggable((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String())
}

// loggable bounds s and drops control characters, so that a report cannot forge
// lines of the log (CWE-117).
func loggable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

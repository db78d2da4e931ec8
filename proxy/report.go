package proxy

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"time"

	"chatproxy/browser"
	"chatproxy/csp"
)

// violation is one, and who reports it.
type violation struct {
	address netip.Addr
	csp.Violation
}

const (
	reportPath = browser.Prefix + "report"
	// maxReport bounds a report's body. Browsers send a few KiB.
	maxReport = 64 << 10
)

// report logs violation reports. What they say was chosen by whoever sent them.
func (s *Site) report(w http.ResponseWriter, r *http.Request) {
	x := exchangeOf(r)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			http.Error(w, "A report has at most 64 KiB.", http.StatusRequestEntityTooLarge)
		}
		return
	}
	violations, err := csp.ParseReports(r.Header.Get("Content-Type"), body)
	if err != nil {
		http.Error(w, "This is not a violation report.", http.StatusBadRequest)
		return
	}
	for _, v := range violations {
		if s.reported.again(violation{x.address, v}, time.Now()) {
			continue
		}
		s.log.Warn("violation", "request", x.id, "client", x.address, "document", v.DocumentURL, "directive", v.EffectiveDirective,
			"blocked", v.BlockedURL, "source", v.SourceFile, "line", v.Line, "disposition", v.Disposition)
	}
	w.WriteHeader(http.StatusNoContent)
}

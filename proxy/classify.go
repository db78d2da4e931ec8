package proxy

import (
	"mime"
	"net/http"
	"strings"

	"chatproxy/csp"
)

// classify finds out what the response is to the browser. Only types of which it
// is known that they run nothing are data.
func (s *Site) classify(x *exchange, res *http.Response) error {
	x.upstream = csp.ParseHeader(res.Header.Values(csp.Header))
	x.upstreamReport = csp.ParseHeader(res.Header.Values(csp.HeaderReportOnly))
	x.coding = strings.ToLower(strings.TrimSpace(strings.Join(res.Header.Values("Content-Encoding"), ",")))
	if x.coding == "identity" {
		x.coding = ""
	}
	// Of several types browsers take the last that they can read, Go the first
	// (CWE-436): what it is to the browser is then not known.
	contentType := strings.Join(res.Header.Values("Content-Type"), ",")
	media, _, err := mime.ParseMediaType(contentType)
	essence, _, _ := strings.Cut(contentType, ";")
	switch {
	case strings.Contains(contentType, ","):
		x.kind = document
	case media == "text/html", err != nil && strings.EqualFold(strings.TrimSpace(essence), "text/html"):
		// Parameters that cannot be read do no harm: ours take their place.
		x.kind = page
		x.charset = charsetParameter(contentType)
	case err != nil:
		x.kind = document
	case runsNothing(media):
		x.kind = data
	default:
		x.kind = document
	}
	switch {
	case x.kind != page:
	case x.fetched != navigation, res.StatusCode == http.StatusPartialContent:
		// A fragment that a script fetched, or a piece of a page: never
		// rewritten, and under a policy that grants nothing should it ever
		// become a document.
		x.kind = document
	case !knownCoding(x.coding):
		s.log.Warn("the page cannot be decoded; it is sent with a policy under which nothing runs",
			"request", x.id, "path", x.page.Path, "coding", x.coding)
		x.kind = document
	}
	return nil
}

// runsNothing lists the media types that a browser shows or saves without ever
// running a script in them. SVG and XML run scripts and are not in it.
func runsNothing(media string) bool {
	switch media {
	case "text/css", "text/plain", "text/javascript", "text/event-stream", "text/csv", "text/vtt", "text/markdown",
		"application/javascript", "application/x-javascript", "application/ecmascript", "text/ecmascript",
		"application/json", "application/manifest+json", "application/ld+json", "application/wasm", "application/pdf",
		"application/octet-stream", "application/zip", "application/gzip", "application/font-woff", "application/vnd.ms-fontobject":
		return true
	}
	kind, _, _ := strings.Cut(media, "/")
	switch kind {
	case "image", "font", "audio", "video":
		return !strings.HasSuffix(media, "+xml")
	}
	return false
}

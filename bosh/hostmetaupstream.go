package bosh

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"chatproxy/xmpp"
)

// What the site's own server may cost. Its document is asked for with each
// request for ours: that is one small request for a log-in, as much as any page
// costs, and there is nothing that could be out of date.
const (
	maxHostMeta     = 64 << 10
	hostMetaTimeout = 2 * time.Second
)

// fetch returns the upstream's document, or nothing if it has none that could
// be used. A client without the upstream's links can still chat.
func (h HostMeta) fetch(r *http.Request, path string) []byte {
	if h.Upstream == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), hostMetaTimeout)
	defer cancel()
	out := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Host: r.Host, Header: http.Header{}}).WithContext(ctx)
	proto := "http"
	if h.secure(r) {
		proto = "https"
	}
	out.Header.Set("X-Forwarded-Proto", proto) // or it may redirect to https
	out.Header.Set("X-Forwarded-Host", r.Host)
	out.Header.Set("Accept-Encoding", "identity")
	rsp, err := h.Upstream.RoundTrip(out)
	if err != nil {
		return nil
	}
	defer func() { _ = rsp.Body.Close() }() // it was only read
	if rsp.StatusCode != http.StatusOK || rsp.Header.Get("Content-Encoding") != "" {
		return nil
	}
	document, err := io.ReadAll(io.LimitReader(rsp.Body, maxHostMeta+1))
	if err != nil || len(document) > maxHostMeta {
		return nil
	}
	return document
}

const nsXRD = "http://docs.oasis-open.org/ns/xri/xrd-1.0"

func xrdLinks(links []link) string {
	var b strings.Builder
	for _, l := range links {
		b.WriteString("  <Link xmlns='" + nsXRD + "' rel='" + l.Rel + "' href='" + xmpp.Escape(l.Href) + "'/>\n")
	}
	return b.String()
}

func isOurs(rel string) bool {
	rel = strings.TrimSpace(rel)
	return rel == relBOSH || rel == relWebSocket
}

// mergeXRD takes endpoints like ours out of a document and puts ours at its
// end; the rest stays byte for byte. It is false if the document is no XRD, or
// has what could do more than be read: a DTD or a style sheet.
func mergeXRD(document []byte, links []link) ([]byte, bool) {
	document = bytes.TrimPrefix(document, []byte("\ufeff"))
	d := xml.NewDecoder(bytes.NewReader(document))
	var out []byte
	kept := int64(0) // how much of document is in out
	depth, opened, inserted, cutting := 0, int64(0), false, false
	for {
		begin := d.InputOffset()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return append(out, document[kept:]...), inserted
		}
		if err != nil {
			return nil, false
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			switch {
			case depth == 1 && (inserted || token.Name != xml.Name{Space: nsXRD, Local: "XRD"}):
				return nil, false
			case depth == 1:
				opened = d.InputOffset()
			case depth == 2 && token.Name == xml.Name{Space: nsXRD, Local: "Link"} && isOurs(attributeOf(token, "rel")):
				cutting = true
				out, kept = append(out, document[kept:begin]...), begin
			}
		case xml.EndElement:
			switch {
			case depth == 2 && cutting:
				cutting = false
				kept = d.InputOffset()
			case depth == 1 && begin == opened && bytes.HasSuffix(document[:opened], []byte("/>")):
				return nil, false // empty, and has no inside
			case depth == 1:
				out = append(append(out, document[kept:begin]...), xrdLinks(links)...)
				kept, inserted = begin, true
			}
			depth--
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(token)) > 0 {
				return nil, false
			}
		case xml.ProcInst:
			if token.Target != "xml" {
				return nil, false
			}
		case xml.Directive:
			return nil, false
		}
	}
}

func attributeOf(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// mergeJRD is mergeXRD for JSON (RFC 6415 §3).
func mergeJRD(document []byte, links []link) ([]byte, bool) {
	var all map[string]json.RawMessage
	if len(document) == 0 || json.Unmarshal(document, &all) != nil || all == nil {
		return nil, false
	}
	var others, merged []json.RawMessage
	if raw, has := all["links"]; has && json.Unmarshal(raw, &others) != nil {
		return nil, false
	}
	for _, raw := range others {
		var l struct {
			Rel string `json:"rel"`
		}
		if json.Unmarshal(raw, &l) != nil {
			return nil, false
		}
		if !isOurs(l.Rel) {
			merged = append(merged, raw)
		}
	}
	for _, l := range links {
		raw, err := json.Marshal(l)
		if err != nil { // not possible: only strings
			return nil, false
		}
		merged = append(merged, raw)
	}
	raw, err := json.Marshal(merged)
	if err != nil {
		return nil, false
	}
	all["links"] = raw
	if merged == nil {
		all["links"] = json.RawMessage("[]")
	}
	b, err := json.Marshal(all)
	return append(b, '\n'), err == nil
}

package site

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxText is how much text of one hit is kept. A small gzip body can say more
// than fits into memory (CWE-409).
const maxText = 8 << 20

// maxLayers is how often a body may be wrapped.
const maxLayers = 4

// decodeBody takes the layers off that analytics libraries put around their
// JSON: gzip (with or without a header that says so), a form field named data,
// base64. What it does not know it leaves as it is.
func decodeBody(raw []byte) (text string, layers []string, truncated bool) {
	for len(layers) < maxLayers {
		inner, layer, cut := peel(raw)
		if layer == "" {
			break
		}
		raw, truncated = inner, truncated || cut
		layers = append(layers, layer)
	}
	return strings.ToValidUTF8(string(raw), "\uFFFD"), layers, truncated
}

// peel takes off one layer and names it; an empty name says that there was none.
func peel(raw []byte) (inner []byte, layer string, truncated bool) {
	switch {
	case isGzip(raw):
		if inner, truncated, ok := gunzip(raw); ok {
			return inner, "gzip", truncated
		}
	case bytes.HasPrefix(raw, []byte("data=")) || bytes.Contains(raw[:min(len(raw), 256)], []byte("&data=")):
		form, err := url.ParseQuery(string(raw))
		if err == nil && form.Has("data") {
			return []byte(form.Get("data")), "form", false
		}
	default:
		if inner, ok := unbase64(raw); ok {
			return inner, "base64", false
		}
	}
	return nil, "", false
}

func isGzip(raw []byte) bool { return bytes.HasPrefix(raw, []byte{0x1f, 0x8b, 8}) }

// gunzip keeps what could be read of a body that was cut off.
func gunzip(raw []byte) (text []byte, truncated, ok bool) {
	reader, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, false, false
	}
	text, err = io.ReadAll(io.LimitReader(reader, maxText+1))
	if len(text) > maxText {
		return text[:maxText], true, true
	}
	return text, err != nil, err == nil || len(text) > 0
}

// unbase64 accepts only what becomes JSON or gzip: a plain word is base64 too.
// Forms turn + into a space.
func unbase64(raw []byte) ([]byte, bool) {
	trimmed := strings.ReplaceAll(strings.TrimSpace(string(raw)), " ", "+")
	if len(trimmed) < 4 {
		return nil, false
	}
	trimmed = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(trimmed, "="))
	inner, err := base64.RawStdEncoding.DecodeString(trimmed)
	if err != nil {
		return nil, false
	}
	isJSON := utf8.Valid(inner) && bytes.ContainsAny(inner[:min(len(inner), 1)], `{["`)
	return inner, isJSON || isGzip(inner)
}

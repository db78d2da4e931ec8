// Package static sends files that are the same for everybody, compressed once.
package static

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// A File is compressed when it is first asked for in that coding.
type File struct {
	content   []byte
	mediaType string
	brotli    func() []byte
	gzip      func() []byte
}

// New returns a file. Its content must not be changed any more.
func New(content []byte, mediaType string) *File {
	return &File{
		content: content, mediaType: mediaType,
		brotli: sync.OnceValue(func() []byte {
			level := 6 // of a Converse build, the higher ones take a second
			if len(content) <= 64<<10 {
				level = brotli.BestCompression
			}
			var b bytes.Buffer
			w := brotli.NewWriterLevel(&b, level)
			_, _ = w.Write(content) // a bytes.Buffer does not fail
			_ = w.Close()
			return b.Bytes()
		}),
		gzip: sync.OnceValue(func() []byte {
			var b bytes.Buffer
			w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
			_, _ = w.Write(content)                               // a bytes.Buffer does not fail
			_ = w.Close()
			return b.Bytes()
		}),
	}
}

// ServeHTTP sends the file to who asks with GET or HEAD. How long it may be kept is the
// caller's to say before: it sets Cache-Control.
func (f *File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	h.Set("X-Content-Type-Options", "nosniff")
	body := f.content
	if compressible(f.mediaType) {
		h.Set("Vary", "Accept-Encoding")
		switch {
		case accepts(r.Header, "br"):
			body = f.brotli()
			h.Set("Content-Encoding", "br")
		case accepts(r.Header, "gzip"):
			body = f.gzip()
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client went away
	}
}

// accepts reports whether Accept-Encoding names the coding with a weight that is
// not 0, RFC 9110 §12.5.3.
func accepts(h http.Header, coding string) bool {
	for item := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			return strings.Trim(strings.TrimSpace(weight), "0.") != "q="
		}
	}
	return false
}

func compressible(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || strings.HasPrefix(mediaType, "application/json") ||
		mediaType == "application/wasm" || mediaType == "image/svg+xml"
}

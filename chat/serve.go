package chat

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// A file of the client, compressed once, when first asked for.
type file struct {
	content   []byte
	mediaType string
	br, gz    sync.Once
	brotli    []byte
	gzip      []byte
}

// ServeHTTP sends a file of the client. The path has the build's digest in it, so
// what was sent once holds for ever.
func (c *Client) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, c.Base)
	f := c.files[name]
	if !ok || f == nil {
		http.Error(w, "The chat client has no such file.", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET and HEAD.", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	body := f.content
	if compressible(f.mediaType) {
		h.Set("Vary", "Accept-Encoding")
		switch {
		case accepts(r.Header, "br"):
			body = f.asBrotli()
			h.Set("Content-Encoding", "br")
		case accepts(r.Header, "gzip"):
			body = f.asGzip()
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
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

func (f *file) asBrotli() []byte {
	f.br.Do(func() {
		var b bytes.Buffer
		w := brotli.NewWriterLevel(&b, 6)
		_, _ = w.Write(f.content) // a bytes.Buffer does not fail
		_ = w.Close()
		f.brotli = b.Bytes()
	})
	return f.brotli
}

func (f *file) asGzip() []byte {
	f.gz.Do(func() {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(f.content) // a bytes.Buffer does not fail
		_ = w.Close()
		f.gzip = b.Bytes()
	})
	return f.gzip
}

func compressible(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || strings.HasPrefix(mediaType, "application/json") ||
		mediaType == "application/wasm" || mediaType == "image/svg+xml"
}

// mediaTypes are those of the files of a Converse build. The system's table is
// not asked: it differs from machine to machine, and a wrong type for a module
// or for WebAssembly stops the chat.
var mediaTypes = map[string]string{
	".js":    "text/javascript; charset=utf-8",
	".css":   "text/css; charset=utf-8",
	".json":  "application/json; charset=utf-8",
	".wasm":  "application/wasm",
	".svg":   "image/svg+xml",
	".png":   "image/png",
	".jpg":   "image/jpeg",
	".gif":   "image/gif",
	".ico":   "image/x-icon",
	".mp3":   "audio/mpeg",
	".ogg":   "audio/ogg",
	".woff":  "font/woff",
	".woff2": "font/woff2",
	".ttf":   "font/ttf",
	".eot":   "application/vnd.ms-fontobject",
	".txt":   "text/plain; charset=utf-8",
}

func mediaType(name string) string {
	if t := mediaTypes[strings.ToLower(path.Ext(name))]; t != "" {
		return t
	}
	return "application/octet-stream"
}

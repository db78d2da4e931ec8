package chat

import (
	"net/http"
	"path"
	"strings"
)

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
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	f.ServeHTTP(w, r)
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

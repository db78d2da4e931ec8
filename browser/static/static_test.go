package static

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func TestAFileInTheCodingThatTheClientReads(t *testing.T) {
	want := strings.Repeat("export default 1;\n", 500)
	script, image := New([]byte(want), "text/javascript; charset=utf-8"), New([]byte(want), "image/png")
	for _, tt := range []struct {
		file   *File
		accept []string
		coding string
	}{
		{script, nil, ""},
		{script, []string{"gzip, deflate, br, zstd"}, "br"},
		{script, []string{"gzip"}, "gzip"},
		{script, []string{"deflate", "BR;q=0.5"}, "br"},
		{script, []string{"br;q=0, gzip"}, "gzip"},
		{script, []string{"gzip; q=0.000, br;q=0"}, ""},
		{script, []string{"zebra, gzipped"}, ""},
		{image, []string{"gzip, br"}, ""},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(method, "/a.js", nil)
			r.Header["Accept-Encoding"] = tt.accept
			tt.file.ServeHTTP(w, r)
			h := w.Header()
			if w.Code != 200 || h.Get("Content-Encoding") != tt.coding || (h.Get("Vary") == "Accept-Encoding") != (tt.file == script) ||
				h.Get("Content-Type") != tt.file.mediaType || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s %q: got %d with %v", method, tt.accept, w.Code, h)
			}
			if method == "HEAD" {
				if w.Body.Len() != 0 {
					t.Errorf("HEAD: got %d bytes", w.Body.Len())
				}
				continue
			}
			if n := h.Get("Content-Length"); n != strconv.Itoa(w.Body.Len()) || tt.coding != "" && w.Body.Len() > len(want)/10 {
				t.Errorf("%q: %s bytes announced, %d sent", tt.accept, n, w.Body.Len())
			}
			var body io.Reader = w.Body
			switch tt.coding {
			case "br":
				body = brotli.NewReader(body)
			case "gzip":
				z, err := gzip.NewReader(body)
				if err != nil {
					t.Fatal(err)
				}
				body = z
			}
			if got, err := io.ReadAll(body); err != nil || string(got) != want {
				t.Errorf("%q: got %.40q, %v", tt.accept, got, err)
			}
		}
	}
}

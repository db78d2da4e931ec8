package chat

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func ask(c *Client, method, path string, accept ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, nil)
	if len(accept) > 0 {
		r.Header["Accept-Encoding"] = accept
	}
	c.ServeHTTP(w, r)
	return w
}

func TestAFileInTheCodingThatTheClientReads(t *testing.T) {
	c := open(t, build(t))
	want := string(c.files[module].content)
	for _, tt := range []struct {
		accept []string
		coding string
	}{
		{nil, ""},
		{[]string{"gzip, deflate, br, zstd"}, "br"},
		{[]string{"gzip"}, "gzip"},
		{[]string{"deflate", "BR;q=0.5"}, "br"},
		{[]string{"br;q=0, gzip"}, "gzip"},
		{[]string{"gzip; q=0.000, br;q=0"}, ""},
		{[]string{"zebra, gzipped"}, ""},
	} {
		w := ask(c, "GET", c.Base+module, tt.accept...)
		h := w.Header()
		if w.Code != 200 || h.Get("Content-Encoding") != tt.coding || h.Get("Vary") != "Accept-Encoding" ||
			h.Get("Content-Type") != "text/javascript; charset=utf-8" || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
			t.Errorf("%q: got %d with %v", tt.accept, w.Code, h)
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

func TestHEADHasNoBody(t *testing.T) {
	c := open(t, build(t))
	w := ask(c, "HEAD", c.Base+module, "br")
	if w.Body.Len() != 0 || w.Header().Get("Content-Length") != strconv.Itoa(len(c.files[module].asBrotli())) {
		t.Errorf("got %d bytes with %v", w.Body.Len(), w.Header())
	}
	if w := ask(c, "POST", c.Base+module); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: got %d with %v", w.Code, w.Header())
	}
}

// Only the files of the build are served, under its own digest.
func TestWhatIsNotServed(t *testing.T) {
	c := open(t, build(t, "converse.min.js.map", "README.md", ".env", ".git/config", "locales/.cache/x.js", "locales/de.js"))
	if w := ask(c, "GET", c.Base+"locales/de.js"); w.Code != 200 { // the control
		t.Errorf("got %d", w.Code)
	}
	for _, path := range []string{
		c.Base, c.Base + "converse.min.js.map", c.Base + "README.md", c.Base + ".env", c.Base + ".git/config", c.Base + "locales/.cache/x.js",
		c.Base + "locales", c.Base + "../" + module, c.Base + "locales/../" + module, c.Base + "/" + module,
		"/.chatproxy/client/0000000000000000/" + module, "/.chatproxy/client/" + module, "/" + module, strings.TrimSuffix(c.Base, "/") + module,
	} {
		if w := ask(c, "GET", path); w.Code != 404 || w.Header().Get("Cache-Control") != "" {
			t.Errorf("%s: got %d with %v", path, w.Code, w.Header())
		}
	}
}

func TestMediaTypes(t *testing.T) {
	for name, want := range map[string]string{
		"a.js": "text/javascript; charset=utf-8", "dist/A.CSS": "text/css; charset=utf-8", "x.wasm": "application/wasm",
		"f.woff2": "font/woff2", "s.mp3": "audio/mpeg", "unknown": "application/octet-stream", "page.html": "application/octet-stream",
	} {
		if got := mediaType(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

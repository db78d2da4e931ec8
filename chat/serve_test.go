package chat

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func ask(c *Client, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestAFileIsSentAsItIs(t *testing.T) {
	c := open(t, build(t))
	w := ask(c, "GET", c.Base+module)
	h := w.Header()
	if w.Code != 200 || h.Get("Content-Type") != "text/javascript; charset=utf-8" || w.Body.String() != strings.Repeat("/* "+module+" */", 100) ||
		h.Get("Cache-Control") != "public, max-age=31536000, immutable" {
		t.Errorf("got %d with %v", w.Code, h)
	}
}

func TestOnlyGETAndHEAD(t *testing.T) {
	c := open(t, build(t))
	if w := ask(c, "HEAD", c.Base+module); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD: got %d with %v", w.Code, w.Header())
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

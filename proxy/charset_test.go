package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// The scripts of a page are found, and its text is right, whatever its encoding.
func TestCharsets(t *testing.T) {
	const page = `<html><head><meta charset="LABEL"></head><p>Grüße 漢字</p><script src="/static/a.js"></script><script>evil()</script>`
	encode := func(e interface{ String(string) (string, error) }, text string) string {
		s, err := e.String(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	utf16le := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()
	utf16be := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder()
	japan := strings.ReplaceAll(page, "Grüße ", "")
	tests := []struct{ name, contentType, body, want string }{
		{"nothing but ASCII", "text/html", `<p>plain</p><script src="/static/a.js"></script>`, "plain"},
		{"header", "text/html; charset=windows-1252", strings.NewReplacer("LABEL", "utf-8", "Grüße 漢字", "Gr\xfc\xdfe").Replace(page), "Grüße"},
		{"quoted header", `text/html; charset="ISO-8859-1"`, strings.ReplaceAll(page, "Grüße 漢字", "Gr\xfc\xdfe"), "Grüße"},
		{"utf-8 header", "text/html; charset=UTF-8", page, "Grüße 漢字"},
		{"meta", "text/html", strings.NewReplacer("LABEL", "iso-8859-15", "Grüße 漢字", "Gr\xfc\xdfe").Replace(page), "Grüße"},
		{"meta says utf-16 and lies", "text/html", strings.ReplaceAll(page, "LABEL", "utf-16"), "Grüße 漢字"},
		{"UTF-8 mark over header", "text/html; charset=windows-1252", "\xef\xbb\xbf" + page, "Grüße 漢字"},
		{"UTF-16 LE mark over header", "text/html; charset=utf-8", encode(utf16le, page), "Grüße 漢字"},
		{"UTF-16 BE mark", "text/html", encode(utf16be, page), "Grüße 漢字"},
		{"UTF-16 by header", "text/html; charset=utf-16", encode(utf16le, page)[2:], "Grüße 漢字"},
		{"ISO-2022-JP by header", "text/html; charset=iso-2022-jp", encode(japanese.ISO2022JP.NewEncoder(), japan), "漢字"},
		{"ISO-2022-JP by meta", "text/html", encode(japanese.ISO2022JP.NewEncoder(), strings.ReplaceAll(japan, "LABEL", "iso-2022-jp")), "漢字"},
		{"unknown label", "text/html; charset=x-nobody", strings.ReplaceAll(page, "LABEL", "utf-8"), "Grüße 漢字"},
		{"UTF-7 is not one", "text/html; charset=utf-7", `+ADw-script+AD4-<script src="/static/a.js"></script>`, "+ADw-script+AD4-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := start(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.contentType)
				_, _ = io.WriteString(w, tt.body)
			}, allowOwn)
			a := site.ask(t, "GET", "/")
			if got := a.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
				t.Errorf("Content-Type is %q", got)
			}
			if !strings.Contains(a.body, tt.want) || strings.Contains(a.body, "\ufeff") {
				t.Errorf("the text is not right: %q", a.body)
			}
			if !strings.Contains(a.body, `<script nonce="`+a.ourNonce(t)+`" src="/static/a.js">`) || strings.Contains(a.body, "evil()") {
				t.Errorf("the scripts were not found: %q", a.body)
			}
		})
	}
}

// Escape sequences that hide a script from a reader of ASCII show it to the
// browser; we read what it reads.
func TestAScriptBehindEscapeSequences(t *testing.T) {
	site := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=iso-2022-jp")
		_, _ = io.WriteString(w, "<p>\x1b$B\x1b(B<\x1b(Jscript>evil()</script>")
	}, "")
	if a := site.ask(t, "GET", "/"); strings.Contains(a.body, "evil()") || strings.ContainsRune(a.body, 0x1b) {
		t.Errorf("got %q", a.body)
	}
}

// A page that breaks off while it is looked at is an error, however short it is.
func TestToUTF8KeepsTheError(t *testing.T) {
	for _, label := range []string{"", "utf-8", "windows-1252", "utf-16le"} {
		for _, start := range []string{"", "<", "<p>broken", "\xef\xbb\xbf", "\xff\xfe<\x00"} {
			text, err := toUTF8(io.MultiReader(strings.NewReader(start), iotest.ErrReader(io.ErrUnexpectedEOF)), label)
			if err == nil {
				_, err = io.ReadAll(text)
			}
			if err == nil {
				t.Errorf("label %q, start %q: no error", label, start)
			}
		}
	}
}

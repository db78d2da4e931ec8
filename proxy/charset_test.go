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
		{"the first of two parameters", "text/html; charset=windows-1252; charset=utf-8", strings.ReplaceAll(page, "Grüße 漢字", "Gr\xfc\xdfe"), "Grüße"},
		{"beside a parameter that cannot be read", "text/html; x; charset=windows-1252", strings.ReplaceAll(page, "Grüße 漢字", "Gr\xfc\xdfe"), "Grüße"},
		{"header over meta", "text/html; charset=utf-8", strings.ReplaceAll(page, "LABEL", "windows-1252"), "Grüße 漢字"},
		{"UTF-16 BE by header", "text/html; charset=utf-16be", encode(utf16be, page)[2:], "Grüße 漢字"},
		{"UTF-16 LE by an XML declaration in it", "text/html", encode(utf16le, `<?xml version="1.0"?>`+page)[2:], "Grüße 漢字"},
		{"UTF-16 BE by an XML declaration in it", "text/html", encode(utf16be, `<?xml version="1.0"?>`+page)[2:], "Grüße 漢字"},
		{"UTF-16 mark over a label that is refused", "text/html; charset=iso-2022-kr", encode(utf16le, page), "Grüße 漢字"},
		{"XML declaration", "text/html", `<?xml version="1.0" encoding="windows-1251"?>` + strings.ReplaceAll(page, "Grüße 漢字", "\xcf\xf0"), "Пр"},
		{"meta over XML declaration", "text/html", `<?xml version="1.0" encoding="windows-1251"?>` + strings.NewReplacer("LABEL", "windows-1253", "Grüße 漢字", "\xcf\xf0").Replace(page), "Οπ"},
		{"meta says x-user-defined", "text/html", strings.NewReplacer("LABEL", "x-user-defined", "Grüße 漢字", "Gr\xfc\xdfe").Replace(page), "Grüße"},
		{"header says x-user-defined", "text/html; charset=x-user-defined", strings.ReplaceAll(page, "Grüße 漢字", "\x80"), "\uf780"},
		{"meta says nothing that is known", "text/html", page, "Grüße 漢字"},
		{"meta too far down", "text/html", strings.Repeat(" ", sniffed) + strings.NewReplacer("LABEL", "windows-1253", "Grüße 漢字", "Gr\xfc\xdfe").Replace(page), "Grüße"},
		{"guess: windows-1252", "text/html", strings.ReplaceAll(page, "Grüße 漢字", "Gr\xfc\xdfe"), "Grüße"},
		{"GBK has the decoder of gb18030", "text/html; charset=gb2312", strings.ReplaceAll(page, "Grüße 漢字", "\x810\x810"), "\u0080"},
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

// Text in an encoding that browsers refuse is made of ASCII bytes, which must not
// become markup: nothing of it is sent.
func TestAnEncodingThatIsRefused(t *testing.T) {
	for _, label := range []string{"iso-2022-kr", "HZ-GB-2312", "iso-2022-cn", "iso-2022-cn-ext", "csiso2022kr", "replacement"} {
		site := start(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset="+label)
			_, _ = io.WriteString(w, `~{<script src="/static/a.js"></script>~}`)
		}, allowOwn)
		a := site.ask(t, "GET", "/")
		if a.StatusCode != http.StatusBadGateway || strings.Contains(a.body, "a.js") {
			t.Errorf("%s: status %d, %q", label, a.StatusCode, a.body)
		}
		a.wantNothingRuns(t)
		if !strings.Contains(site.log.String(), "refuse to decode") {
			t.Errorf("%s: the log does not say why", label)
		}
	}
}

// Where the page itself declares it and is on its way, it breaks off right behind
// the declaration, and the client sees that it does. A page that came whole is refused.
func TestAnEncodingThatIsRefusedMidStream(t *testing.T) {
	for _, declaration := range []string{`<meta charset="iso-2022-kr">`, `<?xml version="1.0" encoding="hz-gb-2312"?>`} {
		for _, coding := range allCodings {
			site := start(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				page := declaration + `~{<script src="/static/a.js"></script>~}`
				if coding == "" {
					_, _ = io.WriteString(w, page)
					if r.URL.Path == "/streams" {
						_ = http.NewResponseController(w).Flush()
					}
					return
				}
				w.Header().Set("Content-Encoding", coding)
				_ = writeFlushed(t, coding, w, page).Close()
			}, allowOwn)
			a := site.ask(t, "GET", "/streams", "Accept-Encoding", coding)
			if a.err == nil || strings.Contains(a.body, "a.js") {
				t.Errorf("%s %q: %v, %q", declaration, coding, a.err, a.body)
			}
			if coding == "" {
				a := site.ask(t, "GET", "/")
				if a.StatusCode != http.StatusBadGateway || strings.Contains(a.body, "a.js") {
					t.Errorf("%s: status %d, %q", declaration, a.StatusCode, a.body)
				}
				a.wantNothingRuns(t)
			}
		}
	}
}

// An unlabelled page streams like any other.
func TestAnUnlabelledPageStreams(t *testing.T) {
	more := make(chan struct{})
	site := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<p>Gr\xfc\xdfe<br>")
		_ = http.NewResponseController(w).Flush()
		<-more
	}, "")
	r, err := http.NewRequest("GET", site.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := newClient().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got := ""
	for p := make([]byte, 512); err == nil && !strings.Contains(got, "Grüße<br>"); {
		var n int
		n, err = res.Body.Read(p)
		got += string(p[:n])
	}
	close(more)
	if err != nil {
		t.Errorf("%v after %q", err, got)
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

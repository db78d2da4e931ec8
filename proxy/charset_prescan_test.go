package proxy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func prescan(page string) (name string, end int) {
	p := prescanner{b: []byte(page)}
	return p.scan()
}

func TestPrescan(t *testing.T) {
	for _, tt := range []struct{ name, page, want string }{
		{"charset", `<meta charset=koi8-r>`, "koi8-r"},
		{"slash", `<META/CHARSET="KOI8-R"/>`, "koi8-r"},
		{"pragma", `<meta content="text/html; charset=koi8-r" http-equiv=Content-Type>`, "koi8-r"},
		{"quoted in the content", `<meta http-equiv=Content-Type content="charset='koi8-r'">`, "koi8-r"},
		{"quote left open in the content", `<meta http-equiv=Content-Type content="charset='koi8-r">`, ""},
		{"charset word twice", `<meta http-equiv=Content-Type content="charset charset = koi8-r;">`, "koi8-r"},
		{"no pragma", `<meta content="text/html; charset=koi8-r">`, ""},
		{"first attribute counts", `<meta charset=koi8-r charset=big5>`, "koi8-r"},
		{"charset before content", `<meta http-equiv=Content-Type content="charset=big5" charset=koi8-r>`, "koi8-r"},
		{"unknown charset before content", `<meta charset=x http-equiv=Content-Type content="charset=big5">`, ""},
		{"unknown, then known", `<meta charset=x><meta charset=koi8-r>`, "koi8-r"},
		{"UTF-16", `<meta charset=utf-16be>`, "utf-8"},
		{"x-user-defined", `<meta charset=x-user-defined>`, "windows-1252"},
		{"refused", `<meta charset=iso-2022-kr>`, replacement},
		{"in a comment", `<!-- <meta charset=koi8-r> -->`, ""},
		{"behind a comment", `<!-- <meta charset=koi8-r> -- > --><meta charset=big5>`, "big5"},
		{"behind a short comment", `<!--a--><meta charset=big5>`, "big5"},
		{"behind the shortest comment", `<!--><meta charset=koi8-r>`, "koi8-r"},
		{"in an attribute", `<p title="<meta charset=koi8-r>">`, ""},
		{"in an end tag's attribute", `</p title="<meta charset=koi8-r>">`, ""},
		{"in a bogus comment", `<?x <meta charset=koi8-r>`, ""},
		{"behind a doctype", `<!doctype html><meta charset=koi8-r>`, "koi8-r"},
		// As browsers, unlike charset.DetermineEncoding.
		{"in a title", `<title><meta charset=koi8-r></title>`, "koi8-r"},
		{"in a script", `<script>"<meta charset=koi8-r>"</script>`, "koi8-r"},
		{"character reference", `<meta charset="koi8&#45;r">`, ""},
		{"text before", `a/b c<meta charset=koi8-r>`, "koi8-r"},
		{"not closed", `<meta charset=koi8-r`, ""},
		{"quote not closed", `<meta charset="koi8-r>`, ""},
		{"name that begins with =", `<meta =charset=koi8-r>`, ""},
		{"Kelvin sign", "<meta charset=\u212aoi8-r>", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, end := prescan(tt.page)
			if got != tt.want {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			// It is found as soon as its tag is there, and in every longer page.
			for i := range len(tt.page) {
				if early, _ := prescan(tt.page[:i]); got != "" && (early != "") != (i >= end) {
					t.Errorf("%q: got %q", tt.page[:i], early)
				}
			}
			// And the search can be interrupted anywhere.
			s := sniffer{}
			inBytes := ""
			for i := range len(tt.page) {
				s.see([]byte(tt.page[i : i+1]))
				if name, at := s.search(); name != "" && inBytes == "" {
					inBytes = name
					if at != end {
						t.Errorf("in bytes, it ends at %d, not at %d", at, end)
					}
				}
			}
			if inBytes != got {
				t.Errorf("in bytes: got %q, whole %q", inBytes, got)
			}
			if longer, _ := prescan(tt.page + "<meta charset=big5>"); got != "" && longer != got {
				t.Errorf("with more behind it: %q", longer)
			}
		})
	}
}

func TestXMLEncoding(t *testing.T) {
	for page, want := range map[string]string{
		`<?xml version="1.0" encoding="koi8-r"?>`:  "koi8-r",
		`<?xml encoding = 'koi8-r' ?>`:             "koi8-r",
		`<?xml encoding="utf-16"?>`:                "utf-8",
		`<?xml encoding="koi8-r"`:                  "",
		`<?xml version="1.0"?> encoding="koi8-r">`: "",
		`<?xml encoding="koi 8"?>`:                 "",
		`<?xml encoding=koi8-r?>`:                  "",
		`<?xml encoding="koi8-r?>`:                 "",
		`<?xml encoding`:                           "",
		` <?xml encoding="koi8-r"?>`:               "",
	} {
		if got, _ := xmlEncoding([]byte(page)); got != want {
			t.Errorf("%s: got %q, want %q", page, got, want)
		}
	}
}

// Each page of html5lib is read in the encoding that html5lib says.
func TestEncodingsOfHTML5lib(t *testing.T) {
	dir := os.Getenv("CHATPROXY_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	files, err := filepath.Glob(filepath.Join(dir, "html5lib", "encoding", "*.dat"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		// Others' data is never committed, and the project must pass without it.
		t.Skipf("the corpus is not in %s; set CHATPROXY_CORPUS to its folder", dir)
	}
	pages, late := 0, 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range strings.Split("\n"+string(data), "\n#data\n")[1:] {
			page, rest, _ := strings.Cut(test, "\n#encoding\n")
			want, _, _ := strings.Cut(rest, "\n")
			pages++
			// These bytes read differently in all the encodings of these pages.
			const differs = "\xa4\xe9\xc4\xb1"
			name := encodingName(want)
			got := readAll(t, page+differs, "")
			switch {
			case got == decodedWhole(t, strings.TrimPrefix(page, "\ufeff")+differs, name):
			case len(page) > textBuffer && strings.HasSuffix(got, decodedWhole(t, differs, name)):
				late++ // what stands before the declaration was guessed; a browser reads the page anew
			default:
				t.Errorf("%s: not read as %s: %.300q", filepath.Base(file), want, got)
			}
		}
	}
	t.Logf("%d pages, of which %d declare themselves too late for what stands before", pages, late)
	if pages < 80 || late > 1 {
		t.Errorf("%d pages, %d late", pages, late)
	}
}

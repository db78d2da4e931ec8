package lock

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant %s:\n%s", got, file, want)
	}
}

func exampleLock() *Lock {
	code := "a()\nb()\n"
	return &Lock{Entries: []Entry{
		{Kind: JavaScriptURL, Page: "https://site.example/", Place: "a#top href", Digest: Digest([]byte("javascript:void(0)")), Size: 18, FirstSeen: "2025-02-03", Excerpt: "javascript:void(0)"},
		{Kind: Handler, Page: "https://site.example/", Place: "button onclick", Digest: Digest([]byte("go()")), Size: 4, FirstSeen: "2025-02-03", Excerpt: "go()", Note: "the menu's \"button\"\nof old"},
		{Kind: Inline, Page: "https://site.example/", Place: "script 10", Digest: Digest([]byte("ten")), Size: 3, FirstSeen: "2025-02-03", Module: true, Excerpt: "ten", Lines: hashLines([]byte(strings.Repeat("x\n", 20)))},
		{Kind: Inline, Page: "https://site.example/", Place: "script 2", Digest: Digest([]byte(code)), Template: TemplateDigest([]byte(code), false), Skeleton: TemplateDigest(nil, false), Open: []int{0, 3}, Size: len(code), FirstSeen: "2024-12-31", Excerpt: "a()", Lines: hashLines([]byte(code))},
		{Kind: External, URL: "https://cdn.example/b.js?x=1&y", Page: "https://site.example/", Place: "script 3", Digest: Digest([]byte("b")), Size: 1, FirstSeen: "2025-02-03", Note: "ключ 🙂 \u0085\ufeff"},
		{Kind: External, URL: "https://cdn.example/a.js", Digest: Digest([]byte("a")), Size: 1, FirstSeen: "2025-02-03", Module: true},
	}}
}

func TestWrite(t *testing.T) {
	got, err := Write(exampleLock())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "example.lock", string(got))

	shuffled := exampleLock()
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled.Entries), func(i, j int) {
		shuffled.Entries[i], shuffled.Entries[j] = shuffled.Entries[j], shuffled.Entries[i]
	})
	again, err := Write(shuffled)
	if err != nil || string(again) != string(got) {
		t.Errorf("the order of the entries changes the file; %v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	example := exampleLock().Entries[5]
	bad := func(change func(e *Entry)) []Entry {
		e := example
		change(&e)
		return []Entry{e}
	}
	for _, test := range []struct {
		name    string
		entries []Entry
		want    string
	}{
		{"twice", []Entry{example, example}, "stands twice"},
		{"too many", make([]Entry, MaxEntries+1), "at most 10000"},
		{"kind", bad(func(e *Entry) { e.Kind = "style" }), "kind: want"},
		{"digest", bad(func(e *Entry) { e.Digest = "sha256-" }), "digest: want"},
		{"day", bad(func(e *Entry) { e.FirstSeen = "2025-2-3" }), "first_seen: want"},
		{"no UTF-8", bad(func(e *Entry) { e.Note = "\xff" }), "not UTF-8"},
		{"long", bad(func(e *Entry) { e.Note = strings.Repeat("x", maxText+1) }), "at most 2048"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Write(&Lock{Entries: test.entries})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// Read(Write(x)) is x for any lock.
func TestWhatIsWrittenIsRead(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	text := func() string {
		runes := []rune("aZ09 \"'\\:#-{}[]|>&*!%@`?,\t\n\r\x00\x1b\x7f\u0085\u00a0\u2028\ufeff\ufffd\uffffé漢🙂\U000e0001~=<")
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteRune(runes[random.IntN(len(runes))])
		}
		return b.String()
	}
	for round := range 500 {
		l := &Lock{}
		for i := range random.IntN(8) {
			e := Entry{Kind: kinds[random.IntN(4)], Page: "p" + text(), Place: text(), Note: text(), Excerpt: text(), Size: random.IntN(1e9),
				Digest: Digest([]byte{byte(i)}), FirstSeen: fmt.Sprintf("20%02d-0%d-1%d", random.IntN(100), 1+random.IntN(9), random.IntN(10))}
			switch e.Kind {
			case External:
				e.URL, e.Module = fmt.Sprint(i, text()), random.IntN(2) == 0
			case Inline:
				e.Module = random.IntN(2) == 0
				if random.IntN(2) == 0 {
					e.Template, e.Skeleton = TemplateDigest([]byte{byte(i)}, e.Module), TemplateDigest([]byte("s"), e.Module)
					for n := range 20 {
						if n == 7 || random.IntN(3) == 0 {
							e.Open = append(e.Open, n)
						}
					}
				}
				e.Lines = hashLines([]byte(strings.Repeat(text()+"\n", 1+random.IntN(30))))
			}
			l.Entries = append(l.Entries, e)
		}
		l.sort()
		data, err := Write(l)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read("x.lock", data)
		if err != nil {
			t.Fatalf("round %d: %v in\n%s", round, err, data)
		}
		if !reflect.DeepEqual(got, l) {
			t.Fatalf("round %d: got\n%+v\nwant\n%+v\nfrom\n%s", round, got, l, data)
		}
	}
}

func TestSaveAndLoad(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "chatproxy.lock")
	for range 2 { // the second time over the first
		if err := Save(file, exampleLock()); err != nil {
			t.Fatal(err)
		}
	}
	l, err := Load(file)
	if err != nil || len(l.Entries) != 6 {
		t.Errorf("got %v, %v", l, err)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("the folder has %v, %v", files, err)
	}
	if _, err := Load(filepath.Join(folder, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
	if err := Save(filepath.Join(folder, "none", "x"), exampleLock()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing folder gives %v", err)
	}
	if err := os.Truncate(file, MaxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a large file gives %v", err)
	}
}

func TestExcerpt(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"\n  a = 1;\n b", "a = 1;"},
		{"a\tb\x1b[31mc\u202e", "a b [31mc"},
		{"a\xffb", "a b"},
		{strings.Repeat("x", 200), strings.Repeat("x", 117) + "…"},
		{strings.Repeat("é", 100), strings.Repeat("é", 58) + "…"},
	} {
		if got := excerpt([]byte(test.text)); got != test.want {
			t.Errorf("%q gives %q, want %q", test.text, got, test.want)
		}
	}
}

package lock

import (
	"fmt"
	"strings"
	"testing"
)

func TestReadRefuses(t *testing.T) {
	digest := Digest(nil)
	entry := func(lines string) string {
		return "version: 1\nscripts:\n  - kind: inline\n    page: /\n    digest: " + digest + "\n    size: 1\n    first_seen: 2025-01-02\n" + lines
	}
	for _, test := range []struct{ name, file, want string }{
		{"empty", "", "x.lock:1:1: the file is empty"},
		{"no YAML", "version: [", "x.lock:2:1: this is not YAML"},
		{"no mapping", "[]", "x.lock:1:1: want keys with values: version, scripts"},
		{"no version", "scripts: []", "x.lock:1:1: version is missing"},
		{"another version", "version: 2\nscripts: []", "x.lock:1:10: this program reads version 1"},
		{"no scripts", "version: 1", "x.lock:1:1: scripts is missing"},
		{"scripts no list", "version: 1\nscripts: {}", "x.lock:2:10: scripts: want a list"},
		{"unknown key", "version: 1\nscripts: []\nextra: 1", "x.lock:3:1: unknown key \"extra\""},
		{"twice a key", "version: 1\nscripts: []\nversion: 1", "x.lock:3:1: key \"version\" stands twice; the first is on line 1"},
		{"unknown key of a script", entry("    color: red\n"), "x.lock:8:5: unknown key \"color\""},
		{"twice a script", entry("  - kind: inline\n    page: /b\n    digest: " + digest + "\n    size: 1\n    first_seen: 2025-01-02\n"), "x.lock:8:5: this script stands twice; the first is on line 3"},
		{"script no mapping", "version: 1\nscripts: [x]", "x.lock:2:11: want keys with values"},
		{"kind", strings.Replace(entry(""), "inline", "style", 1), "x.lock:3:11: kind: want external, inline"},
		{"no kind", strings.Replace(entry(""), "kind: inline\n    ", "", 1), "x.lock:3:5: kind: want"},
		{"no page", strings.Replace(entry(""), "    page: /\n", "", 1), "x.lock:3:11: kind: a script that stands in a page"},
		{"url of an inline script", entry("    url: https://a/\n"), "x.lock:8:10: url: only an external"},
		{"digest of another sort", strings.Replace(entry(""), "sha384-", "sha256-", 1), "x.lock:5:13: digest: want sha384-"},
		{"digest too short", strings.Replace(entry(""), digest, digest[:len(digest)-4], 1), "x.lock:5:13: digest: want"},
		{"digest of URL letters", strings.Replace(entry(""), digest, digest[:len(digest)-1]+"_", 1), "x.lock:5:13: digest: want"},
		{"template", entry("    template: sha384-x\n"), "x.lock:8:15: template: want sha384-"},
		{"template without skeleton", entry("    template: " + digest + "\n    open: [0]\n"), "x.lock:3:5: skeleton: want sha384-"},
		{"template with nothing open", entry("    template: " + digest + "\n    skeleton: " + digest + "\n"), "x.lock:3:5: open: want 1 to 500"},
		{"open out of order", entry("    template: " + digest + "\n    skeleton: " + digest + "\n    open: [1, 1]\n"), "x.lock:10:11: open: want 1 to 500"},
		{"open below zero", entry("    template: " + digest + "\n    skeleton: " + digest + "\n    open: [-1]\n"), "x.lock:10:11: open: want 1 to 500"},
		{"open of text", entry("    open: [a]\n"), "x.lock:8:12: open: want a number"},
		{"open no list", entry("    open: 1\n"), "x.lock:8:11: open: want a list"},
		{"size of text", strings.Replace(entry(""), "size: 1", "size: big", 1), "x.lock:6:11: size: want"},
		{"size below zero", strings.Replace(entry(""), "size: 1", "size: -1", 1), "x.lock:6:11: size: want"},
		{"no size", strings.Replace(entry(""), "    size: 1\n", "", 1), "x.lock:3:5: size is missing"},
		{"no such day", strings.Replace(entry(""), "01-02", "02-30", 1), "x.lock:7:17: first_seen: want a day"},
		{"alias", entry("    note: *a\n"), "x.lock:"},
		{"note a number", entry("    note: 1\n"), "x.lock:8:11: note: want text"},
		{"note a list", entry("    note: []\n"), "x.lock:8:11: note: want text"},
		{"module", entry("    module: maybe\n"), "x.lock:8:13: module: want true or false"},
		{"lines", entry("    lines: short\n"), "x.lock:8:12: lines: want hashes of 8 characters"},
		{"lines too many", entry("    lines: " + strings.Repeat("AAAAAAAA ", maxLines+1) + "\n"), "x.lock:8:12: lines: has 201"},
		{"template of a handler", strings.Replace(entry("    template: "+digest+"\n"), "inline", "handler", 1), "x.lock:8:15: template: only an inline"},
		{"module of a handler", strings.Replace(entry("    module: true\n"), "inline", "handler", 1), "x.lock:8:13: module: only"},
		{"large", strings.Repeat(" ", MaxFile+1), "x.lock has 4194305 bytes"},
		{"two problems", entry("    color: red\n    shape: round\n"), "x.lock:9:5: unknown key \"shape\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read("x.lock", []byte(test.file))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestReadBoundsEntries(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nscripts:\n")
	for range MaxEntries + 1 {
		b.WriteString("- {}\n")
	}
	_, err := Read("x.lock", []byte(b.String()))
	if want := fmt.Sprintf("has %d entries", MaxEntries+1); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

// People edit notes, and their editors the quotes.
func TestReadTakesWhatPeopleWrite(t *testing.T) {
	l, err := Read("x.lock", []byte("scripts:\n- {first_seen: 2025-01-02, size: 0, digest: '"+Digest(nil)+"', kind: external, url: https://a/b.js, note: it's ours, module: false}\nversion: 1"))
	if err != nil || len(l.Entries) != 1 || l.Entries[0].Note != "it's ours" || l.Entries[0].FirstSeen != "2025-01-02" {
		t.Errorf("got %+v, %v", l, err)
	}
}

func FuzzRead(f *testing.F) {
	example, err := Write(exampleLock())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte("version: 1\nscripts: []\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Read("x.lock", data)
		if err != nil {
			return
		}
		written, err := Write(l)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := Read("x.lock", written)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, written)
		}
		if diff := Diff(l, again); len(diff) > 0 || len(l.Entries) != len(again.Entries) {
			t.Fatalf("writing and reading changes:\n%s", Render(diff))
		}
	})
}

package lock

import (
	"reflect"
	"testing"
	"time"
)

func pinned(day int, found ...Found) *Lock {
	l, _ := Pin(found, found, time.Date(2025, 1, day, 0, 0, 0, 0, time.UTC))
	return l
}

func TestDiff(t *testing.T) {
	external := func(url, text string) Found { return Found{Kind: External, URL: url, Page: "/", Text: []byte(text)} }
	old := pinned(1,
		external("https://a/same.js", "same"), external("https://a/changed.js", "before"), external("https://a/gone.js", "gone"),
		inlineFound("script 1", "one()\ntwo()\nthree()"), inlineFound("script 2", "moved()"), inlineFound("script 3", "gone()"),
		Found{Kind: Handler, Page: "/", Place: "p onclick", Text: []byte("before()")},
	)
	new := pinned(2,
		external("https://a/same.js", "same"), external("https://a/changed.js", "behind it"), external("https://a/new.js", "new"),
		inlineFound("script 1", "one()\n2()\nthree()"), inlineFound("script 7", "moved()"), inlineFound("script 8", "new(\"\x1b[31m\")"),
		Found{Kind: Handler, Page: "/", Place: "p onclick", Text: []byte("behind()")},
	)
	golden(t, "diff.txt", Render(Diff(old, new)))
	if d := Diff(old, old); len(d) != 0 || Render(d) != "" {
		t.Errorf("a lock differs from itself: %s", Render(d))
	}
	if d := Diff(&Lock{}, old); len(d) != len(old.Entries) {
		t.Errorf("%d of %d are new", len(d), len(old.Entries))
	}
}

func TestDiffOfTemplates(t *testing.T) {
	before := &Lock{Entries: []Entry{inlineEntry("script 1", "var a = {\"b\":1};\nc()", true)}}
	for _, test := range []struct {
		name  string
		entry Entry
		want  int // changes
		line  int
	}{
		{"other data", inlineEntry("script 1", "var a = {\"d\":2};\nc()", true), 0, 0},
		{"other data elsewhere", inlineEntry("script 5", "var a = {\"d\":2};\nc()", true), 0, 0},
		{"other code", inlineEntry("script 1", "var a = {\"d\":2};\nd()", true), 1, 2},
		{"no template any more", inlineEntry("script 1", "var a = {\"b\":1};\nc()", false), 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			changes := Diff(before, &Lock{Entries: []Entry{test.entry}})
			if len(changes) != test.want || len(changes) == 1 && changes[0].Line != test.line {
				t.Errorf("got %s", Render(changes))
			}
		})
	}
}

func TestMerge(t *testing.T) {
	with := func(e Entry, note, day string) Entry {
		e.Note, e.FirstSeen = note, day
		return e
	}
	other := inlineEntry("script 1", "other()", false)
	other.Page = "/other"
	oldState := with(inlineEntry("script 3", `var s = {"a":1};`, true), "state", "2024-01-01")
	old := &Lock{Entries: []Entry{
		with(inlineEntry("script 1", "same()", false), "same", "2024-01-01"),
		with(inlineEntry("script 2", "before()", false), "changed", "2024-01-01"),
		oldState,
		with(inlineEntry("script 4", "gone()", false), "gone", "2024-01-01"),
		other,
	}}
	// The second pin saw the state twice with the same data, so that it knows of no
	// template; the old one must stay.
	found := pinned(5, inlineFound("script 9", "same()"), inlineFound("script 2", "behind()"), inlineFound("script 3", `var s = {"b":2};`), inlineFound("script 6", "new()"))
	got := Merge(old, found, []string{"/"})
	var notes []string
	for _, e := range got.Entries {
		notes = append(notes, e.Page+" "+e.Place+" "+e.Note+" "+e.FirstSeen)
	}
	want := []string{"/ script 1 same 2024-01-01", "/ script 2 changed 2024-01-01", "/ script 3 state 2024-01-01", "/ script 6  2025-01-05", "/other script 1  2025-01-02"}
	if !reflect.DeepEqual(notes, want) {
		t.Errorf("got  %q\nwant %q", notes, want)
	}
	if !reflect.DeepEqual(got.Entries[2], oldState) {
		t.Errorf("the state became %+v", got.Entries[2])
	}
	if got.Entries[1].Digest != Digest([]byte("behind()")) {
		t.Error("the changed script has its old digest")
	}
	if d := Diff(got, Merge(got, found, []string{"/"})); len(d) > 0 {
		t.Errorf("merging twice changes:\n%s", Render(d))
	}
	// The same pin again writes the same file.
	first, err := Write(got)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Write(Merge(got, found, []string{"/"}))
	if err != nil || string(first) != string(second) {
		t.Errorf("got\n%s\nwant\n%s", second, first)
	}
	if all := Merge(old, &Lock{}, nil); len(all.Entries) != len(old.Entries) {
		t.Error("pinning no page takes entries away")
	}
}

// A few pins find all values that change.
func TestMergeKeepsWhatIsOpen(t *testing.T) {
	pin := func(day int, first, second string) *Lock {
		l, unpinned := Pin([]Found{inlineFound("script 1", first)}, []Found{inlineFound("script 1", second)}, time.Date(2025, 1, day, 0, 0, 0, 0, time.UTC))
		if len(unpinned) > 0 {
			t.Fatal(unpinned)
		}
		return l
	}
	pages := []string{"/"}
	first := pin(1, "var a = 1;\nvar b = 1;\nvar c = 1;", "var a = 2;\nvar b = 1;\nvar c = 1;")
	second := pin(2, "var a = 1;\nvar b = 1;\nvar c = 1;", "var a = 1;\nvar b = 2;\nvar c = 1;")
	both := Merge(first, second, pages)
	if len(both.Entries) != 1 || !reflect.DeepEqual(both.Entries[0].Open, []int{0, 1}) || both.Entries[0].FirstSeen != "2025-01-01" {
		t.Fatalf("got %+v", both)
	}
	for _, test := range []struct {
		text string
		want bool
	}{
		{"var a = 8;\nvar b = 9;\nvar c = 1;", true},
		{"var a = 8;\nvar b = 9;\nvar c = 2;", false},
	} {
		if _, ok := both.Compile().Inline([]byte(test.text), false); ok != test.want {
			t.Errorf("%q matches: %t", test.text, ok)
		}
	}
	if e, line, ok := both.Compile().Nearest([]byte("var a = 8;\nvar b = 9;\nvar c = 2;")); !ok || line != 3 {
		t.Errorf("nearest is %v, line %d", e, line)
	}
	golden(t, "diff-open.txt", Render(Diff(first, both)))

	// What another pin finds that opens no more changes nothing; a constant that is
	// another one does.
	same := Merge(both, pin(3, "var a = 5;\nvar b = 6;\nvar c = 1;", "var a = 5;\nvar b = 7;\nvar c = 1;"), pages)
	if d := Diff(both, same); len(d) > 0 {
		t.Errorf("got %s", Render(d))
	}
	other := Merge(both, pin(3, "var a = 5;\nvar b = 6;\nvar c = 4;", "var a = 5;\nvar b = 6;\nvar c = 4;"), pages)
	if d := Diff(both, other); len(d) != 1 || d[0].Line != 3 || len(other.Entries) != 1 || len(other.Entries[0].Open) != 2 {
		t.Errorf("got %s", Render(d))
	}
	written, err := Write(other)
	if err != nil {
		t.Fatal(err)
	}
	read, err := Read("x.lock", written)
	if err != nil || len(Diff(other, read)) > 0 {
		t.Errorf("the file differs: %v, %s", err, Render(Diff(other, read)))
	}
}

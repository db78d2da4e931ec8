package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

func TestThePageIsNotStale(t *testing.T) {
	want, err := table(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, pageFile))
	if err != nil || string(got) != want {
		t.Errorf("%s is stale (%v); run go generate ./%s", pageFile, err, folder)
	}
}

// The generator's own promise: nothing is claimed that no test stands for, and no
// test claims what no standard says.
func TestWhatIsMissingIsFound(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range searched {
		write(folder+"/doc.go", "package a\n")
	}
	write(folder+"/XEP0001.txt", "# Title\n1.2 Tested It is so.\n3 Forgotten It is so too.\n4 - The client does.\n")
	write("bosh/a_test.go", "package a\nfunc TestXEP0001_1_2_Tested(){}\nfunc TestXEP0001_9_Invented(){}\nfunc TestOther(){}\n")
	page, err := table(dir)
	if err == nil || !strings.Contains(err.Error(), "there is no TestXEP0001_3_Forgotten") ||
		!strings.Contains(err.Error(), "TestXEP0001_9_Invented has no line") || strings.Contains(err.Error(), "Other") {
		t.Errorf("problems: %v", err)
	}
	for _, want := range []string{"## Title", "| 1.2 | It is so. | `TestXEP0001_1_2_Tested` (bosh/a_test.go) |", "| 4 | The client does. | the other side's |"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
}

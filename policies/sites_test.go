package policies

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadSites(t *testing.T) {
	t.Chdir("testdata/sites")
	got, err := LoadSites("good")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, p := range got {
		files = append(files, filepath.ToSlash(p.File))
		if p.Listen[0] != "127.0.0.1:8081" || p.Console != "127.0.0.1:9180" || p.Limits.Header != 16<<10 {
			t.Errorf("%s does not share its listeners: %q, %q, %d", p.File, p.Listen, p.Console, p.Limits.Header)
		}
	}
	if want := "good/a.yaml good/b.yml good/c.json"; strings.Join(files, " ") != want {
		t.Errorf("files %q, want %s", files, want)
	}
	if got, err = LoadSites("good/a.yaml"); err != nil || len(got) != 1 || got[0].File != "good/a.yaml" {
		t.Errorf("one file: %v, %v", got, err)
	}
}

func TestBrokenSites(t *testing.T) {
	t.Chdir("testdata/sites")
	for _, folder := range []string{"same-host", "no-hosts", "listeners", "console", "several"} {
		t.Run(folder, func(t *testing.T) {
			got, err := LoadSites(folder)
			var problems Problems
			if !errors.As(err, &problems) || got != nil {
				t.Fatalf("error %v, want Problems", err)
			}
			for i := range problems {
				problems[i].File = filepath.ToSlash(problems[i].File)
			}
			golden(t, folder+".golden", problems.Error()+"\n")
		})
	}
}

func TestFoldersWithoutPolicies(t *testing.T) {
	t.Chdir("testdata/sites")
	for path, want := range map[string]string{
		"empty": "the folder empty has no policy file: *.yaml, *.yml or *.json",
		"none":  "the policy file cannot be read: ",
	} {
		if _, err := LoadSites(path); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", path, err, want)
		}
	}
}

// A file that cannot be read does not hide the problems of the others.
func TestUnreadableSite(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string][]byte{"a.yaml": []byte("x: 1\n"), "c.yaml": make([]byte, maxFile+1)})
	if err := os.Symlink("nowhere", filepath.Join(dir, "b.yaml")); err != nil {
		t.Fatal(err)
	}
	_, err := LoadSites(dir)
	var problems Problems
	if !errors.As(err, &problems) || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "c.yaml is too large") {
		t.Errorf("error %v", err)
	}
}

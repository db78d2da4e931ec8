package policies

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// secret is what a variable holds that no message may show.
const secret = "s3cr3t"

func setVariables(t testing.TB) {
	for name, value := range map[string]string{
		"CHATPROXY_TEST_SECRET": secret,
		"CHATPROXY_TEST_LIST":   `["127.0.0.1:1"]`,
		"CHATPROXY_TEST_KEYS":   "{body: 1MiB}",
		"CHATPROXY_TEST_EMPTY":  "",
	} {
		if err := os.Setenv(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Unsetenv(name) })
	}
}

// golden compares got with the golden file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// Each testdata/broken/NAME.yaml shows a fault, and NAME.golden has its message.
func TestBrokenPolicies(t *testing.T) {
	t.Chdir("testdata/broken") // so that messages are the same on every machine
	setVariables(t)
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d broken policies, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			got, err := LoadSites(file)
			var problems Problems
			if !errors.As(err, &problems) || got != nil {
				t.Fatalf("error %v, want Problems", err)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if file != "lock-is-broken.yaml" { // whose problems are in another one, too
				wantInside(t, problems, file, data)
			}
			if strings.Contains(problems.Error(), secret) || strings.Contains(problems.Error(), "hunter2") {
				t.Errorf("a secret is told: %v", problems)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", problems.Error()+"\n")
		})
	}
}

// wantInside fails unless every problem is at a place that the file has, or where
// something could be appended to it.
func wantInside(t *testing.T, problems Problems, file string, data []byte) {
	t.Helper()
	lines := strings.Split(lineBreaks.Replace(strings.TrimPrefix(string(data), "\ufeff")), "\n")
	for _, p := range problems {
		if p.File != file || p.Line < 1 || p.Column < 1 || p.Line > len(lines) || p.Column > len([]rune(lines[p.Line-1]))+1 {
			t.Errorf("%q is outside of the file: %q", p, data)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Chdir("testdata/warnings")
	for _, file := range []string{"all.yaml", "none.yaml"} {
		p, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		wantInside(t, p.Warnings(), file, data)
		golden(t, strings.TrimSuffix(file, ".yaml")+".golden", p.Warnings().Error()+"\n")
	}
}

// A loader that takes a file gives a policy that is whole, and the same one again;
// one that refuses it tells a place in the file.
func FuzzPolicy(f *testing.F) {
	seeds := 0
	for _, pattern := range []string{"testdata/broken/*.yaml", "testdata/sites/*/*.yaml", "testdata/warnings/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil { // one is a folder
				f.Add(data)
				seeds++
			}
		}
	}
	f.Add([]byte("---"))
	f.Add([]byte("\u0085\xbd")) // the library counts NEL as a line's end
	if seeds < 60 {
		f.Fatalf("%d seeds in testdata", seeds)
	}
	setVariables(f)
	file := filepath.Join(f.TempDir(), "p.yaml") // no file that a policy names is beside it
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(file, data)
		again, errAgain := Parse(file, data)
		if err != nil {
			var problems Problems
			if !errors.As(err, &problems) || len(problems) == 0 {
				t.Fatalf("error %v, want Problems", err)
			}
			wantInside(t, problems, file, data)
			if errAgain == nil || err.Error() != errAgain.Error() {
				t.Errorf("%v, and then %v", err, errAgain)
			}
			return
		}
		wantInside(t, p.Warnings(), file, data)
		if p.Site.Upstream.URL == nil || p.XMPP.Domain == "" || p.Version != 1 {
			t.Errorf("accepted without what is required: %q", data)
		}
		if errAgain != nil || asText(p) != asText(again) {
			t.Errorf("accepted, and then something else: %v, %q", errAgain, data)
		}
	})
}

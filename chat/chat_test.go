package chat

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// build writes a folder with a small Converse build and more files.
func build(t *testing.T, more ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range append(more, module, stylesheet) {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.Repeat("/* "+name+" */", 100)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func open(t *testing.T, folder string) *Client {
	t.Helper()
	c, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The path of a build is its content's: the same for the same files, another when
// one byte or one name differs.
func TestTheBaseIsTheBuildsDigest(t *testing.T) {
	folder := build(t, "locales/de.js")
	base := open(t, folder).Base
	if !strings.HasPrefix(base, "/.chatproxy/client/") || !strings.HasSuffix(base, "/") {
		t.Errorf("base is %s", base)
	}
	if same := open(t, build(t, "locales/de.js", "converse.min.js.map", ".git/config")).Base; same != base {
		t.Errorf("files that are not served changed the base")
	}
	if other := open(t, build(t, "locales/en.js")).Base; other == base {
		t.Error("another name has the same base")
	}
	if err := os.WriteFile(filepath.Join(folder, module), []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if other := open(t, folder).Base; other == base {
		t.Error("another content has the same base")
	}
}

func TestNoClient(t *testing.T) {
	half := build(t)
	if err := os.Remove(filepath.Join(half, stylesheet)); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{t.TempDir(), filepath.Join(t.TempDir(), "nowhere"), half} {
		_, err := Open(folder)
		if !errors.Is(err, ErrNoClient) || !strings.Contains(err.Error(), "give the folder that holds converse.min.js") {
			t.Errorf("%s: got %v", folder, err)
		}
	}
	if _, err := embedded.ReadFile("converse/" + module); err == nil {
		return // this program was built with it
	}
	if _, err := Open("embedded"); !errors.Is(err, ErrNoClient) || !strings.Contains(err.Error(), "make generate") {
		t.Errorf("embedded: got %v", err)
	}
}

func TestConfig(t *testing.T) {
	c := open(t, build(t))
	config, err := c.Config("example.com", map[string]any{"view_mode": "overlayed"}, Endpoints{BOSH: "/http-bind"})
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"base":"` + c.Base + `","bosh":"/http-bind","domain":"example.com","settings":{"view_mode":"overlayed"},"stylesheet":"converse.min.css","module":"converse.min.js"}`
	if string(encoded) != want {
		t.Errorf("got %s, want %s", encoded, want)
	}
	if config, err = c.Config("example.com", nil, Endpoints{}); err != nil || string(config.Settings) != "{}" {
		t.Errorf("no settings: got %s, %v", config.Settings, err)
	}
	if _, err := c.Config("example.com", map[string]any{"f": func() {}}, Endpoints{}); err == nil {
		t.Error("settings that are no JSON: no error")
	}
}

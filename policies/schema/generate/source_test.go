package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is not documented is named.
func TestFaultsNameTheKey(t *testing.T) {
	tests := []struct{ name, field, want string }{
		{"no comment", "Key string `yaml:\"key\"`", "policies.Policy.Key: its comment has no meaning"},
		{"no meaning", "// Default: none.\nKey string `yaml:\"key\"`", "policies.Policy.Key: its comment has no meaning"},
		{"no default", "// Key is a text.\nKey string `yaml:\"key\"`", `policies.Policy.Key: its comment has no sentence that begins with "Default"`},
		{"a default of the wrong type", "// Key is a number. Default ten.\nKey int `yaml:\"key\"`", "policies.Policy: the default of key: "},
		{"a default that is no word", "// Key is a word. Default grey.\nKey Colour `yaml:\"key\"`", `policies.Policy: the default of key: "grey" is none of [red blue]`},
		{"a syntax that is not known", "// Key is a text. Default: none.\nKey Own `yaml:\"key\"`", "policies.Own reads its own text: add how it is written to syntax.go"},
		{"a type that is not known", "// Key is a text. Default: none.\nKey float64 `yaml:\"key\"`", "Policy.Key has a type that the generator does not know"},
	}
	const rest = `
type Colour string
const (
	Red Colour = "red"
	Blue Colour = "blue"
)
func (c *Colour) UnmarshalText([]byte) error { return nil }
type Own string
func (o *Own) UnmarshalText([]byte) error { return nil }
`
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			code := "package policies\n\n// A Policy is a file.\ntype Policy struct {\n" + tt.field + "\n}\n" + rest
			if err := os.WriteFile(filepath.Join(dir, "policies.go"), []byte(code), 0o600); err != nil {
				t.Fatal(err)
			}
			src, err := readSource(dir)
			if err == nil {
				_, err = schemaOf(src)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// Block comments in the manual: every block has its section, or generation fails.
func TestEveryBlockHasASection(t *testing.T) {
	src, err := readSource("../..")
	if err != nil {
		t.Fatal(err)
	}
	extra := &block{name: "Extra"}
	src.blocks = append(src.blocks, extra)
	src.byName["Extra"] = extra
	if _, err := manualOf(src); err == nil || !strings.Contains(err.Error(), "policy.md.tmpl has no section for policies.Extra") {
		t.Errorf("error %v", err)
	}
}

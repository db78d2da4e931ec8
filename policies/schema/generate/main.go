// Command generate makes the JSON Schema of the policy file and its manual from the
// comments of package policies, where every key is documented once. Run it through
// `go generate ./policies/schema`.
//
// The comment of a key gives its meaning, then its default, then its danger:
//
//	// Keep is how long a report is kept, like 30d or 12h. Default 30d.
//	// Danger: …
//
// "Default" and one word is the very value; "Default:" and more words describe it;
// "Required." is a key that must be there. A comment that lacks the meaning or the
// default is an error that names the key; only blocks need no default, for their keys
// have theirs.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// A product is one generated file; its name is relative to policies/schema.
type product struct {
	name    string
	content []byte
}

// write makes every product; dir is policies/schema.
func write(dir string) error {
	products, err := build(dir)
	if err != nil {
		return err
	}
	for _, p := range products {
		if err := os.WriteFile(filepath.Join(dir, p.name), p.content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// build returns every product; dir is policies/schema.
func build(dir string) ([]product, error) {
	src, err := readSource(filepath.Join(dir, ".."))
	if err != nil {
		return nil, err
	}
	schema, err := schemaOf(src)
	if err != nil {
		return nil, err
	}
	manual, err := manualOf(src)
	if err != nil {
		return nil, err
	}
	return []product{{"policy.schema.json", schema}, {"../../docs/policy.md", manual}}, nil
}

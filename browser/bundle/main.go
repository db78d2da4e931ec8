// Command bundle makes the scripts of browser/dist from their TypeScript, one
// self-contained script for each realm. Run it through `go generate ./browser`.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// realms are the bundles: folder of the source, which is the name of the result. The
// last has a package of npm in it, so it is not committed (decision 0017).
var realms = []string{"guard", "digest", "converse", "compartment", "indexeddb"}

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

// write makes every bundle of the browser folder dir.
func write(dir string) error {
	for _, realm := range realms {
		script, err := build(dir, realm)
		if err != nil {
			return err
		}
		if err := os.WriteFile(distFile(dir, realm), script, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func distFile(dir, realm string) string { return filepath.Join(dir, "dist", realm+".js") }

// build returns the bundle of one realm: an IIFE, so that nothing of it is a
// global of the page, for the oldest browsers that know Trusted Types.
func build(dir, realm string) ([]byte, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:     absolute,
		EntryPoints:       []string{filepath.Join(realm, "main.ts")},
		Bundle:            true,
		Format:            api.FormatIIFE,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		MinifyWhitespace:  true,
		MinifySyntax:      true,
		MinifyIdentifiers: true,
		LegalComments:     api.LegalCommentsNone,
		Banner:            map[string]string{"js": "/* chatproxy, Apache-2.0. Made from browser/" + realm + " by go generate: do not edit. */"},
	})
	var problems []error
	for _, m := range append(result.Errors, result.Warnings...) {
		where := ""
		if m.Location != nil {
			where = fmt.Sprintf("%s:%d:%d: ", m.Location.File, m.Location.Line, m.Location.Column)
		}
		problems = append(problems, errors.New(where+m.Text))
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return result.OutputFiles[0].Contents, nil
}

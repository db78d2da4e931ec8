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

// realms are the bundles: the name of the result, and where its source begins. The
// last has a package of npm in it, so it is not committed (decision 0017).
var realms = []struct{ name, entry string }{
	{"guard", "guard/main.ts"},
	{"digest", "digest/main.ts"},
	{"forward", "forward/main.ts"},
	{"kept", "kept/main.ts"},
	{"shown", "shown/main.ts"},
	{"converse", "converse/main.ts"},
	{"compartment", "compartment/main.ts"},
	{"visible", "compartment/visible.ts"},
	{"indexeddb", "indexeddb/main.ts"},
}

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

// write makes every bundle of the browser folder dir.
func write(dir string) error {
	for _, realm := range realms {
		script, err := build(dir, realm.entry)
		if err != nil {
			return err
		}
		if err := os.WriteFile(distFile(dir, realm.name), script, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func distFile(dir, realm string) string { return filepath.Join(dir, "dist", realm+".js") }

// build returns the bundle of one realm: an IIFE, so that nothing of it is a
// global of the page, for the oldest browsers that know Trusted Types.
func build(dir, entry string) ([]byte, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	options := api.BuildOptions{
		AbsWorkingDir:     absolute,
		EntryPoints:       []string{entry},
		Bundle:            true,
		Format:            api.FormatIIFE,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		MinifyWhitespace:  true,
		MinifySyntax:      true,
		MinifyIdentifiers: true,
		LegalComments:     api.LegalCommentsNone,
		Banner:            map[string]string{"js": "/* chatproxy, Apache-2.0. Made from browser/" + entry + " by go generate: do not edit. */"},
	}
	if filepath.Dir(entry) == "indexeddb" {
		// What fake-indexeddb queues its tasks with, where there is one.
		options.Define = map[string]string{"globalThis.setImmediate": "queueDatabaseTask"}
		options.Inject = []string{filepath.Join("indexeddb", "task.ts")}
	}
	result := api.Build(options)
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

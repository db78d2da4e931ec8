package vendors

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

//go:embed libraries
var libraryFiles embed.FS

// Libraries are the scripts that the collector serves, by their name without ".js",
// and the versions of the packages that they come from.
type Libraries struct {
	scripts  map[string][]byte
	posthog  http.Handler      // the scripts that PostHog's loads when it needs them
	versions map[string]string // by package
}

// LoadLibraries reads and bundles all scripts. nodeModules is the folder that npm has
// filled by the lockfile.
func LoadLibraries(nodeModules string) (*Libraries, error) {
	l := &Libraries{scripts: map[string][]byte{}, versions: map[string]string{},
		posthog: http.FileServer(http.Dir(filepath.Join(nodeModules, "posthog-js", "dist")))}
	for _, v := range All {
		script, err := v.load(nodeModules)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Key, err)
		}
		l.scripts[v.Key] = script
		if v.Package != "" {
			if l.versions[v.Package], err = version(nodeModules, v.Package); err != nil {
				return nil, err
			}
		}
		for _, name := range v.Before {
			if l.scripts[name], err = bundle(name+".js", nodeModules); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	var err error
	if l.versions[partytownPackage], err = version(nodeModules, partytownPackage); err != nil {
		return nil, err
	}
	l.scripts["watch"], err = bundle("watch.js", nodeModules)
	return l, err
}

func (v Vendor) load(nodeModules string) ([]byte, error) {
	if v.Library.Entry != "" {
		return bundle(v.Library.Entry, nodeModules)
	}
	script, err := os.ReadFile(filepath.Join(nodeModules, filepath.FromSlash(v.Library.File)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: run npm ci", err)
	}
	if v.Library.Tail != "" {
		script = append(append(script, "\n;"...), v.Library.Tail...)
	}
	return script, err
}

// version returns which version of the package npm has installed.
func version(nodeModules, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(nodeModules, filepath.FromSlash(name), "package.json"))
	if err != nil {
		return "", err
	}
	var about struct{ Version string }
	if err := json.Unmarshal(text, &about); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return about.Version, nil
}

// bundle makes one classic script of a module in libraries/.
func bundle(entry, nodeModules string) ([]byte, error) {
	text, err := libraryFiles.ReadFile("libraries/" + entry)
	if err != nil {
		return nil, err
	}
	modules, err := filepath.Abs(nodeModules)
	if err != nil {
		return nil, err
	}
	result := api.Build(api.BuildOptions{
		Stdin:   &api.StdinOptions{Contents: string(text), Sourcefile: entry, ResolveDir: filepath.Dir(modules)},
		Bundle:  true,
		Format:  api.FormatIIFE,
		Target:  api.ES2020,
		Plugins: []api.Plugin{embedded},
	})
	var problems []error
	for _, m := range result.Errors {
		problems = append(problems, errors.New(m.Text))
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return result.OutputFiles[0].Contents, nil
}

// embedded lets modules of libraries/ import each other.
var embedded = api.Plugin{Name: "embedded", Setup: func(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: `^\./`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: strings.TrimPrefix(args.Path, "./"), Namespace: "embedded"}, nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "embedded"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		text, err := libraryFiles.ReadFile("libraries/" + args.Path)
		contents := string(text)
		return api.OnLoadResult{Contents: &contents}, err
	})
}}

// Package browser holds the TypeScript that runs in the browser, a folder for
// each realm, and the bundles made of it:
//
//	guard/        the protected page: the first script of every page
//	digest/       a part of the guard for sites whose policy names digests
//	forward/      a part of the guard for sites whose policy forwards calls
//	kept/         a part of the guard for sites whose policy has compartments keep values
//	shown/        a part of the guard for sites with visible compartments
//	converse/     a part of the guard for pages with the chat
//	compartment/  the opaque frame of isolated scripts
//	indexeddb/    the same frame, once something in it uses IndexedDB
//	message/      what the two say to each other: types and validators, no DOM
//
// The bundles in dist/ are committed, except indexeddb.js, which has a package of
// npm in it; `go generate` makes them anew and a test fails when they are stale.
package browser

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"chatproxy/browser/static"
)

//go:generate go run ./bundle

// Prefix is the path under which chatproxy's own files and endpoints stand on the
// site's host.
const Prefix = "/.chatproxy/"

var (
	//go:embed dist/guard.js
	guard []byte
	//go:embed dist/digest.js
	digest []byte
	//go:embed dist/forward.js
	forward []byte
	//go:embed dist/kept.js
	kept []byte
	//go:embed dist/shown.js
	shown []byte
	//go:embed dist/converse.js
	converse []byte
	//go:embed dist/compartment.js
	compartment []byte
	//go:embed dist/visible.js
	visible []byte
	//go:embed dist
	dist embed.FS
)

// A Bundle is one script of ours. Its path has its digest, so that it can be kept
// for ever and a new version is never mistaken for an old one.
type Bundle struct {
	Path string
	Body []byte
	file *static.File
}

// IndexedDB is what the prelude of compartments loads when something first uses
// databases. Where `make generate` has not made it, it is empty, and they do not open.
var IndexedDB = newBundle("indexeddb", optional("dist/indexeddb.js"))

func optional(name string) []byte {
	body, _ := dist.ReadFile(name) // there is nothing else that can go wrong
	return body
}

// NewGuard returns the guard with its configuration, under a name of its own. The
// configuration is the same on every page of a site, so that browsers keep it with
// the script instead of getting it with each page.
func NewGuard(name string, config Config) (Bundle, error) {
	encoded, err := json.Marshal(config)
	if err != nil {
		return Bundle{}, fmt.Errorf("the guard's configuration: %w", err)
	}
	literal, err := json.Marshal(string(encoded)) // JSON's strings are JavaScript's
	if err != nil {
		return Bundle{}, fmt.Errorf("the guard's configuration: %w", err)
	}
	parts := [][]byte{[]byte("document.currentScript.dataset.config="), literal, []byte(";\n")}
	if config.namesDigests() {
		parts = append(parts, digest)
	}
	if config.anyFrame(func(f Frame) bool { return len(f.Forward) > 0 }) {
		parts = append(parts, forward)
	}
	if config.anyFrame(func(f Frame) bool { return len(f.Storage) > 0 }) {
		parts = append(parts, kept)
	}
	if config.anyFrame(func(f Frame) bool { return f.Visible }) {
		parts = append(parts, shown)
	}
	if config.Chat != nil {
		parts = append(parts, converse)
	}
	for i, part := range parts {
		parts[i] = withoutBanner(part)
	}
	return newBundle(name, slices.Concat(append(parts, guard)...)), nil
}

// withoutBanner returns a part without its first line: the guard has it too.
func withoutBanner(bundle []byte) []byte {
	if first, rest, ok := bytes.Cut(bundle, []byte("\n")); ok && bytes.HasPrefix(first, []byte("/*")) && bytes.HasSuffix(first, []byte("*/")) {
		return rest
	}
	return bundle
}

func newBundle(name string, body []byte) Bundle {
	sum := sha256.Sum256(body)
	return Bundle{Path: Prefix + name + "." + hex.EncodeToString(sum[:8]) + ".js", Body: body, file: static.New(body, "text/javascript; charset=utf-8")}
}

// Moved returns the bundle for who asks for it under the path of another version. It
// is not kept.
func (b Bundle) Moved() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		b.file.ServeHTTP(w, r)
	})
}

// ServeHTTP sends the bundle.
func (b Bundle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	b.file.ServeHTTP(w, r)
}

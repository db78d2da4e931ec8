// Package browser holds the TypeScript that runs in the browser, a folder for
// each realm, and the bundles made of it:
//
//	guard/        the protected page: the first script of every page
//	compartment/  the opaque frame of isolated scripts
//	message/      what the two say to each other: types and validators, no DOM
//
// The bundles in dist/ are committed; `go generate` makes them anew and a test
// fails when they are stale.
package browser

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"strconv"
)

//go:generate go run ./bundle

// Prefix is the path under which chatproxy's own files and endpoints stand on the
// site's host.
const Prefix = "/.chatproxy/"

var (
	//go:embed dist/guard.js
	guard []byte
	//go:embed dist/compartment.js
	compartment []byte
)

// A Bundle is one script of ours. Its path has its digest, so that it can be kept
// for ever and a new version is never mistaken for an old one.
type Bundle struct {
	Path string
	Body []byte
}

// The bundles.
var (
	Guard       = newBundle("guard", guard)
	Compartment = newBundle("compartment", compartment)
)

func newBundle(name string, body []byte) Bundle {
	sum := sha256.Sum256(body)
	return Bundle{Path: Prefix + name + "." + hex.EncodeToString(sum[:8]) + ".js", Body: body}
}

// ServeHTTP sends the bundle.
func (b Bundle) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(b.Body)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(b.Body) // the client went away
}

package browser

import (
	"slices"

	"chatproxy/browser/static"
)

// CompartmentDocument is the document of every compartment: empty, and the prelude in
// it. Beside it the prelude would be one request more, and with every page anew:
// Chromium keeps nothing that a frame without an origin has fetched.
var CompartmentDocument = static.New(compartmentDocument(), "text/html; charset=utf-8")

func compartmentDocument() []byte {
	return slices.Concat(
		[]byte(`<!doctype html><html><head><meta charset="utf-8"><style>html,body{margin:0}</style><script data-indexeddb="`+IndexedDB.Path+`">`),
		compartment, []byte(`</script></head><body></body></html>`))
}

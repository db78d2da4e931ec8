package browser

import (
	"bytes"
	"slices"

	"chatproxy/browser/static"
)

// CompartmentDocument returns the document of hidden or of visible compartments: empty,
// and the prelude in it. Beside it the prelude would be one request more, and with every
// page anew: Chromium keeps nothing that a frame without an origin has fetched.
func CompartmentDocument(visible bool) *static.File {
	if visible {
		return visibleDocument
	}
	return hiddenDocument
}

var (
	hiddenDocument  = static.New(compartmentDocument(compartment), "text/html; charset=utf-8")
	visibleDocument = static.New(compartmentDocument(compartment, visible), "text/html; charset=utf-8")
)

func compartmentDocument(scripts ...[]byte) []byte {
	return slices.Concat(
		[]byte(`<!doctype html><html><head><meta charset="utf-8"><style>html,body{margin:0}</style><script data-indexeddb="`+IndexedDB.Path+`">`),
		bytes.Join(scripts, []byte("</script><script>")), []byte(`</script></head><body></body></html>`))
}

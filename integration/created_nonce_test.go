package integration

import (
	"testing"

	"chatproxy/integration/browsers"
)

// A link has our nonce while it preloads a script, and the page's own otherwise.
func TestNoncesOfLinks(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			s := newCreatedSite(t)
			b := browsers.Start(t, engine)
			b.Open(s.protected + "?only=nothing")
			for _, tt := range []struct{ name, js, want string }{
				{"a style sheet", `link.rel = "stylesheet"`, ""},
				{"a preload", `link.rel = "modulepreload"`, "ours"},
				{"a preload, by attribute", `link.setAttribute("rel", "preload")`, "ours"},
				{"a preload that becomes a style sheet", `link.rel = "preload"; link.rel = "stylesheet"`, ""},
				{"a preload that becomes a style sheet twice", `link.rel = "preload"; link.rel = "stylesheet"; link.rel = "preload"; link.setAttribute("REL", "stylesheet")`, ""},
				{"the page's nonce", `link.nonce = "own"; link.rel = "stylesheet"`, "own"},
				{"the page's nonce is ours", `link.nonce = ours; link.rel = "stylesheet"`, "ours"},
				{"the page's nonce, between", `link.nonce = "own"; link.rel = "preload"; link.rel = "stylesheet"`, "own"},
				{"the page's nonce, after", `link.rel = "preload"; link.nonce = "own"; link.rel = "stylesheet"`, "own"},
			} {
				got := b.Eval(`const link = document.createElement("link"), ours = document.querySelector("script").nonce;
if (!ours) return "no nonce on the page";
` + tt.js + `; return link.nonce === ours ? "ours" : link.nonce`)
				if got != tt.want {
					t.Errorf("%s: the nonce is %q, want %q", tt.name, got, tt.want)
				}
			}
		})
	}
}

package csp

import "slices"

// A Compartment says what the frame of an isolated script may do.
type Compartment struct {
	// Host is the site's own origin: it alone may frame the document.
	Host string
	// Origins is where scripts, connections, images, styles, fonts, media, forms
	// and nested frames may go: source expressions.
	Origins []string
	// Scripts is where else scripts may come from: source expressions.
	Scripts []string
	// Images is where else images and media may come from: source expressions.
	Images []string
	// Frames is where else nested frames may go: source expressions.
	Frames []string
	// Popups lets a click open a window that is not sandboxed.
	Popups bool
	// TopNavigation lets a click navigate the whole page.
	TopNavigation bool
}

// Policy returns the policy of the compartment's document.
//
// The wall is `sandbox` without allow-same-origin: the document's origin is
// opaque, whatever runs in it (HTML §7.1.1). That is why 'unsafe-inline' and
// 'unsafe-eval' do no harm here; the other directives limit where data can go.
// What is no request of the frame's own is limited where browsers let it be:
// webrtc is CSP3's for connections between peers.
//
// sandbox has none of allow-downloads, allow-modals, allow-pointer-lock,
// allow-presentation and allow-orientation-lock. With allow-forms an analytics
// script can post what is too long for a URL, to where it may connect and nowhere else.
func (c Compartment) Policy() Policy {
	with := func(own []string, more ...string) []string { return slices.Concat(own, c.Origins, more) }
	return Policy{}.
		With("sandbox", c.Sandbox()...).
		With("default-src", "'none'").
		With("script-src", with([]string{"'unsafe-inline'", "'unsafe-eval'"}, c.Scripts...)...).
		With("style-src", with([]string{"'unsafe-inline'"})...).
		With("img-src", with([]string{"data:", "blob:"}, c.Images...)...).
		With("font-src", with([]string{"data:"})...).
		With("media-src", with([]string{"data:", "blob:"}, c.Images...)...).
		With("connect-src", orNone(c.Origins)...).
		With("frame-src", orNone(with(nil, c.Frames...))...).
		With("form-action", orNone(c.Origins)...).
		With("worker-src", "blob:").
		With("object-src", "'none'").
		With("base-uri", "'none'").
		With("frame-ancestors", c.Host).
		With("webrtc", "'block'")
}

// Sandbox returns the keywords of the sandbox. Those of the frame's element in the
// page are the same: browser/guard/frame.ts.
func (c Compartment) Sandbox() []string {
	keywords := []string{"allow-scripts", "allow-forms"}
	if c.Popups {
		keywords = append(keywords, "allow-popups", "allow-popups-to-escape-sandbox")
	}
	if c.TopNavigation {
		keywords = append(keywords, "allow-top-navigation-by-user-activation")
	}
	return keywords
}

func orNone(sources []string) []string {
	if len(sources) == 0 {
		return []string{"'none'"}
	}
	return sources
}

package csp

// A Compartment says what the frame of an isolated script may do.
type Compartment struct {
	// Host is the site's own origin: it alone may frame the document, and the
	// prelude comes from it.
	Host string
	// Prelude is the URL of the script that makes vendor code work in the frame.
	Prelude string
	// Origins is where scripts, connections, images, styles, fonts, media, forms
	// and nested frames may go: source expressions.
	Origins []string
	// Scripts is where else scripts may come from: source expressions.
	Scripts []string
	// Popups lets a click open a window that is not sandboxed.
	Popups bool
}

// Policy returns the policy of the compartment's document.
//
// The wall is `sandbox` without allow-same-origin: the document's origin is
// opaque, whatever runs in it (HTML §7.1.1). That is why 'unsafe-inline' and
// 'unsafe-eval' do no harm here; the other directives limit where data can go.
func (c Compartment) Policy() Policy {
	sandbox := []string{"allow-scripts"}
	if c.Popups {
		sandbox = append(sandbox, "allow-popups", "allow-popups-to-escape-sandbox")
	}
	with := func(more ...string) []string { return append(more, c.Origins...) }
	return Policy{}.
		With("sandbox", sandbox...).
		With("default-src", "'none'").
		With("script-src", append(with("'unsafe-inline'", "'unsafe-eval'", c.Prelude), c.Scripts...)...).
		With("style-src", with("'unsafe-inline'")...).
		With("img-src", with("data:", "blob:")...).
		With("font-src", with("data:")...).
		With("media-src", with("data:", "blob:")...).
		With("connect-src", orNone(c.Origins)...).
		With("frame-src", orNone(c.Origins)...).
		With("form-action", orNone(c.Origins)...).
		With("worker-src", "blob:").
		With("object-src", "'none'").
		With("base-uri", "'none'").
		With("frame-ancestors", c.Host)
}

func orNone(sources []string) []string {
	if len(sources) == 0 {
		return []string{"'none'"}
	}
	return sources
}

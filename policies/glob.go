package policies

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Glob matches a path: `**` stands for anything, `*` for anything but "/".
// Neither stands for a line feed, which is in no path that a browser asks for.
type Glob struct {
	text    string
	matcher matcher
}

// UnmarshalText compiles a glob, which begins with "/".
func (g *Glob) UnmarshalText(text []byte) error {
	s := string(text)
	if !strings.HasPrefix(s, "/") {
		return fmt.Errorf("the glob %q must begin with \"/\"", s)
	}
	if hasControl(s) {
		return fmt.Errorf("the glob %q has a control character", s)
	}
	*g = Glob{text: s, matcher: newMatcher(s, "/")}
	return nil
}

// Match reports whether the path matches.
func (g Glob) Match(path string) bool {
	return g.text != "" && !strings.Contains(path, "\n") && g.matcher.match([]byte(path))
}

// String returns the glob as it was written.
func (g Glob) String() string { return g.text }

// URLGlob matches the URL of a script part by part: origin, path, query.
type URLGlob struct {
	text     string
	scheme   string  // "" for the site's own origin
	host     string  // the glob of host and port
	wild     bool    // host has a wildcard
	name     matcher // of the host without its port
	port     matcher // of the port with its colon; of nothing if there is none
	path     matcher // of the path, with "?" and the query if hasQuery
	pathGlob string
	hasQuery bool
}

// UnmarshalText compiles a glob such as /static/** or https://ads.example/**.
func (g *URLGlob) UnmarshalText(text []byte) error {
	s := string(text)
	if hasControl(s) {
		return fmt.Errorf("%q has a control character", s)
	}
	compiled := URLGlob{text: s, hasQuery: strings.Contains(s, "?"), pathGlob: s}
	if !strings.HasPrefix(s, "/") {
		scheme, rest, ok := strings.Cut(s, "://")
		if !ok || scheme != "http" && scheme != "https" {
			return fmt.Errorf("%q is neither a path like /static/** nor a URL like https://ads.example/**", s)
		}
		host, tail, hasPath := strings.Cut(rest, "/")
		if !hasPath {
			return fmt.Errorf("%q has no path: write %s/** for all of that host", s, s)
		}
		if host == "" || strings.ContainsAny(host, "@?#% \\") || host[0] != '[' && strings.Count(host, ":") > 1 {
			return fmt.Errorf("%q has no host that a browser would ask", s)
		}
		if address, _, ok := strings.Cut(host, "]"); ok && strings.Contains(address, "*") {
			return fmt.Errorf("%q has a wildcard in an address: wildcards are for names", s)
		}
		compiled.scheme = scheme
		compiled.host = strings.TrimPrefix(OriginOf(&url.URL{Scheme: scheme, Host: host}), scheme+"://")
		colon := portColon(compiled.host)
		compiled.wild = strings.Contains(compiled.host, "*")
		compiled.name, compiled.port = newMatcher(compiled.host[:colon], "."), newMatcher(compiled.host[colon:], ".")
		compiled.pathGlob = "/" + tail
	} else if strings.HasPrefix(s, "//") {
		return fmt.Errorf("%q needs its scheme: write https:%s", s, s)
	}
	compiled.path = newMatcher(compiled.pathGlob, "/?")
	*g = compiled
	return nil
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Match reports whether the resolved URL matches.
func (g *URLGlob) Match(u *ScriptURL) bool { return g.matchOrigin(u) && g.matchTarget(u) }

func (g *URLGlob) matchOrigin(u *ScriptURL) bool {
	switch {
	case g.scheme == "":
		return u.sameOrigin
	case u.scheme != g.scheme:
		return false
	case !g.wild:
		return string(u.host()) == g.host
	}
	host := u.host()
	colon := portColon(host)
	// No wildcard stands for a colon, and so for no address like [::1].
	return (host[0] != '[' || len(g.name.parts) == 0) && g.name.match(host[:colon]) && g.port.match(host[colon:])
}

// portColon returns where the colon before the port is, or the length of host.
func portColon[T string | []byte](host T) int {
	for i := range len(host) {
		if host[i] == ':' && (host[0] != '[' || host[i-1] == ']') {
			return i
		}
	}
	return len(host)
}

// matchTarget matches path and query, where browsers send the query as it is
// written.
func (g *URLGlob) matchTarget(u *ScriptURL) bool {
	if g.hasQuery {
		return u.queryPlain && g.path.match(u.target())
	}
	return g.path.match(u.path())
}

// String returns the glob as it was written.
func (g URLGlob) String() string { return g.text }

// A URLPattern is a URLGlob for the guard, which decides in the browser on
// scripts that scripts create: regular expressions in the dialect that Go and
// JavaScript share. URLGlob.Match gives the same answers without them.
type URLPattern struct {
	Origin string `json:"origin,omitempty"` // of the URL's origin; empty for the page's own
	Path   string `json:"path"`             // of the path, with "?" and the query if Query
	Query  bool   `json:"query,omitempty"`
}

// Pattern returns g for the guard.
func (g URLGlob) Pattern() URLPattern {
	p := URLPattern{Path: globPattern(g.pathGlob, "[^/?]*", ".*"), Query: g.hasQuery}
	if g.scheme != "" {
		p.Origin = globPattern(g.scheme+"://"+g.host, "[^./:]*", "[^/:]*")
	}
	return p
}

// Source returns the origins that g can match as a CSP source expression. CSP
// knows a wildcard only as the leftmost label; other globs become the scheme.
func (g URLGlob) Source(page string) string {
	if g.scheme == "" {
		return page
	}
	host := g.host
	for _, wild := range []string{"**.", "*."} {
		if rest, ok := strings.CutPrefix(host, wild); ok {
			host = "*." + rest
			break
		}
	}
	if strings.Contains(strings.TrimPrefix(host, "*."), "*") {
		return g.scheme + ":"
	}
	return g.scheme + "://" + host
}

// globPattern turns a glob into an anchored regular expression, with one for `*`
// and many for `**`.
func globPattern(glob, one, many string) string {
	var b strings.Builder
	b.WriteByte('^')
	for glob != "" {
		switch {
		case strings.HasPrefix(glob, "**"):
			b.WriteString(many)
			glob = glob[2:]
		case glob[0] == '*':
			b.WriteString(one)
			glob = glob[1:]
		default:
			i := strings.IndexByte(glob, '*')
			if i < 0 {
				i = len(glob)
			}
			b.WriteString(regexp.QuoteMeta(glob[:i]))
			glob = glob[i:]
		}
	}
	b.WriteByte('$')
	return b.String()
}

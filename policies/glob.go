package policies

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Glob matches a path: `**` stands for anything, `*` for anything but "/".
type Glob struct {
	text    string
	pattern *regexp.Regexp
}

// UnmarshalText compiles a glob, which begins with "/".
func (g *Glob) UnmarshalText(text []byte) error {
	s := string(text)
	if !strings.HasPrefix(s, "/") {
		return fmt.Errorf("the glob %q must begin with \"/\"", s)
	}
	*g = Glob{text: s, pattern: regexp.MustCompile(globPattern(s, "[^/]*", ".*"))}
	return nil
}

// Match reports whether the path matches.
func (g Glob) Match(path string) bool { return g.pattern != nil && g.pattern.MatchString(path) }

// String returns the glob as it was written.
func (g Glob) String() string { return g.text }

// URLGlob matches the URL of a script part by part: origin, path, query.
type URLGlob struct {
	text     string
	scheme   string         // "" for the site's own origin
	host     string         // the glob of host and port
	origin   *regexp.Regexp // nil for the site's own origin
	path     *regexp.Regexp
	hasQuery bool
}

// UnmarshalText compiles a glob such as /static/** or https://ads.example/**.
func (g *URLGlob) UnmarshalText(text []byte) error {
	s := string(text)
	compiled := URLGlob{text: s, hasQuery: strings.Contains(s, "?")}
	path := s
	if !strings.HasPrefix(s, "/") {
		scheme, rest, ok := strings.Cut(s, "://")
		if !ok || scheme != "http" && scheme != "https" {
			return fmt.Errorf("%q is neither a path like /static/** nor a URL like https://ads.example/**", s)
		}
		host, tail, hasPath := strings.Cut(rest, "/")
		if !hasPath {
			return fmt.Errorf("%q has no path: write %s/** for all of that host", s, s)
		}
		if host == "" || strings.ContainsAny(host, "@?#% \\") {
			return fmt.Errorf("%q has no host that a browser would ask", s)
		}
		host = strings.TrimPrefix(OriginOf(&url.URL{Scheme: scheme, Host: host}), scheme+"://")
		compiled.scheme, compiled.host = scheme, host
		compiled.origin = regexp.MustCompile(globPattern(scheme+"://"+host, "[^./:]*", "[^/:]*"))
		path = "/" + tail
	} else if strings.HasPrefix(s, "//") {
		return fmt.Errorf("%q needs its scheme: write https:%s", s, s)
	}
	compiled.path = regexp.MustCompile(globPattern(path, "[^/?]*", ".*"))
	*g = compiled
	return nil
}

// Match reports whether the resolved URL u matches on a page of the given origin.
func (g *URLGlob) Match(u *url.URL, page string) bool {
	origin := OriginOf(u)
	if g.origin == nil && origin != page || g.origin != nil && !g.origin.MatchString(origin) {
		return false
	}
	target := u.EscapedPath()
	if target == "" {
		target = "/"
	}
	if g.hasQuery {
		if !plainQuery(u.RawQuery) {
			return false // browsers may send another one
		}
		target += "?" + u.RawQuery
	}
	return g.path.MatchString(target)
}

// String returns the glob as it was written.
func (g URLGlob) String() string { return g.text }

// A URLPattern is a URLGlob for the guard, which decides in the browser on
// scripts that scripts create: regular expressions in the dialect that Go and
// JavaScript share.
type URLPattern struct {
	Origin string `json:"origin,omitempty"` // of the URL's origin; empty for the page's own
	Path   string `json:"path"`             // of the path, with "?" and the query if Query
	Query  bool   `json:"query,omitempty"`
}

// Pattern returns g for the guard.
func (g URLGlob) Pattern() URLPattern {
	p := URLPattern{Path: g.path.String(), Query: g.hasQuery}
	if g.origin != nil {
		p.Origin = g.origin.String()
	}
	return p
}

// Source returns the origins that g can match as a CSP source expression. CSP
// knows a wildcard only as the leftmost label; other globs become the scheme.
func (g URLGlob) Source(page string) string {
	if g.origin == nil {
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

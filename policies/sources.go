package policies

import "strings"

// A ScriptSource says where scripts that may run come from, as far as CSP can say it.
type ScriptSource struct {
	Own  bool   // of the site's own origin; Rest is a path
	Rest string // a path, or a source expression: origin and path
	Any  bool   // from anywhere; Rest is empty
}

// Sources returns where the scripts come from that are allowed by their URL, on
// whatever page. What the upstream's nonce allows is not among it.
func (s *Scripts) Sources() []ScriptSource {
	var sources []ScriptSource
	if s.Default == Allow {
		return append(sources, ScriptSource{Any: true})
	}
	for i := range s.Rules {
		rule := &s.Rules[i]
		if rule.Action != Allow {
			continue
		}
		if rule.AnyOrigin() {
			return []ScriptSource{{Any: true}}
		}
		for j := range rule.Match.Src {
			sources = append(sources, rule.Match.Src[j].scriptSource())
		}
	}
	for _, url := range s.locked.ExternalURLs() {
		sources = append(sources, ScriptSource{Rest: sourceOfURL(url)})
	}
	return sources
}

// scriptSource returns g as a source expression that has all that g matches. CSP
// compares a path that ends in "/" as a prefix, another one as a whole (CSP3 §6.7.2.9).
func (g *URLGlob) scriptSource() ScriptSource {
	path := sourcePath(g.pathGlob)
	if g.scheme == "" {
		return ScriptSource{Own: true, Rest: path}
	}
	origin := g.Source("")
	if strings.HasSuffix(origin, ":") {
		return ScriptSource{Rest: origin} // a scheme has no path
	}
	return ScriptSource{Rest: origin + path}
}

// sourceOfURL returns an absolute URL as a source expression.
func sourceOfURL(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	host, path, _ := strings.Cut(rest, "/")
	return scheme + "://" + host + sourcePath("/"+path)
}

// sourcePath returns the path of a glob up to its first wildcard, or to what the
// grammar of policies could take for something else; the query is not compared.
func sourcePath(glob string) string {
	path, _, _ := strings.Cut(glob, "?")
	end := strings.IndexFunc(path, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/-._~%@:+$!&()=", r))
	})
	if end < 0 {
		return path
	}
	return path[:strings.LastIndexByte(path[:end], '/')+1]
}

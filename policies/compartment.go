package policies

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Source is where a compartment may connect to, as CSP writes it: an origin like
// https://ads.example, one with a wildcard for a part of the host like
// https://*.ads.example, or https: for every server.
type Source string

// UnmarshalText reads a source.
func (s *Source) UnmarshalText(text []byte) error {
	written := string(text)
	if scheme := strings.ToLower(written); scheme == "https:" || scheme == "http:" {
		*s = Source(scheme)
		return nil
	}
	scheme, rest, _ := strings.Cut(written, "://")
	host, wild := strings.CutPrefix(rest, "*.")
	u, err := parseOrigin(scheme + "://" + host)
	if err != nil {
		if !wild && !strings.HasPrefix(strings.ToLower(written), "http") {
			return fmt.Errorf("%q is neither https: nor an origin like https://ads.example", written)
		}
		return err
	}
	origin := OriginOf(u)
	if wild {
		origin = strings.Replace(origin, "://", "://*.", 1)
	}
	*s = Source(origin)
	return nil
}

// CallPath is where a function of the page's scripts stands: names from the global
// object down, like dataLayer.push.
type CallPath string

var callPath = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*(?:\.[A-Za-z_$][A-Za-z0-9_$]*){0,7}$`)

// browsersOwn are first names of paths that are the browser's own and cannot, or must
// not, be put a stub in the place of.
var browsersOwn = []string{
	"console", "customElements", "document", "fetch", "frames", "globalThis", "history", "localStorage", "location", "navigator",
	"parent", "self", "sessionStorage", "top", "trustedTypes", "window",
}

// UnmarshalText reads a path.
func (p *CallPath) UnmarshalText(text []byte) error {
	path := string(text)
	if !callPath.MatchString(path) {
		return fmt.Errorf("%q is not the path of a function like dataLayer.push: names with dots between, eight at most", path)
	}
	names := strings.Split(path, ".")
	if slices.Contains(browsersOwn, names[0]) {
		return fmt.Errorf("%q is the browser's own: name a function of the page's scripts, from the global object on, like dataLayer.push", path)
	}
	for _, name := range names {
		// The stub would stand in a prototype (CWE-1321).
		if name == "__proto__" || name == "prototype" || name == "constructor" {
			return fmt.Errorf("%q goes through %s: calls of objects are forwarded, not of what they inherit from", path, name)
		}
	}
	*p = CallPath(path)
	return nil
}

// Feature is the name of a feature of the browser in Permissions-Policy, like
// autoplay.
type Feature string

var featureName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// UnmarshalText reads the name of a feature.
func (f *Feature) UnmarshalText(text []byte) error {
	if !featureName.Match(text) {
		return fmt.Errorf("%q is not the name of a feature like autoplay", text)
	}
	*f = Feature(text)
	return nil
}

// Forwards returns the functions whose calls are passed on into a compartment: those
// of all of its rules, each once, in their order.
func (p *Policy) Forwards(compartment string) []CallPath {
	var all []CallPath
	for i := range p.Scripts.Rules {
		if rule := &p.Scripts.Rules[i]; rule.Compartment == compartment && compartment != "" {
			for _, path := range rule.Forward {
				if !slices.Contains(all, path) {
					all = append(all, path)
				}
			}
		}
	}
	return all
}

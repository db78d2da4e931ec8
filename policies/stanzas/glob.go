package stanzas

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// What "*" stands for.
const (
	anything = ".*"
	oneLabel = "[^.]*"
)

// pattern is a text in which "*" stands for something, or a plain text.
type pattern struct {
	plain string
	wild  *regexp.Regexp // nil for a plain text
}

func newPattern(glob, star string) pattern {
	if !strings.Contains(glob, "*") {
		return pattern{plain: glob}
	}
	var b strings.Builder
	b.WriteString("(?s)^")
	for i, part := range strings.Split(strings.ReplaceAll(glob, "**", "\x00"), "*") {
		if i > 0 {
			b.WriteString(star)
		}
		for k, plain := range strings.Split(part, "\x00") {
			if k > 0 {
				b.WriteString(anything)
			}
			b.WriteString(regexp.QuoteMeta(plain))
		}
	}
	b.WriteString("$")
	return pattern{wild: regexp.MustCompile(b.String())} // all but the stars is quoted
}

func (p pattern) match(s string) bool {
	if p.wild == nil {
		return p.plain == s
	}
	return p.wild.MatchString(s)
}

// jidGlob is a JID in which parts may be left open.
type jidGlob struct {
	all                     bool // "**"
	hasLocal, hasResource   bool
	local, domain, resource pattern
}

// CheckJIDGlob tells what is wrong with a JID glob. One is written
//
//	example.com          the domain itself, and not its users
//	*@example.com        the users of the domain
//	ann@example.com      one user, from wherever
//	ann@example.com/*    one user's sessions, and not the account itself
//	*@*.example.com      in a domain "*" stands for anything but a dot, "**" for anything
//	**                   everybody
//
// A glob without a resource is for all resources: otherwise whoever must not be
// written to could be, by one more "/".
func CheckJIDGlob(text string) error {
	_, err := parseJIDGlob(text)
	return err
}

func parseJIDGlob(text string) (g jidGlob, err error) {
	if text == "**" {
		return jidGlob{all: true}, nil
	}
	bare, resource, hasResource := strings.Cut(text, "/")
	local, domain, hasLocal := strings.Cut(bare, "@")
	if !hasLocal {
		local, domain = "", bare
	}
	g.hasLocal, g.hasResource = hasLocal, hasResource
	for _, part := range []struct {
		name, text, star string
		given            bool
		prepare          func(string) (string, error)
		into             *pattern
	}{
		{"local part", local, anything, hasLocal, prepareLocal, &g.local},
		{"domain", domain, oneLabel, true, prepareDomain, &g.domain},
		{"resource", resource, anything, hasResource, prepareResource, &g.resource},
	} {
		if !part.given {
			continue
		}
		if part.text == "" {
			return g, fmt.Errorf("%q has no %s: write a JID like support@example.com, *@example.com or **", text, part.name)
		}
		if *part.into, err = preparePattern(part.text, part.star, part.prepare); err != nil {
			return g, fmt.Errorf("the %s of %q: %w", part.name, text, err)
		}
	}
	return g, nil
}

// preparePattern makes a pattern comparable with what prepare makes comparable.
func preparePattern(text, star string, prepare func(string) (string, error)) (pattern, error) {
	if !strings.Contains(text, "*") {
		prepared, err := prepare(text)
		return pattern{plain: prepared}, err
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > unicode.MaxASCII }) {
		return pattern{}, errors.New("beside \"*\" only ASCII can stand")
	}
	// What stands between the stars must itself be what a JID can have.
	if plain := strings.Trim(strings.ReplaceAll(text, "*", "x"), "."); plain != "" {
		if _, err := prepare(plain); err != nil {
			return pattern{}, err
		}
	}
	if star == oneLabel {
		text = strings.TrimSuffix(text, ".")
	}
	if prepared, err := prepare("A"); err == nil && prepared == "a" { // case does not count
		text = strings.ToLower(text)
	}
	return newPattern(text, star), nil
}

// matchAny tells whether one of the globs is for the JID.
func matchAny(globs []jidGlob, j *jid) answer {
	result := no
	if !j.sure {
		result = unknown
	}
	for i := range globs {
		if globs[i].all || j.sure && globs[i].match(j) {
			return yes
		}
	}
	return result
}

func (g *jidGlob) match(j *jid) bool {
	return g.hasLocal == (j.local != "") && g.domain.match(j.domain) &&
		(!g.hasLocal || g.local.match(j.local)) &&
		(!g.hasResource || j.resource != "" && g.resource.match(j.resource))
}

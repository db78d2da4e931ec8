package policies

import (
	"slices"
	"strings"
)

// coveredBy returns the rules that together leave nothing to rule i, in their order,
// or nil when it is not certain that there are such. Only rules that are usable are
// looked at.
//
// It errs on one side: a rule that it names can never decide, here or in the guard; of
// the others some may be dead too. A rule with page, type, id or class covers nothing,
// and neither does what depends on how filter lists overlap.
func coveredBy(rules []Rule, i int, usable func(int) bool) []int {
	rule := &rules[i]
	var by []int
	covered := func(covers func(earlier *Rule) bool) bool {
		for j := range i {
			earlier := &rules[j]
			// A rule that allows lets pass what is not certain: a URL that servers may
			// read in two ways, an inline script that is too long. Others do not.
			if earlier.Action == Allow && rule.Action != Allow || earlier.Action == "" || rule.Action == "" || earlier.Conditional() || !usable(j) {
				continue
			}
			if covers(earlier) {
				if !slices.Contains(by, j) {
					by = append(by, j)
				}
				return true
			}
		}
		return false
	}
	m := &rule.Match
	if len(m.Src)+len(m.Digest)+len(m.Text) == 0 && m.List == "" {
		return nil // all scripts are more than any list of them
	}
	for k := range m.Src {
		if !covered(func(earlier *Rule) bool {
			// The guard leaves out a rule that allows by a list, and all its globs with it.
			return (earlier.Match.List == "" || earlier.Action != Allow) && slices.ContainsFunc(earlier.Match.Src, func(g URLGlob) bool { return g.covers(&m.Src[k]) })
		}) {
			return nil
		}
	}
	for _, digest := range m.Digest {
		if !covered(func(earlier *Rule) bool { return slices.Contains(earlier.Match.Digest, digest) }) {
			return nil
		}
	}
	for _, text := range m.Text {
		if !covered(func(earlier *Rule) bool {
			return slices.ContainsFunc(earlier.Match.Text, func(s string) bool { return strings.Contains(text, s) })
		}) {
			return nil
		}
	}
	if m.List != "" && !covered(func(earlier *Rule) bool { return earlier.Match.List == m.List }) {
		return nil
	}
	slices.Sort(by)
	return by
}

// covers reports that every path that other matches is one that g matches; false
// when it is not certain.
func (g *Glob) covers(other *Glob) bool {
	return g.text != "" && other.text != "" && globCovers(g.text, other.text, "/")
}

// covers reports that every URL that other matches is one that g matches; false when
// it is not certain.
func (g *URLGlob) covers(other *URLGlob) bool {
	return g.text != "" && other.text != "" && g.coversOrigin(other) && g.coversTarget(other)
}

func (g *URLGlob) coversOrigin(other *URLGlob) bool {
	switch {
	case g.scheme != other.scheme:
		return false
	case g.scheme == "":
		return true
	case !g.wild:
		return g.host == other.host
	}
	gColon, otherColon := portColon(g.host), portColon(other.host)
	if other.host[0] == '[' && g.host[:gColon] != other.host[:otherColon] {
		return false // no wildcard stands for an address in brackets
	}
	return globCovers(g.host[:gColon], other.host[:otherColon], ".") && globCovers(g.host[gColon:], other.host[otherColon:], ".")
}

func (g *URLGlob) coversTarget(other *URLGlob) bool {
	const stops = "/?"
	switch {
	case g.hasQuery == other.hasQuery:
		return globCovers(g.pathGlob, other.pathGlob, stops)
	case g.hasQuery:
		return false // for all queries, and those that browsers may change
	}
	// g looks at the path alone, which ends at the first question mark. A `**` before
	// that may stand for a question mark too: then the path is anything from there.
	path, _, _ := strings.Cut(other.pathGlob, "?")
	if before, _, many := strings.Cut(path, "**"); many {
		path = before + "**"
	}
	return globCovers(g.pathGlob, path, stops)
}

// maxCovered bounds the globs that are compared: it takes time in proportion to the
// product of their lengths.
const maxCovered = 2048

// globCovers reports that every text that the glob other matches is one that the glob
// g matches; false when it is not certain.
//
// g is matched against other as if that were a text in which a wildcard is one more
// letter: it can be taken by a wildcard of g that stands for no less. So whatever
// other's wildcards stand for, the same wildcards of g stand for it as well.
func globCovers(g, other, stops string) bool {
	if literal, _, _ := strings.Cut(g, "*"); !strings.HasPrefix(other, literal) || len(g) > maxCovered || len(other) > maxCovered {
		return false // by far the most
	}
	from, to := globLetters(g), globLetters(other)
	// reached[i] is whether the first i letters of g can take all of other so far.
	reached := make([]bool, len(from)+1)
	skip := func() { // wildcards stand for nothing too
		for i, letter := range from {
			if letter >= oneWildcard && reached[i] {
				reached[i+1] = true
			}
		}
	}
	reached[0] = true
	skip()
	for _, letter := range to {
		next := make([]bool, len(from)+1)
		for i, taker := range from {
			if !reached[i] {
				continue
			}
			switch {
			case taker == manyWildcard, taker == oneWildcard && letter != manyWildcard && !isStop(letter, stops):
				next[i] = true
			case taker == letter && taker < oneWildcard:
				next[i+1] = true
			}
		}
		reached = next
		skip()
	}
	return reached[len(from)]
}

// The letters of a glob are its bytes and two for wildcards.
const (
	oneWildcard  = 256 + iota // `*`
	manyWildcard              // `**`
)

func globLetters(glob string) []int {
	letters := make([]int, 0, len(glob))
	for glob != "" {
		rest := strings.TrimLeft(glob, "*")
		switch len(glob) - len(rest) {
		case 0:
			letters = append(letters, int(glob[0]))
			rest = glob[1:]
		case 1:
			letters = append(letters, oneWildcard)
		default:
			letters = append(letters, manyWildcard)
		}
		glob = rest
	}
	return letters
}

func isStop(letter int, stops string) bool {
	return letter < oneWildcard && strings.IndexByte(stops, byte(letter)) >= 0
}

package policies

import "bytes"

// A matcher is a compiled glob: literals with wildcards between them. `**` stands
// for anything, `*` for anything without a stop byte.
//
// What is matched comes from the page and can be made to hurt (CWE-1333): the
// matcher allocates nothing, and looks at each byte at most once for each wildcard.
type matcher struct {
	prefix []byte // before the first wildcard; everything when there is none
	parts  []part
	stops  [2]byte // the same twice where there is but one
}

// A part is a wildcard and what follows it, which is empty only at the end.
type part struct {
	many    bool // `**`
	literal []byte
}

// newMatcher compiles a glob in which `*` stops at the given one or two bytes.
func newMatcher(glob, stops string) matcher {
	m := matcher{stops: [2]byte{stops[0], stops[len(stops)-1]}}
	literal := func(s string) []byte {
		n := len(s)
		for i := range s {
			if s[i] == '*' {
				n = i
				break
			}
		}
		return []byte(s[:n])
	}
	m.prefix = literal(glob)
	for rest := glob[len(m.prefix):]; rest != ""; {
		many := false
		for n := 0; rest != "" && rest[0] == '*'; n++ {
			rest = rest[1:]
			many = n > 0 // "***" is `**` and `*`, which is `**`
		}
		p := part{many: many, literal: literal(rest)}
		rest = rest[len(p.literal):]
		m.parts = append(m.parts, p)
	}
	return m
}

// match reports whether the glob matches all of text.
func (m *matcher) match(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, m.prefix)
	if !ok {
		return false
	}
	if len(m.parts) == 0 {
		return len(rest) == 0
	}
	last := len(m.parts) - 1
	rest, ok = bytes.CutSuffix(rest, m.parts[last].literal)
	if !ok {
		return false
	}
	if last == 0 {
		return m.parts[0].many || m.firstStop(rest) == len(rest)
	}
	return m.matchParts(rest)
}

// matchParts matches all parts but the last one's literal, which is cut off
// already, from left to right. The nearest place for a literal is the best one: a
// wildcard behind it reaches no less from there. Only a `*` before a stop is a dead
// end, and then the nearest `**` to its left has to take more.
func (m *matcher) matchParts(text []byte) bool {
	last := len(m.parts) - 1
	back := -1    // the nearest `**` to the left
	firstRun := 0 // the end of what the `*` behind it may take
	pos := 0      // everything left of it is matched
	for i := 0; ; i++ {
		p := &m.parts[i]
		if p.many {
			if i == last {
				return true
			}
			at := bytes.Index(text[pos:], p.literal)
			if at < 0 {
				return false
			}
			pos += at + len(p.literal)
			back = i
			continue
		}
		stop := pos + m.firstStop(text[pos:])
		if i == back+1 {
			firstRun = stop
		}
		if i == last {
			if stop == len(text) {
				return true
			}
		} else {
			at := bytes.Index(text[pos:min(stop+len(p.literal), len(text))], p.literal)
			if at >= 0 {
				pos += at + len(p.literal)
				continue
			}
			if stop == len(text) {
				return false // nor does it stand anywhere further on
			}
		}
		if back < 0 {
			return false
		}
		// As long as the first `*` begins in the same run without stops, each one
		// after it does so too, since as many stops are between them as the literals
		// have; and the run that is the dead end stays one. So it has to begin in
		// another run.
		pos = firstRun + 1 - len(m.parts[back].literal)
		i = back - 1
	}
}

// firstStop returns where the first stop is, or the length of text.
func (m *matcher) firstStop(text []byte) int {
	for i, c := range text {
		if c == m.stops[0] || c == m.stops[1] {
			return i
		}
	}
	return len(text)
}

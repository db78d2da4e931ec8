package filters

import "maps"

// Stats counts what a list holds.
type Stats struct {
	Active     int            // network filters in use, exceptions among them
	Exceptions int            // active filters that begin with "@@"
	Cosmetic   int            // filters for the inside of a page, which are ignored
	Disabled   int            // filters that a badfilter takes back
	Inactive   map[string]int // filters that are not used because of an option, by its name
	Malformed  int            // lines that are no filter
}

// RegexpOption is the name under which [Stats] counts the regular expressions that
// Go's engine, which never backtracks, has not: look-around and back-references.
const RegexpOption = "/regexp/"

// maxNames caps the names in Stats.Inactive, so that a list of made-up options
// does not grow it without end (CWE-770). The rest is counted under "…".
const maxNames = 100

func (s *Stats) inactive(option string) {
	if s.Inactive == nil {
		s.Inactive = map[string]int{}
	}
	if s.Inactive[option] == 0 && len(s.Inactive) >= maxNames {
		option = "…"
	}
	s.Inactive[option]++
}

// Stats returns what the list holds.
func (l *List) Stats() Stats {
	s := l.stats
	s.Inactive = maps.Clone(s.Inactive)
	return s
}

package filters

import (
	"bytes"
	"regexp"
)

// A List is a parsed list. It is safe for concurrent use.
type List struct {
	text    []byte   // the lines of the filters, and what differs from them
	filters []filter // the active ones
	domains []domain
	sets    []domainSet // the first is for every page
	regexps []*regexp.Regexp

	blocking   index // every blocking filter
	exceptions index
	important  index // the blocking filters that are important, again

	stats Stats
}

// A filter is one line of a list. There are a hundred thousand of them, so it holds
// offsets, and no pointers.
type filter struct {
	line    uint32 // its line in List.text, which ends with "\n"
	pattern uint32 // its pattern there, in lower case unless it matches the case
	set     uint32 // its domains, in List.sets
	regexp  uint32 // its place in List.regexps, if it is one
	length  uint16 // of the pattern
	types   Type
	flags   flags
}

func (l *List) patternOf(f *filter) []byte { return l.text[f.pattern:][:f.length] }

func (l *List) lineOf(f *filter) string {
	line, _, _ := bytes.Cut(l.text[f.line:], []byte("\n"))
	return string(line)
}

// matchesAt reports whether the filter, whose pattern is plain text and separators,
// matches the request with its pattern beginning at the offset. Its types fit.
func (l *List) matchesAt(f *filter, r *Request, start int) bool {
	p, url := l.patternOf(f), r.lower
	if f.flags&withCaseFlag != 0 {
		url = r.raw
	}
	// Most of what shares a token ends here, so it goes first.
	end := matchAt(url, start, p)
	if end < 0 || f.flags&endAnchor != 0 && end != len(url) ||
		f.flags&startAnchor != 0 && start != 0 || f.flags&hostAnchor != 0 && !r.labelStart(start, p) {
		return false
	}
	return l.partyFits(f, r) && l.worksOn(f, r)
}

// matches reports whether the filter, of whatever kind, matches the request. Its
// types fit.
func (l *List) matches(f *filter, r *Request) bool {
	if !l.partyFits(f, r) || !l.worksOn(f, r) {
		return false
	}
	if f.flags&isRegexp != 0 {
		return l.regexps[f.regexp].Match(r.raw)
	}
	url := r.lower
	if f.flags&withCaseFlag != 0 {
		url = r.raw
	}
	return r.search(url, l.patternOf(f), f.flags)
}

func (l *List) partyFits(f *filter, r *Request) bool {
	switch f.flags & (thirdPartyOnly | firstPartyOnly) {
	case thirdPartyOnly:
		return r.thirdParty()
	case firstPartyOnly:
		return !r.thirdParty()
	}
	return true
}

// Match reports whether the list blocks the request: a blocking filter matches and
// no exception does, or an important one does.
func (l *List) Match(r *Request) bool {
	f := l.blocking.find(l, r)
	return f != nil && (f.flags&important != 0 || l.exceptions.find(l, r) == nil || l.important.find(l, r) != nil)
}

// A Match tells which filters gave a verdict.
type Match struct {
	Blocked   bool
	Filter    string // the blocking filter, as the list has it; empty if none matches
	Exception string // the exception that stands against it; empty if none does
}

// MatchFilter is Match for who wants to know why. It is slower, and allocates.
func (l *List) MatchFilter(r *Request) Match {
	blocking := l.blocking.find(l, r)
	if blocking == nil {
		return Match{}
	}
	m := Match{Blocked: true, Filter: l.lineOf(blocking)}
	if exception := l.exceptions.find(l, r); exception != nil {
		m.Exception = l.lineOf(exception)
		important := l.important.find(l, r)
		if m.Blocked = important != nil; m.Blocked {
			m.Filter = l.lineOf(important)
		}
	}
	return m
}

package filters

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"unicode/utf8"
)

// Caps on what a list may hold (CWE-770). They are well above what published lists
// have: EasyList's longest line is of 6,352 bytes.
const (
	MaxLine    = 256 << 10 // bytes of a line; a longer one is an error
	MaxList    = 256 << 20 // bytes of a list; more are an error
	maxPattern = 4 << 10   // bytes of a pattern; a longer one is malformed
)

// Parse reads a list. Its error is that of reading, or that a line or the list is
// longer than [MaxLine] or [MaxList]; what is no filter is counted and left out.
func Parse(r io.Reader) (*List, error) {
	l := &List{sets: make([]domainSet, 1)}
	read := &io.LimitedReader{R: r, N: MaxList + 1}
	lines := bufio.NewScanner(read)
	lines.Buffer(make([]byte, 0, 16<<10), MaxLine+2)
	number := 0
	var bad []filter
	for lines.Scan() {
		number++
		line := lines.Bytes()
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if len(line) > MaxLine {
			return nil, tooLong(number)
		}
		if f, badfilter, ok := l.parseLine(bytes.TrimSpace(line)); badfilter {
			bad = append(bad, f)
		} else if ok {
			l.filters = append(l.filters, f)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, tooLong(number + 1)
	case err != nil:
		return nil, fmt.Errorf("failed to read a filter list: %w", err)
	case read.N == 0:
		return nil, fmt.Errorf("a filter list is longer than %d bytes", MaxList)
	}
	l.disable(bad)
	l.finish()
	return l, nil
}

func tooLong(line int) error {
	return fmt.Errorf("line %d of a filter list is longer than %d bytes", line, MaxLine)
}

// parseLine reads a line and counts what it is. ok is false if it is no filter that
// can be used.
func (l *List) parseLine(line []byte) (f filter, badfilter, ok bool) {
	switch {
	case isComment(line):
		return f, false, false
	case isCosmetic(line):
		l.stats.Cosmetic++
		return f, false, false
	}
	text, domains, sets, regexps := len(l.text), len(l.domains), len(l.sets), len(l.regexps)
	f, badfilter, err := l.parseFilter(line)
	if err == nil {
		return f, badfilter, true
	}
	l.text, l.domains, l.sets, l.regexps = l.text[:text], l.domains[:domains], l.sets[:sets], l.regexps[:regexps]
	if option, is := errors.AsType[unsupported](err); is {
		l.stats.inactive(string(option))
	} else {
		l.stats.Malformed++
	}
	return f, false, false
}

// isComment reports whether the line is empty, a comment or a header.
func isComment(line []byte) bool {
	return len(line) == 0 || line[0] == '!' || line[0] == '[' && line[len(line)-1] == ']' ||
		bytes.HasPrefix(line, []byte("# ")) || bytes.HasPrefix(line, []byte("####")) || len(line) == 1 && line[0] == '#'
}

// isCosmetic reports whether the line is a filter for the inside of a page: its
// domains, a mark such as "##", "#@#", "#?#", "#$#", "#@$?#", "#%#" or "$$", and
// what to do there.
func isCosmetic(line []byte) bool {
	for i := 0; ; i++ {
		next := bytes.IndexByte(line[i:], '#')
		if next < 0 {
			break
		}
		i += next
		mark := bytes.TrimPrefix(line[i+1:], []byte("@"))
		for _, kind := range []string{"$?", "$", "%", "?"} {
			if rest, ok := bytes.CutPrefix(mark, []byte(kind)); ok {
				mark = rest
				break
			}
		}
		if len(mark) > 1 && mark[0] == '#' {
			return true
		}
	}
	for _, mark := range []string{"$$", "$@$"} {
		if domains, _, ok := bytes.Cut(line, []byte(mark)); ok && !bytes.ContainsAny(domains, "/|^*@") {
			return true
		}
	}
	return false
}

// parseFilter reads a network filter into the list. Its error is [unsupported] or
// [malformed].
func (l *List) parseFilter(line []byte) (f filter, badfilter bool, err error) {
	text, isException := bytes.CutPrefix(line, []byte("@@"))
	pattern, opts := splitOptions(text)
	o, err := parseOptions(opts)
	if err != nil {
		return f, false, err
	}
	if f.types = typesOf(o.named, o.excluded, isException); f.types == 0 || o.named == 0 && o.behaviour != "" {
		if o.behaviour != "" {
			return f, false, unsupported(o.behaviour)
		}
		return f, false, malformed("it is for no type")
	}
	switch {
	case len(pattern) < 2 && opts == nil:
		return f, false, malformed("it matches nearly everything")
	case len(pattern) > maxPattern:
		return f, false, malformed("its pattern is too long")
	case isException && o.important:
		return f, false, malformed("an exception cannot be important")
	case bytes.ContainsFunc(pattern, func(c rune) bool { return c <= ' ' || c == 0x7f }):
		return f, false, malformed("a URL has no white space")
	}
	if o.domains != nil {
		if f.set, err = l.addDomains(o.domains); err != nil {
			return f, false, err
		}
	}
	f.line = l.intern(line)
	l.text = append(l.text, '\n')

	if n := len(pattern); n > 2 && pattern[0] == '/' && pattern[n-1] == '/' {
		pattern = pattern[1 : n-1]
		re, err := compileRegexp(string(pattern), o.matchCase)
		if err != nil {
			return f, false, err
		}
		f.flags, f.regexp = isRegexp, uint32(len(l.regexps))
		l.regexps = append(l.regexps, re)
	} else {
		if pattern, f.flags = parsePattern(pattern); !o.matchCase && hasUpper(pattern) {
			pattern = toLower(bytes.Clone(pattern))
		}
		if pattern, err = serialised(pattern, f.flags); err != nil {
			return f, false, err
		}
	}
	f.pattern, f.length = f.line, uint16(len(pattern))
	if i := bytes.Index(line, pattern); i >= 0 {
		f.pattern += uint32(i)
	} else {
		f.pattern = l.intern(pattern)
	}

	f.flags |= exception.when(isException) | important.when(o.important) | withCaseFlag.when(o.matchCase) |
		thirdPartyOnly.when(o.thirdParty && !o.firstParty) | firstPartyOnly.when(o.firstParty && !o.thirdParty)
	return f, o.badfilter, nil
}

// serialised returns the pattern as URLs have it, which is in ASCII: host names in
// Punycode, the rest in percent-encoding.
func serialised(p []byte, f flags) ([]byte, error) {
	if !bytes.ContainsFunc(p, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return p, nil
	}
	var to []byte
	if f&hostAnchor != 0 {
		n := bytes.IndexAny(p, "/^*:?|")
		if n < 0 {
			n = len(p)
		}
		host, err := hostName(p[:n])
		if err != nil {
			return nil, err
		}
		to, p = append(to, host...), p[n:]
	}
	for _, c := range p {
		if c < utf8.RuneSelf {
			to = append(to, c)
		} else {
			to = append(to, toLower([]byte(url.PathEscape(string([]byte{c}))))...)
		}
	}
	if len(to) > maxPattern {
		return nil, malformed("its pattern is too long")
	}
	return to, nil
}

// intern appends the bytes to the list's text and returns where they are.
func (l *List) intern(b []byte) uint32 {
	at := len(l.text)
	l.text = append(l.text, b...)
	return uint32(at)
}

// disable takes out the filters that are the same as a bad one in all but the
// option badfilter, in whatever order their options are written.
func (l *List) disable(bad []filter) {
	if len(bad) == 0 {
		return
	}
	identities := map[string]bool{}
	for i := range bad {
		identities[l.identity(&bad[i])] = true
	}
	l.filters = slices.DeleteFunc(l.filters, func(f filter) bool {
		if !identities[l.identity(&f)] {
			return false
		}
		l.stats.Disabled++
		return true
	})
}

func (l *List) identity(f *filter) string {
	set := l.sets[f.set]
	id := fmt.Appendf(nil, "%d %d %q", f.flags, f.types, l.patternOf(f))
	for _, part := range [][]domain{l.included(set), l.excluded(set)} {
		id = append(id, '|')
		for _, d := range part {
			id = fmt.Appendf(id, " %s %t", l.nameOf(d), d.entity)
		}
	}
	return string(id)
}

// finish counts and indexes the active filters, and gives back what they grew by.
func (l *List) finish() {
	l.text, l.filters = bytes.Clone(l.text), slices.Clone(l.filters)
	l.domains, l.sets, l.regexps = slices.Clone(l.domains), slices.Clone(l.sets), slices.Clone(l.regexps)
	l.stats.Active = len(l.filters)
	var blocking, exceptions, importants []uint32
	for id := range l.filters {
		switch flags := l.filters[id].flags; {
		case flags&exception != 0:
			l.stats.Exceptions++
			exceptions = append(exceptions, uint32(id))
		case flags&important != 0:
			importants = append(importants, uint32(id))
			fallthrough
		default:
			blocking = append(blocking, uint32(id))
		}
	}
	l.blocking = l.newIndex(blocking)
	l.exceptions = l.newIndex(exceptions)
	l.important = l.newIndex(importants)
}

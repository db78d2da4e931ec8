package lock

import (
	"bytes"
	"crypto/sha512"
	"slices"
)

// A Compiled lock answers for one script after the other. It does not change and may be
// asked from any goroutine. A nil one has no entries.
type Compiled struct {
	entries   []Entry
	external  map[string]*Entry
	inline    map[inlineSum]*Entry
	skeletons map[inlineSum][]*Entry // those with a template
	handlers  map[[sha512.Size384]byte]*Entry
	urls      map[[sha512.Size384]byte]*Entry
	// byLine has the inline entries that have a line, as indices of entries; different is
	// how many different lines an entry has.
	byLine    map[LineHash][]int32
	different []int
	opens     [][]int // the different Open of the entries, at most maxForms
}

// An inlineSum is what an inline script is looked up by.
type inlineSum struct {
	sum    [sha512.Size384]byte
	module bool
}

// maxSharing bounds how many entries are looked at because they share one line: a brace
// on its own line says nothing.
const maxSharing = 64

// Compile makes the lock's form for run time. Entries that [Write] would refuse match
// nothing. The lock may change afterwards.
func (l *Lock) Compile() *Compiled {
	c := &Compiled{
		entries:   make([]Entry, 0, len(l.Entries)),
		external:  map[string]*Entry{},
		inline:    map[inlineSum]*Entry{},
		skeletons: map[inlineSum][]*Entry{},
		handlers:  map[[sha512.Size384]byte]*Entry{},
		urls:      map[[sha512.Size384]byte]*Entry{},
		byLine:    map[LineHash][]int32{},
	}
	for i := range l.Entries {
		if len(l.Entries[i].check()) == 0 {
			c.entries = append(c.entries, l.Entries[i])
		}
	}
	c.different = make([]int, len(c.entries))
	for i := range c.entries {
		e := &c.entries[i]
		sum, _ := parseDigest(e.Digest) // check has seen it
		switch e.Kind {
		case External:
			c.external[e.URL] = e
		case Handler:
			c.handlers[sum] = e
		case JavaScriptURL:
			c.urls[sum] = e
		case Inline:
			c.inline[inlineSum{sum, e.Module}] = e
			if skeleton, ok := parseDigest(e.Skeleton); ok {
				key := inlineSum{skeleton, e.Module}
				c.skeletons[key] = append(c.skeletons[key], e)
				known := slices.ContainsFunc(c.opens, func(open []int) bool { return slices.Equal(open, e.Open) })
				if !known && len(c.opens) < maxForms {
					c.opens = append(c.opens, e.Open)
				}
			}
			own := make(map[LineHash]bool, len(e.Lines))
			for _, h := range e.Lines {
				if own[h] {
					continue
				}
				own[h] = true
				if sharing := c.byLine[h]; len(sharing) < maxSharing {
					c.byLine[h] = append(sharing, int32(i))
				}
			}
			c.different[i] = len(own)
		}
	}
	return c
}

// Inline returns the entry that an inline script's text matches: by its digest, or else
// by its template. The text is what the browser runs, with line ends as LF. Finding a
// digest allocates nothing; a text of no known digest is taken apart when the lock has
// templates, in about 3 ms for one of 48 KiB.
func (c *Compiled) Inline(text []byte, module bool) (*Entry, bool) {
	if c == nil || len(c.inline) == 0 {
		return nil, false
	}
	if e, ok := c.inline[inlineSum{sha512.Sum384(text), module}]; ok {
		return e, true
	}
	if len(c.skeletons) == 0 {
		return nil, false
	}
	holes, ok := findHoles(text)
	if !ok || len(holes) == 0 {
		return nil, false
	}
	for _, e := range c.skeletons[inlineSum{templateSum(skeletonOf(text, holes), module), module}] {
		if selected, ok := selectHoles(holes, e.Open); ok && formatDigest(templateSum(skeletonOf(text, selected), module)) == e.Template {
			return e, true
		}
	}
	return nil, false
}

// ExternalURLs returns the URLs of all external scripts.
func (c *Compiled) ExternalURLs() []string {
	var urls []string
	for _, e := range c.Entries() {
		if e.Kind == External {
			urls = append(urls, e.URL)
		}
	}
	return urls
}

// External returns the entry of a script's URL, which is absolute and serialised as the
// browser does. Whether the content is the pinned one is for integrity to tell: the
// entry's Digest is its value.
func (c *Compiled) External(url []byte) (*Entry, bool) {
	if c == nil {
		return nil, false
	}
	e, ok := c.external[string(url)]
	return e, ok
}

// Handler returns the entry of an event handler's code: the attribute's value with its
// character references read.
func (c *Compiled) Handler(code []byte) (*Entry, bool) {
	if c == nil || len(c.handlers) == 0 {
		return nil, false
	}
	e, ok := c.handlers[sha512.Sum384(code)]
	return e, ok
}

// JavaScriptURL returns the entry of a javascript: URL, by the text that its digest was
// made of: the whole URL as CSP hashes it.
func (c *Compiled) JavaScriptURL(url []byte) (*Entry, bool) {
	if c == nil || len(c.urls) == 0 {
		return nil, false
	}
	e, ok := c.urls[sha512.Sum384(url)]
	return e, ok
}

// Entries returns all entries that match something, in the lock's order. They must not
// be changed. The hashes of handlers and javascript: URLs belong in the page's policy.
func (c *Compiled) Entries() []Entry {
	if c == nil {
		return nil
	}
	return c.entries
}

// Nearest returns for a text that matches nothing the inline entry that it looks like,
// and the first line, from 1, that differs, as far as the entry knows its lines. ok is
// false when no entry shares the first line, half of the different lines, or all but
// data. Of entries that share as much the lock's first is taken.
func (c *Compiled) Nearest(text []byte) (entry *Entry, line int, ok bool) {
	if c == nil || len(c.byLine) == 0 {
		return nil, 0, false
	}
	forms, skeleton := c.formsOf(text)
	for _, module := range []bool{false, true} {
		for _, e := range c.skeletons[inlineSum{templateSum(skeleton, module), module}] {
			for i := range forms {
				if f := &forms[i]; slices.Equal(f.open, e.Open) {
					return e, f.lineAt(leading(e.Lines, f.hashes)), true
				}
			}
		}
	}
	best := 0
	for i := range forms {
		f := &forms[i]
		sharing, different := c.sharing(f.hashes)
		for candidate, shared := range sharing {
			e := &c.entries[candidate]
			if !slices.Equal(e.Open, f.open) {
				continue
			}
			same := leading(e.Lines, f.hashes)
			if same == 0 && 2*shared < max(c.different[candidate], different) {
				continue
			}
			// Leading lines count twice: what was added at the end of a script is a
			// smaller change than another beginning.
			score := shared + same
			if score > best || score == best && entry != nil && compare(e, entry) < 0 {
				best, entry, line = score, e, f.lineAt(same)
			}
		}
	}
	return entry, line, entry != nil
}

// sharing returns how many different lines each entry shares that shares any, and how
// many there are.
func (c *Compiled) sharing(hashes []LineHash) (shared map[int32]int, different int) {
	shared = map[int32]int{}
	seen := make(map[LineHash]bool, len(hashes))
	for _, h := range hashes {
		if seen[h] {
			continue
		}
		seen[h] = true
		for _, i := range c.byLine[h] {
			shared[i]++
		}
	}
	return shared, len(seen)
}

// A form is a text as entries of one sort have their lines: as it is, or with the values
// open that an entry's Open names.
type form struct {
	hashes []LineHash
	open   []int
	// lines has the text's line, from 1, in which each of the form's begins: a value may
	// be of many lines.
	lines []int
}

// maxForms bounds the forms in which a text is compared.
const maxForms = 32

// formsOf returns the text's forms, and its skeleton if it has one.
func (c *Compiled) formsOf(text []byte) (forms []form, skeleton []byte) {
	forms = []form{{hashes: hashLines(text)}}
	if len(c.opens) == 0 {
		return forms, nil
	}
	holes, ok := findHoles(text)
	if !ok {
		return forms, nil
	}
	for _, open := range c.opens {
		// If the script changed there may be fewer values than there were; up to the
		// change they are the same.
		known := open
		for len(known) > 0 && known[len(known)-1] >= len(holes) {
			known = known[:len(known)-1]
		}
		selected, _ := selectHoles(holes, known)
		f := form{hashes: hashLines(skeletonOf(text, selected)), open: open, lines: []int{1}}
		line, next := 1, 0
		for i, char := range text {
			if char != '\n' {
				continue
			}
			line++
			for next < len(selected) && selected[next].end <= i {
				next++
			}
			if next == len(selected) || i < selected[next].start {
				f.lines = append(f.lines, line)
			}
		}
		forms = append(forms, f)
	}
	return forms, skeletonOf(text, holes)
}

// lineAt returns the text's line for the form's line i, from 0.
func (f *form) lineAt(i int) int {
	switch {
	case f.open == nil:
		return i + 1
	case i < len(f.lines):
		return f.lines[i]
	}
	return f.lines[len(f.lines)-1] + 1
}

// leading returns how many lines are the same from the beginning.
func leading(a, b []LineHash) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// LineOf returns a line of the text, from 1, cut to what fits into a log.
func LineOf(text []byte, line int) string {
	for ; line > 1; line-- {
		_, rest, found := bytes.Cut(text, []byte("\n"))
		if !found {
			return ""
		}
		text = rest
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	return excerpt(first)
}

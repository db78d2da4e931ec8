package policies

import "bytes"

// maxWheres is how many rules may look at more than a script's URL or text: which of
// their conditions hold is kept in one word.
const maxWheres = 64

// A where is what a rule asks beside the script's URL or text: on which page it
// stands and how its element is written.
type where struct {
	allow   bool // the rule's verdict
	pages   []Glob
	types   []string
	ids     []string
	classes []string
}

// whereOf returns what a rule asks of that kind, if anything.
func whereOf(rule *Rule) (_ where, any bool) {
	m := &rule.Match
	w := where{allow: rule.Action == Allow, pages: m.Page, types: m.Type, ids: m.ID, classes: m.Class}
	return w, len(m.Page)+len(m.Type)+len(m.ID)+len(m.Class) > 0
}

// Conditional reports whether the rule asks for page, type, id or class.
func (r *Rule) Conditional() bool {
	_, any := whereOf(r)
	return any
}

// AnyOrigin reports whether the rule may match external scripts of every origin: by a
// list, or by the page and the element alone.
func (r *Rule) AnyOrigin() bool {
	m := &r.Match
	return m.List != "" || len(m.Src)+len(m.Digest)+len(m.Text) == 0
}

// LooksAtElements reports whether a rule asks for type, id or class, which a
// [Script] must then have.
func (s *Scripts) LooksAtElements() bool { return s.compiled.elements }

// holding returns, as bits, which of the wheres hold for a script.
func (c *conditions) holding(script *Script) (holding uint64) {
	for i := range c.wheres {
		if c.wheres[i].holds(script) {
			holding |= 1 << i
		}
	}
	return holding
}

func (w *where) holds(script *Script) bool {
	return w.onPage(script.Page) &&
		(len(w.types) == 0 || anyOf(w.types, func(t string) bool { return bytes.EqualFold(bytes.TrimSpace(script.Type), []byte(t)) })) &&
		(len(w.ids) == 0 || anyOf(w.ids, func(id string) bool { return string(script.ID) == id })) &&
		(len(w.classes) == 0 || anyOf(w.classes, func(class string) bool { return hasWord(script.Class, class) }))
}

// onPage reports whether the rule is for the page. A path that servers read in
// different ways is never one on which more is allowed, and always one on which
// less is (CWE-647).
func (w *where) onPage(page *PageURL) bool {
	if len(w.pages) == 0 {
		return true
	}
	if !page.requestedPlain {
		return !w.allow
	}
	for _, glob := range w.pages {
		if glob.Match(page.requested) {
			return true
		}
	}
	return false
}

func anyOf(all []string, holds func(string) bool) bool {
	for _, s := range all {
		if holds(s) {
			return true
		}
	}
	return false
}

// hasWord reports whether one of the words, as a class attribute separates them
// (HTML §2.3.7), is this one.
func hasWord(words []byte, word string) bool {
	const space = " \t\n\f\r"
	for len(words) > 0 {
		words = bytes.TrimLeft(words, space)
		n := bytes.IndexAny(words, space)
		if n < 0 {
			n = len(words)
		}
		if string(words[:n]) == word {
			return n > 0
		}
		words = words[n:]
	}
	return false
}

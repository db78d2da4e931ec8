package lock

import (
	"fmt"
	"slices"
	"strings"
)

// A Change is one difference between two locks. Old is nil for a script that is new, New
// for one that is gone.
type Change struct {
	Old, New *Entry
	// Line is the first line of an inline script, from 1, that differs, or 0 when that
	// is not known. Of a script with a template it is the skeleton's line, in which a
	// hole has none.
	Line int
}

// String returns the change as a line: "+", "-" or "~", which script, its size in bytes,
// its digest's beginning.
func (c Change) String() string {
	switch {
	case c.Old == nil:
		return fmt.Sprintf("+ %s, %d bytes, %s", c.New, c.New.Size, c.New.short()) + c.New.opens()
	case c.New == nil:
		return fmt.Sprintf("- %s, %d bytes, %s", c.Old, c.Old.Size, c.Old.short())
	}
	s := fmt.Sprintf("~ %s, %d → %d bytes, %s → %s", c.New, c.Old.Size, c.New.Size, c.Old.short(), c.New.short())
	if c.Line > 0 {
		s += fmt.Sprintf(", differs from line %d", c.Line)
	}
	return s + c.New.opens()
}

// opens says how many values are open, if any.
func (e *Entry) opens() string {
	switch len(e.Open) {
	case 0:
		return ""
	case 1:
		return ", 1 value open"
	}
	return fmt.Sprintf(", %d values open", len(e.Open))
}

// short returns the beginning of the digest that matters.
func (e *Entry) short() string {
	digest, word := e.Digest, ""
	if e.Template != "" {
		digest, word = e.Template, "template "
	}
	return word + digest[:min(len(digest), len(digestPrefix)+8)]
}

// Render returns the changes as text, one a line; none give nothing.
func Render(changes []Change) string {
	var b strings.Builder
	for _, c := range changes {
		b.WriteString(c.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// Diff returns what differs between two locks, sorted as a lock is. An external script is
// the same one by its URL. An inline script is unchanged when its digest or its template
// is the same, wherever it stands, and the same one with a change when it is of the same
// kind at the same page and place.
func Diff(old, new *Lock) []Change {
	var changes []Change
	pairs := pair(old, new)
	gone := make([]bool, len(old.Entries))
	for i := range gone {
		gone[i] = true
	}
	for i := range new.Entries {
		n := &new.Entries[i]
		if pairs[i] < 0 {
			changes = append(changes, Change{New: n})
			continue
		}
		o := &old.Entries[pairs[i]]
		gone[pairs[i]] = false
		if !unchanged(o, n) {
			changes = append(changes, Change{Old: o, New: n, Line: firstDifference(o, n)})
		}
	}
	for i := range old.Entries {
		if gone[i] {
			changes = append(changes, Change{Old: &old.Entries[i]})
		}
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return compare(a.entry(), b.entry()) })
	return changes
}

func (c Change) entry() *Entry {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

// unchanged reports whether the two trust the same, or the new one no more than the old
// one's template does: of two fetches that were the same by chance, or from a file, none
// is known. A digest beside a template is that of one response.
func unchanged(old, new *Entry) bool {
	switch {
	case old.Module != new.Module || old.Kind != new.Kind:
		return false
	case old.Template == "":
		return new.Template == "" && old.Digest == new.Digest
	case new.text == nil || !contains(old.Open, new.Open):
		return old.Template == new.Template
	}
	opened := *new
	opened.setOpen(old.Open)
	return opened.Template == old.Template
}

// contains reports whether all has each of some; both increase.
func contains(all, some []int) bool {
	for _, n := range some {
		if _, found := slices.BinarySearch(all, n); !found {
			return false
		}
	}
	return true
}

// firstDifference returns the first line that differs, or 0.
func firstDifference(a, b *Entry) int {
	if a.Kind != Inline || !slices.Equal(a.Open, b.Open) || len(a.Lines) == 0 || len(b.Lines) == 0 {
		return 0
	}
	same := leading(a.Lines, b.Lines)
	if same == maxLines {
		return 0 // it differs behind the lines that are known
	}
	return same + 1
}

// pair returns for each new entry the index of the old one that it is, or -1.
func pair(old, new *Lock) []int {
	pairs := make([]int, len(new.Entries))
	for i := range pairs {
		pairs[i] = -1
	}
	taken := make([]bool, len(old.Entries))
	for _, key := range []func(*Entry) string{(*Entry).identity, templateKey, skeletonKey, placeKey} {
		waiting := map[string][]int{}
		for j := range old.Entries {
			if k := key(&old.Entries[j]); k != "" && !taken[j] {
				waiting[k] = append(waiting[k], j)
			}
		}
		for i := range new.Entries {
			if pairs[i] >= 0 {
				continue
			}
			k := key(&new.Entries[i])
			if js := waiting[k]; k != "" && len(js) > 0 {
				pairs[i], taken[js[0]] = js[0], true
				waiting[k] = js[1:]
			}
		}
	}
	return pairs
}

func templateKey(e *Entry) string {
	if e.Template == "" {
		return ""
	}
	return fmt.Sprintf("%t %s", e.Module, e.Template)
}

func skeletonKey(e *Entry) string {
	skeleton := e.skeleton()
	if skeleton == "" {
		return ""
	}
	return fmt.Sprintf("%t %s", e.Module, skeleton)
}

func placeKey(e *Entry) string {
	if e.Kind == External || e.Place == "" {
		return ""
	}
	return fmt.Sprintf("%s\x00%s\x00%s", e.Kind, e.Page, e.Place)
}

// Merge returns the lock to write after pages were looked at: found, with the notes and
// days of first sight that old has for the same scripts (as [Diff] pairs them), and old's
// entries of other pages. An entry of old whose page is among the pages and that was not
// found again is left out. What old's template has open stays open, so that a few pins
// find all values that change. An unchanged entry stays as old has it, so that a pin that
// finds nothing new writes the same file. found is what [Pin] returned.
func Merge(old, found *Lock, pages []string) *Lock {
	merged := &Lock{Entries: make([]Entry, 0, len(found.Entries))}
	pairs := pair(old, found)
	taken := make([]bool, len(old.Entries))
	for i := range found.Entries {
		e := found.Entries[i]
		if pairs[i] >= 0 {
			o := &old.Entries[pairs[i]]
			taken[pairs[i]] = true
			switch {
			case unchanged(o, &e):
				e = *o
			default:
				e.Note, e.FirstSeen = o.Note, o.FirstSeen
				if e.text != nil && o.Skeleton != "" && e.skeleton() == o.Skeleton {
					e.setOpen(union(o.Open, e.Open))
				}
			}
		}
		merged.Entries = append(merged.Entries, e)
	}
	for i := range old.Entries {
		if !taken[i] && !slices.Contains(pages, old.Entries[i].Page) {
			merged.Entries = append(merged.Entries, old.Entries[i])
		}
	}
	merged.sort()
	return merged
}

// union returns the numbers of both, in order; at most maxOpen.
func union(a, b []int) []int {
	all := slices.Concat(a, b)
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), maxOpen)]
}

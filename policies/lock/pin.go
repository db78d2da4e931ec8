package lock

import (
	"bytes"
	"fmt"
	"time"
)

// Found is a script that a fetch of a page has found.
type Found struct {
	Kind Kind
	// URL is an external script's: absolute, as the browser serialises it.
	URL string
	// Page and Place are those of [Entry]. Two fetches give a page's script the same
	// place when nothing was put before it.
	Page, Place string
	Module      bool
	// Text is an external script's content, an inline script's text with line ends as
	// LF, or the text that the digest of a handler or javascript: URL is made of.
	Text []byte
}

// Unpinned is a script that cannot be pinned, and why.
type Unpinned struct {
	Found
	Reason string
}

// String says which script and why, in one line.
func (u Unpinned) String() string {
	e := Entry{Kind: u.Kind, URL: u.URL, Page: u.Page, Place: u.Place}
	if u.Kind != External {
		e.Excerpt = excerpt(u.Text)
	}
	return fmt.Sprintf("%s: %s", &e, u.Reason)
}

// Why a script cannot be pinned.
const (
	reasonOnce    = "it stood in only one of the two fetches"
	reasonServer  = "its server sent different content for the two fetches"
	reasonChanges = "it differs between the two fetches by more than data, or does something with its data that a template cannot vouch for"
	reasonPages   = "its server sent different content for two pages"
	reasonText    = "its URL or place is no text that a lock can hold"
)

// Pin makes a lock of what two fetches of the same pages have found; today is the day
// of first sight, of which the date in its own zone counts. A script that was the same
// both times is pinned by digest; an inline one that differs in nothing but its data is
// pinned by template too, with those values open that differed. Any other is not pinned:
// it may be an advertisement or an injection, and nothing can be said of its third
// version. Files do not change: give what was found in one twice. The lock refers to the
// texts.
func Pin(first, second []Found, today time.Time) (*Lock, []Unpinned) {
	p := pinning{lock: &Lock{}, day: today.Format(time.DateOnly), seen: map[string]string{}}
	partners := partner(first, second)
	taken := make([]bool, len(second))
	for i := range first {
		f := &first[i]
		j := partners[i]
		if j < 0 {
			p.refuse(f, reasonOnce)
			continue
		}
		taken[j] = true
		s := &second[j]
		if bytes.Equal(f.Text, s.Text) {
			p.add(f, nil)
			continue
		}
		if f.Kind != Inline {
			if f.Kind == External {
				p.refuse(f, reasonServer)
			} else {
				p.refuse(f, reasonChanges)
			}
			continue
		}
		open := differing(f.Text, s.Text)
		if len(open) == 0 || len(open) > maxOpen {
			p.refuse(f, reasonChanges)
			continue
		}
		p.add(f, open)
	}
	for j := range second {
		if !taken[j] {
			p.refuse(&second[j], reasonOnce)
		}
	}
	p.lock.sort()
	return p.lock, p.unpinned
}

type pinning struct {
	lock     *Lock
	unpinned []Unpinned
	day      string
	seen     map[string]string // digests by identity, and templates by themselves
}

func (p *pinning) refuse(f *Found, reason string) {
	p.unpinned = append(p.unpinned, Unpinned{*f, reason})
}

// differing returns the ordinals of the values in which two texts of the same skeleton
// differ; none when the skeletons differ.
func differing(a, b []byte) (open []int) {
	holes, ok := findHoles(a)
	others, otherOK := findHoles(b)
	if !ok || !otherOK || !bytes.Equal(skeletonOf(a, holes), skeletonOf(b, others)) {
		return nil
	}
	for i := range holes { // as many as others, since the marks are the same
		if !bytes.Equal(a[holes[i].start:holes[i].end], b[others[i].start:others[i].end]) {
			open = append(open, i)
		}
	}
	return open
}

// setOpen gives the entry, which has its text, the template with these values open.
func (e *Entry) setOpen(open []int) {
	e.Template, e.Skeleton, e.Open = "", "", nil
	e.Lines = hashLines(e.text)
	holes, ok := findHoles(e.text)
	selected, known := selectHoles(holes, open)
	if !ok || !known || len(open) == 0 {
		return
	}
	template := skeletonOf(e.text, selected)
	e.Template, e.Open = TemplateDigest(template, e.Module), open
	e.Skeleton = TemplateDigest(skeletonOf(e.text, holes), e.Module)
	e.Lines = hashLines(template)
}

// skeleton returns the digest of the skeleton, also of a script without a template when
// its text is known; empty when there is none.
func (e *Entry) skeleton() string {
	if e.Skeleton != "" || e.text == nil {
		return e.Skeleton
	}
	holes, ok := findHoles(e.text)
	if !ok || len(holes) == 0 {
		return ""
	}
	return TemplateDigest(skeletonOf(e.text, holes), e.Module)
}

// add pins the script once, however many pages it stands in; by template too when there
// are values to open.
func (p *pinning) add(f *Found, open []int) {
	e := Entry{Kind: f.Kind, URL: f.URL, Page: f.Page, Place: f.Place, Module: f.Module,
		Digest: Digest(f.Text), Size: len(f.Text), FirstSeen: p.day}
	if f.Kind != External {
		e.Excerpt = excerpt(f.Text)
	}
	if f.Kind == Inline {
		e.text = f.Text
		e.setOpen(open)
	}
	if len(e.check()) > 0 {
		p.refuse(f, reasonText)
		return
	}
	if digest, seen := p.seen[e.identity()]; seen {
		if digest != e.Digest {
			p.refuse(f, reasonPages)
		}
		return
	}
	if e.Template != "" && p.seen[e.Template] != "" {
		return
	}
	p.seen[e.identity()] = e.Digest
	p.seen[e.Template] = e.Template
	p.lock.Entries = append(p.lock.Entries, e)
}

// partner returns for each script of the first fetch the index of the same one in the
// second, or -1: the one with the same URL or digest on the page, else the one with the
// same skeleton, else the one at the same place. Scripts may stand elsewhere, since an
// advertisement came between.
func partner(first, second []Found) []int {
	partners := make([]int, len(first))
	taken := make([]bool, len(second))
	for i := range partners {
		partners[i] = -1
	}
	for _, key := range []func(*Found) string{sameText, sameSkeleton, samePlace} {
		waiting := map[string][]int{}
		for j := range second {
			if k := key(&second[j]); k != "" && !taken[j] {
				waiting[k] = append(waiting[k], j)
			}
		}
		for i := range first {
			if partners[i] >= 0 {
				continue
			}
			k := key(&first[i])
			if js := waiting[k]; k != "" && len(js) > 0 {
				partners[i], taken[js[0]] = js[0], true
				waiting[k] = js[1:]
			}
		}
	}
	return partners
}

func sameText(f *Found) string {
	if f.Kind == External {
		return fmt.Sprintf("%s\x00%s", f.Page, f.URL)
	}
	return fmt.Sprintf("%s\x00%s\x00%t\x00%s", f.Page, f.Kind, f.Module, f.Text)
}

func sameSkeleton(f *Found) string {
	if f.Kind != Inline {
		return ""
	}
	skeleton, ok := Skeleton(f.Text)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s\x00%t\x00%s", f.Page, f.Module, skeleton)
}

func samePlace(f *Found) string {
	if f.Kind == External || f.Place == "" {
		return ""
	}
	return fmt.Sprintf("%s\x00%s\x00%t\x00%s", f.Page, f.Kind, f.Module, f.Place)
}

package csp

import "strings"

// A Template is the text of a page's policies but for the nonce and the site's origin,
// which are all that differs from one response to the next.
type Template struct {
	parts []string
	gaps  []gap // behind parts[i] comes what gaps[i] says; there is one less of them
}

type gap bool

const (
	nonceGap  gap = false
	originGap gap = true
)

// Template returns the text of the page's policies, written once. The page's own nonce
// and origin are not looked at.
func (page Page) Template() Template {
	// 128 bits each, that stand nowhere else in the text.
	page.Nonce = NewNonce()
	page.Origin = "https://" + NewNonce().value
	var t Template
	for i, text := range strings.Split(page.Policies(), page.Nonce.value) {
		if i > 0 {
			t.gaps = append(t.gaps, nonceGap)
		}
		for j, part := range strings.Split(text, page.Origin) {
			if j > 0 {
				t.gaps = append(t.gaps, originGap)
			}
			t.parts = append(t.parts, part)
		}
	}
	return t
}

// With returns the text of the policies with n as their nonce, which must not be zero
// (a page without a nonce has another policy), for a page of the origin.
func (t Template) With(n Nonce, origin string) string {
	if n.IsZero() {
		panic("csp: a template without a nonce")
	}
	var b strings.Builder
	b.Grow(t.size(len(n.value), len(origin)))
	for i, part := range t.parts {
		b.WriteString(part)
		switch {
		case i == len(t.gaps):
		case t.gaps[i] == originGap:
			b.WriteString(origin)
		default:
			b.WriteString(n.value)
		}
	}
	return b.String()
}

func (t Template) size(nonce, origin int) (size int) {
	for _, part := range t.parts {
		size += len(part)
	}
	return size + len(t.gaps)*max(nonce, origin)
}

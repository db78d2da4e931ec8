package csp

import "strings"

// A Template is the text of a page's policy but for the nonce, which is all that
// differs from one response to the next.
type Template struct{ parts []string }

// Template returns the policy's text, written once. The page's own nonce is not
// looked at.
func (page Page) Template() Template {
	page.Nonce = NewNonce() // 128 bits that stand nowhere else in the text
	return Template{strings.Split(page.Policy().String(), page.Nonce.value)}
}

// With returns the policy's text with n as its nonce, which must not be zero: a
// page without a nonce has another policy.
func (t Template) With(n Nonce) string {
	if n.IsZero() {
		panic("csp: a template without a nonce")
	}
	return strings.Join(t.parts, n.value)
}

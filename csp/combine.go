package csp

import (
	"slices"
	"strings"
)

// GrantNonce returns the upstream's policy p with n in place of every nonce of
// its own, so that it stays in force beside ours and our scripts still run. It
// adds the nonce and nothing else: a policy that forbids the chat's connections
// goes on forbidding them.
//
// Script directives get n whether or not they had a nonce. Style directives get
// it only where they had one. Where p limits scripts through default-src alone, a
// script-src with the same sources is added to carry the nonce, because a nonce
// in default-src would also open what else falls back to it.
func GrantNonce(p Policy, n Nonce) Policy {
	_, hasScript := p.Get("script-src")
	_, hasScriptElem := p.Get("script-src-elem")
	if sources, ok := p.Get("default-src"); ok && !hasScript && !hasScriptElem {
		p = p.With("script-src", sources...)
	}
	for _, name := range []string{"script-src", "script-src-elem"} {
		if sources, ok := p.Get(name); ok {
			p = p.With(name, withNonce(sources, n)...)
		}
	}
	for _, name := range []string{"default-src", "style-src", "style-src-elem"} {
		if sources, ok := p.Get(name); ok && slices.ContainsFunc(sources, isNonceSource) {
			p = p.With(name, withNonce(sources, n)...)
		}
	}
	return p
}

// Nonces returns the nonces that the policies announce for scripts. A script of
// the page that carries one of them is trusted by the upstream: an injector
// cannot know a header's nonce. Take them from header fields only, never from a
// <meta> element, which injected markup can add (CWE-79).
func Nonces(policies []Policy) []string {
	var nonces []string
	for _, p := range policies {
		for _, name := range []string{"script-src-elem", "script-src", "default-src"} {
			sources, ok := p.Get(name)
			if !ok {
				continue
			}
			for _, s := range sources {
				if value, ok := nonceValue(s); ok && !slices.Contains(nonces, value) {
					nonces = append(nonces, value)
				}
			}
			break // the first that is there is the effective one, CSP3 §6.8.4
		}
	}
	return nonces
}

// withNonce returns sources without any nonce and without 'none', and with n.
func withNonce(sources []string, n Nonce) []string {
	granted := make([]string, 0, len(sources)+1)
	for _, s := range sources {
		if isNonceSource(s) || strings.EqualFold(s, "'none'") {
			continue
		}
		granted = append(granted, s)
	}
	return append(granted, n.source())
}

func isNonceSource(s string) bool { _, ok := nonceValue(s); return ok }

// nonceValue returns the base64-value of a nonce-source, CSP3 §2.3.1.
func nonceValue(source string) (string, bool) {
	const prefix = "'nonce-"
	if len(source) <= len(prefix)+1 || !strings.EqualFold(source[:len(prefix)], prefix) || source[len(source)-1] != '\'' {
		return "", false
	}
	value := source[len(prefix) : len(source)-1]
	return value, isBase64Value(value)
}

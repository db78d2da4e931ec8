package csp

import (
	"slices"
	"strings"
)

// Beside returns the upstream's policy p as it goes out beside the page's: with
// our nonce in place of every nonce of its own, and with the names of our Trusted
// Types policies where it limits these. It adds nothing else: a policy that forbids
// the chat's connections goes on forbidding them.
func (page Page) Beside(p Policy) Policy {
	p = grantNonce(p, page.Nonce)
	if names, ok := p.Get("trusted-types"); ok && !slices.Contains(names, "*") {
		names = slices.DeleteFunc(slices.Clone(names), func(s string) bool { return strings.EqualFold(s, "'none'") })
		for _, name := range page.trustedTypes() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		p = p.With("trusted-types", names...)
	}
	return p
}

// WithoutScripts returns p without its say on which scripts load: for a policy that
// cannot carry a nonce and stands beside one that is stricter on scripts anyway.
func WithoutScripts(p Policy) Policy {
	_, limitsAll := p.Get("default-src")
	kept := Policy{}
	for _, d := range p.directives {
		switch d.Name {
		case "script-src", "script-src-elem", "require-trusted-types-for", "trusted-types":
			continue
		}
		kept = kept.With(d.Name, d.Value...)
	}
	if limitsAll {
		kept = kept.With("script-src", "*", "data:", "blob:", "'unsafe-inline'", "'unsafe-eval'")
	}
	return kept
}

// grantNonce returns p with n in place of every nonce of its own.
//
// Script directives get n whether or not they had a nonce. Style directives get
// it only where they had one. Where p limits scripts through default-src alone, a
// script-src with the same sources is added to carry the nonce, because a nonce
// in default-src would also open what else falls back to it.
func grantNonce(p Policy, n Nonce) Policy {
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

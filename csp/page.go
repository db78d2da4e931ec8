package csp

import (
	"maps"
	"slices"
)

// A Page says what the policy of a protected page has to allow.
type Page struct {
	// Nonce is what allowed scripts carry. The zero Nonce means that no script
	// may run in the response at all.
	Nonce Nonce
	// InlineChat is true where Converse runs in the page itself: it compiles
	// WebAssembly (OMEMO), sets style attributes (avatar colours), adds style
	// elements, and its libraries name two Trusted Types policies.
	InlineChat bool
	// Directives are the operator's own, by name. They replace a default of the
	// same name, except trusted-types, to which they add. Names for which
	// [Reserved] is true must have been refused before.
	Directives map[string][]string
	// Handlers are hash-sources of event handlers that may run, with their quotes.
	// Danger: an injector may put the same code on another element.
	Handlers []string
	// Sources are where scripts that may run come from, for a second policy: the
	// nonce passes to what an allowed script imports, and this limits it. Empty: there
	// is no second policy.
	Sources []Source
	// Workers are where the scripts of workers come from. Empty: there are no workers.
	Workers []Source
	// Origin is the page's own, like https://www.example.com, for sources of it.
	Origin string
	// ReportURI is the path that violation reports go to; empty for none. There is no
	// report-to beside it: Chromium and Firefox would then send nothing from a page
	// without TLS, and Chromium the others a minute late.
	ReportURI string
}

// A Source is a source expression that may be of the site's own origin.
type Source struct {
	Own  bool   // Rest stands behind the page's origin
	Rest string // a path, or the whole expression
}

func (page Page) expressions(sources []Source) []string {
	all := make([]string, len(sources))
	for i, source := range sources {
		all[i] = source.Rest
		if source.Own {
			all[i] = page.Origin + source.Rest
		}
	}
	return all
}

// Reserved reports whether the named directive is chatproxy's alone to write.
// Letting a file set one of these could only weaken what the product is for.
func Reserved(name string) bool {
	switch name {
	case "script-src", "script-src-elem", "script-src-attr", "object-src", "base-uri",
		"require-trusted-types-for", "sandbox", "report-uri", "report-to":
		return true
	}
	return false
}

// Policy returns the policy of the page.
//
// script-src holds the nonce alone: no host, no 'unsafe-inline', no
// 'unsafe-eval', no 'strict-dynamic'. Scripts that allowed scripts create get the
// nonce from the guard, after its Trusted Types policy has judged them.
// Without Workers, worker-src falls back to script-src and so refuses every worker.
func (page Page) Policy() Policy {
	var p Policy
	scripts := []string{"'none'"}
	if !page.Nonce.IsZero() {
		scripts = []string{page.Nonce.source()}
		if page.InlineChat {
			scripts = append(scripts, "'wasm-unsafe-eval'")
		}
	}
	p = p.With("script-src", scripts...)
	if len(page.Handlers) > 0 && !page.Nonce.IsZero() {
		p = p.With("script-src-attr", append([]string{"'unsafe-hashes'"}, page.Handlers...)...)
	}
	if len(page.Workers) > 0 && !page.Nonce.IsZero() {
		p = p.With("worker-src", page.expressions(page.Workers)...)
	}
	p = p.With("object-src", "'none'")
	p = p.With("base-uri", "'none'")
	p = p.With("frame-ancestors", "'self'")
	p = p.With("require-trusted-types-for", "'script'")
	p = p.With("trusted-types", page.trustedTypes()...)
	if page.InlineChat {
		// Converse writes messages into attributes. A style sheet reads these with
		// selectors and sends them off with url(), whether it comes from another
		// origin or stands in injected markup (CWE-79 without a script): only the
		// site's own files, and what has the nonce.
		p = p.With("style-src", "'self'")
	}
	for _, name := range slices.Sorted(maps.Keys(page.Directives)) {
		if name != "trusted-types" {
			p = p.With(name, page.Directives[name]...)
		}
	}
	if page.InlineChat {
		p = letConverseStyle(p, page.Nonce)
	}
	if page.ReportURI != "" {
		p = p.With("report-uri", page.ReportURI)
	}
	return p
}

// Policies returns the text of the page's policies for one header field.
//
// import() takes the nonce of the script that calls it along, whatever it loads (HTML
// §8.1.5.3), and Trusted Types do not see it. So there is a second policy, which asks
// for no nonce and knows where allowed scripts come from: a browser that has two
// enforces both. Inline scripts are the first one's business.
func (page Page) Policies() string {
	text := page.Policy().String()
	if len(page.Sources) == 0 || page.Nonce.IsZero() {
		return text
	}
	second := Policy{}.With("script-src-elem", append(page.expressions(page.Sources), "'unsafe-inline'")...)
	if page.ReportURI != "" {
		second = second.With("report-uri", page.ReportURI)
	}
	return text + ", " + second.String()
}

// trustedTypes names the policies that may be made: the guard's default one, and
// on a page with the chat those of Converse's libraries. lit is bundled twice,
// hence 'allow-duplicates'; a second default policy is refused all the same
// (Trusted Types §4.1.2).
func (page Page) trustedTypes() []string {
	names := []string{"default"}
	if page.InlineChat {
		names = append(names, "lit-html", "dompurify", "'allow-duplicates'")
	}
	return append(names, page.Directives["trusted-types"]...)
}

// letConverseStyle makes sure that a style-src which the operator narrowed still
// lets Converse set style attributes, and add style elements with the nonce.
func letConverseStyle(p Policy, n Nonce) Policy {
	if sources, ok := p.Get("style-src"); ok && !slices.Contains(sources, "'unsafe-inline'") {
		p = p.With("style-src", withNonce(sources, n)...)
		if _, ok := p.Get("style-src-attr"); !ok {
			p = p.With("style-src-attr", "'unsafe-inline'")
		}
	}
	return p
}

// Locked is the policy under which nothing runs and nothing loads: for what could
// not be decoded or decided.
func Locked(reportURI string) Policy {
	p := Policy{}.With("default-src", "'none'").With("base-uri", "'none'").
		With("form-action", "'none'").With("frame-ancestors", "'self'").With("sandbox")
	if reportURI != "" {
		p = p.With("report-uri", reportURI)
	}
	return p
}

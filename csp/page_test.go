package csp

import (
	"strings"
	"testing"
)

func TestPagePolicy(t *testing.T) {
	const n = "'nonce-AAAAAAAAAAAAAAAAAAAAAA=='"
	const base = "; object-src 'none'; base-uri 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; "
	tests := []struct {
		name string
		page Page
		want string
	}{
		{"a page", Page{Nonce: testNonce}, "script-src " + n + base + "trusted-types default"},
		{"nothing may run", Page{}, "script-src 'none'" + base + "trusted-types default"},
		{"with the chat", Page{Nonce: testNonce, InlineChat: true},
			"script-src " + n + " 'wasm-unsafe-eval'" + base + "trusted-types default lit-html dompurify 'allow-duplicates'; style-src 'self' " + n + "; style-src-attr 'unsafe-inline'"},
		{"a widened style-src still serves Converse", Page{Nonce: testNonce, InlineChat: true, Directives: map[string][]string{"style-src": {"https:"}}},
			"script-src " + n + " 'wasm-unsafe-eval'" + base + "trusted-types default lit-html dompurify 'allow-duplicates'; style-src https: " + n + "; style-src-attr 'unsafe-inline'"},
		{"pinned handlers", Page{Nonce: testNonce, Handlers: []string{"'sha384-a'", "'sha384-b'"}},
			"script-src " + n + "; script-src-attr 'unsafe-hashes' 'sha384-a' 'sha384-b'" + base + "trusted-types default"},
		{"no handlers where nothing may run", Page{Handlers: []string{"'sha384-a'"}}, "script-src 'none'" + base + "trusted-types default"},
		{"the operator's directives", Page{Nonce: testNonce, ReportURI: "/r", Directives: map[string][]string{"img-src": {"*"}, "frame-ancestors": {"'none'"}, "trusted-types": {"angular"}}},
			"script-src " + n + strings.Replace(base, "frame-ancestors 'self'", "frame-ancestors 'none'", 1) + "trusted-types default angular; img-src *; report-uri /r"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.page.Policy().String(); got != tt.want {
				t.Errorf("\n got %q\nwant %q", got, tt.want)
			}
		})
	}
}

// The second policy limits where scripts come from, and nothing else: whatever falls
// back to script-src (evaluation, WebAssembly, handlers, workers) is the first one's.
func TestPagePolicies(t *testing.T) {
	sources := []Source{{Own: true, Rest: "/static/"}, {Rest: "https://cdn.example"}}
	page := Page{Nonce: testNonce, Origin: "https://www.example.com", Sources: sources, Workers: sources[:1], ReportURI: "/r"}
	policies := ParseHeader([]string{page.Policies()})
	if len(policies) != 2 || policies[0].String() != page.Policy().String() {
		t.Fatalf("got %q", page.Policies())
	}
	if got, want := policies[1].String(), "script-src-elem https://www.example.com/static/ https://cdn.example 'unsafe-inline'; report-uri /r"; got != want {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	if got, _ := policies[0].Get("worker-src"); len(got) != 1 || got[0] != "https://www.example.com/static/" {
		t.Errorf("worker-src = %q", got)
	}
	page.Nonce = Nonce{}
	if got := ParseHeader([]string{page.Policies()}); len(got) != 1 {
		t.Errorf("where nothing may run: %q", got)
	} else if _, ok := got[0].Get("worker-src"); ok {
		t.Errorf("where nothing may run, workers may: %q", got)
	}
}

func TestCompartmentHasNoOriginOfItsOwn(t *testing.T) {
	p := Compartment{Host: "https://www.example.com", Origins: []string{"https://ads.example"}, Popups: true}.Policy()
	sandbox, ok := p.Get("sandbox")
	if !ok {
		t.Fatal("no sandbox directive")
	}
	for _, token := range sandbox {
		switch token {
		case "allow-same-origin", "allow-top-navigation", "allow-modals", "allow-downloads":
			t.Errorf("sandbox has %s", token)
		}
	}
	if got, _ := p.Get("connect-src"); len(got) != 1 || got[0] != "https://ads.example" {
		t.Errorf("connect-src = %q", got)
	}
	if got, _ := (Compartment{Host: "https://h"}).Policy().Get("connect-src"); len(got) != 1 || got[0] != "'none'" {
		t.Errorf("connect-src without origins = %q, want 'none'", got)
	}
}

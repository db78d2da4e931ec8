package csp

import (
	"slices"
	"testing"
)

var testNonce = Nonce{"AAAAAAAAAAAAAAAAAAAAAA=="}

func TestBeside(t *testing.T) {
	const n = "'nonce-AAAAAAAAAAAAAAAAAAAAAA=='"
	tests := []struct{ name, in, want string }{
		{"the upstream's nonce is replaced", "script-src 'nonce-up' 'strict-dynamic'", "script-src 'strict-dynamic' " + n},
		{"'none' would void the grant", "script-src 'none'", "script-src " + n},
		{"default-src alone becomes script-src too", "default-src 'self'; img-src *", "default-src 'self'; img-src *; script-src 'self' " + n},
		{"default-src with a nonce", "default-src 'nonce-up'", "default-src " + n + "; script-src " + n},
		{"script-src-elem is the effective one", "script-src 'self'; script-src-elem 'self'", "script-src 'self' " + n + "; script-src-elem 'self' " + n},
		{"styles only where they had one", "style-src 'self'; style-src-elem 'nonce-up'", "style-src 'self'; style-src-elem " + n},
		{"nothing about scripts is nothing to grant", "img-src 'self'", "img-src 'self'"},
		{"our Trusted Types are named", "trusted-types foo 'none'", "trusted-types foo default"},
		{"any Trusted Types", "trusted-types *", "trusted-types *"},
		{"nothing else opens", "script-src 'self'; connect-src 'none'", "script-src 'self' " + n + "; connect-src 'none'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (Page{Nonce: testNonce}).Beside(Parse(tt.in)).String(); got != tt.want {
				t.Errorf("Beside(%q)\n got %q\nwant %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestNonces(t *testing.T) {
	got := Nonces(ParseHeader([]string{
		"script-src 'nonce-one' 'NONCE-two'; style-src 'nonce-style', default-src 'nonce-three'",
		"default-src 'nonce-shadowed'; script-src 'self' 'nonce-bad value' 'nonce-' 'nonce-one'",
	}))
	if want := []string{"one", "two", "three"}; !slices.Equal(got, want) {
		t.Errorf("Nonces = %q, want %q", got, want)
	}
}

func TestWithoutScripts(t *testing.T) {
	for in, want := range map[string]string{
		"script-src 'self'; img-src *":                               "img-src *",
		"default-src 'self'; script-src-elem 'none'":                 "default-src 'self'; script-src * data: blob: 'unsafe-inline' 'unsafe-eval'",
		"trusted-types x; require-trusted-types-for 'script'; a b c": "a b c",
	} {
		if got := WithoutScripts(Parse(in)).String(); got != want {
			t.Errorf("WithoutScripts(%q) = %q, want %q", in, got, want)
		}
	}
}

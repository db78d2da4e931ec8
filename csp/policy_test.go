package csp

import (
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"one directive", "script-src 'self'", "script-src 'self'"},
		{"names fold to lower case, values do not", "Script-SRC 'nonce-AbC'", "script-src 'nonce-AbC'"},
		{"the first of a name counts", "script-src 'self'; script-src *", "script-src 'self'"},
		{"empty tokens and all white space", " ;\tscript-src\n'self'\f;; ", "script-src 'self'"},
		{"a directive without value", "upgrade-insecure-requests", "upgrade-insecure-requests"},
		{"a token that is not ASCII is dropped", "script-src 'self'; img-src é", "script-src 'self'"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Parse(tt.in).String(); got != tt.want {
				t.Errorf("Parse(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestParseHeaderKeepsEveryPolicyOfACommaList(t *testing.T) {
	got := ParseHeader([]string{"default-src 'self', script-src 'none'", "img-src *", " , "})
	want := []string{"default-src 'self'", "script-src 'none'", "img-src *"}
	var all []string
	for _, p := range got {
		all = append(all, p.String())
	}
	if !slices.Equal(all, want) {
		t.Errorf("ParseHeader = %q, want %q", all, want)
	}
}

func TestWithLeavesTheOriginalAlone(t *testing.T) {
	p := Parse("script-src 'self'")
	p.With("script-src", "*").With("img-src", "*")
	if got := p.String(); got != "script-src 'self'" {
		t.Errorf("p changed to %q", got)
	}
}

// What was serialized once parses to the same policy.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"script-src 'self'; img-src *", "a;b;A c", "default-src\t'none'\n;x", "é;\f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Parse(s).String()
		if twice := Parse(once).String(); twice != once {
			t.Errorf("Parse(%q) = %q, and that parses to %q", s, once, twice)
		}
	})
}

package csp

import (
	"encoding/base64"
	"testing"
)

func TestNewNonceHas128FreshBits(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		n := NewNonce().String()
		if raw, err := base64.StdEncoding.DecodeString(n); err != nil || len(raw) != 16 {
			t.Fatalf("NewNonce() = %q: %d bytes, %v", n, len(raw), err)
		}
		if seen[n] {
			t.Fatalf("NewNonce() gave %q twice", n)
		}
		seen[n] = true
		if _, err := ParseNonce(n); err != nil {
			t.Fatalf("ParseNonce refuses what NewNonce made: %v", err)
		}
	}
}

func TestParseNonceRefuses(t *testing.T) {
	for _, s := range []string{"", "short", "AAAAAAAAAAAAAAAAAAAAAA' 'unsafe-inline", "AAAAAAAAAAAAAAAAAAAAAA\"", "======================", "AAAAAAAAAAAAAAAAAAAAAA==="} {
		if n, err := ParseNonce(s); err == nil {
			t.Errorf("ParseNonce(%q) = %v, want an error", s, n)
		}
	}
}

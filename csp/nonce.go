package csp

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
)

// nonceBytes is 128 bits, the least that CSP3 §7.1 asks for.
const nonceBytes = 16

// A Nonce is the number used once that a response's policy announces and that
// the start tags of allowed scripts repeat. It can only be made by [NewNonce]
// and [ParseNonce], so a value of this type is never something that a page or a
// client chose by accident. The zero value grants nothing.
type Nonce struct{ value string }

// NewNonce returns 128 fresh bits from the system's generator, base64-encoded.
// crypto/rand.Read does not fail: it ends the program rather than hand out a
// guessable number.
func NewNonce() Nonce {
	var b [nonceBytes]byte
	rand.Read(b[:])
	return Nonce{base64.StdEncoding.EncodeToString(b[:])}
}

// ParseNonce accepts a nonce that the operator gives on the command line. It must
// match CSP3's base64-value and hold at least 128 bits (22 characters).
func ParseNonce(s string) (Nonce, error) {
	if len(s) < 22 {
		return Nonce{}, fmt.Errorf("nonce %q is too short: it needs at least 22 characters of base64 (128 bits)", s)
	}
	if !isBase64Value(s) {
		return Nonce{}, fmt.Errorf("nonce %q is not base64", s)
	}
	return Nonce{s}, nil
}

// String returns the bare value, as it stands in a nonce attribute.
func (n Nonce) String() string { return n.value }

// IsZero reports whether n is the nonce that grants nothing.
func (n Nonce) IsZero() bool { return n.value == "" }

// source returns n as a source expression: 'nonce-…'.
func (n Nonce) source() string { return "'nonce-" + n.value + "'" }

// isBase64Value matches CSP3 §2.3.1:
//
//	base64-value = 1*( ALPHA / DIGIT / "+" / "/" / "-" / "_" )*2( "=" )
func isBase64Value(s string) bool {
	body := s
	for i := 0; i < 2 && len(body) > 0 && body[len(body)-1] == '='; i++ {
		body = body[:len(body)-1]
	}
	if body == "" {
		return false
	}
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '+', c == '/', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

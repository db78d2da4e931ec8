package xmpp

import (
	"errors"
	"fmt"
)

// SyntaxError says why bytes are not the XML that RFC 6120 §11 allows.
type SyntaxError struct {
	// Condition is the stream error that fits (RFC 6120 §4.9.3):
	// not-well-formed, restricted-xml, policy-violation,
	// unsupported-encoding, bad-namespace-prefix or bad-format.
	Condition string
	// Reason is for people. It never quotes the payload.
	Reason string
}

func (e *SyntaxError) Error() string { return "XML refused: " + e.Reason }

func notWellFormed(format string, args ...any) error {
	return &SyntaxError{"not-well-formed", fmt.Sprintf(format, args...)}
}

func restricted(what string) error {
	return &SyntaxError{"restricted-xml", what + " is not allowed in XMPP (RFC 6120 §11.1)"}
}

func tooMuch(format string, args ...any) error {
	return &SyntaxError{"policy-violation", fmt.Sprintf(format, args...)}
}

// isTooMuch reports whether an error is one of tooMuch.
func isTooMuch(err error) bool {
	var syntax *SyntaxError
	return errors.As(err, &syntax) && syntax.Condition == "policy-violation"
}

func badPrefix(reason string) error {
	return &SyntaxError{"bad-namespace-prefix", reason}
}

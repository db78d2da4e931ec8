package bosh

import (
	"crypto/tls"
	"errors"

	"chatproxy/xmpp"
)

// Condition is why a session ended: a terminal binding condition of
// XEP-0124 §17.2. The empty one is a normal end.
//
// Converse gives up reconnecting after host-unknown and
// remote-connection-failed, so these two are only sent when trying again
// cannot help.
type Condition string

const (
	BadRequest             Condition = "bad-request"
	HostUnknown            Condition = "host-unknown"
	ImproperAddressing     Condition = "improper-addressing"
	InternalServerError    Condition = "internal-server-error"
	ItemNotFound           Condition = "item-not-found"
	PolicyViolation        Condition = "policy-violation"
	RemoteConnectionFailed Condition = "remote-connection-failed"
	RemoteStreamError      Condition = "remote-stream-error"
	SystemShutdown         Condition = "system-shutdown"
)

// permanent reports whether dialling again cannot succeed until an operator
// changes something: the certificate is wrong, or TLS is missing.
func permanent(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate) ||
		errors.Is(err, xmpp.ErrNoStartTLS) ||
		errors.Is(err, xmpp.ErrNotLoopback) ||
		errors.Is(err, xmpp.ErrNotOffered)
}

// payloadCondition is the condition for what SplitBody refused.
func payloadCondition(err error) Condition {
	var syntax *xmpp.SyntaxError
	if errors.As(err, &syntax) && syntax.Condition != "policy-violation" {
		return BadRequest
	}
	return PolicyViolation
}

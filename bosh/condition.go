package bosh

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"syscall"

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
	// The format of a request is wrong.
	BadRequest Condition = "bad-request"
	// The domain was served here once, see [Options.FormerDomains].
	HostGone Condition = "host-gone"
	// The domain is not served here.
	HostUnknown Condition = "host-unknown"
	// "to" is missing, or is no domain.
	ImproperAddressing Condition = "improper-addressing"
	// The proxy itself is in trouble: it is out of files or memory.
	InternalServerError Condition = "internal-server-error"
	// The sid, rid, key or stream is wrong, or an answer is not there any more.
	ItemNotFound Condition = "item-not-found"
	// Another request than this one ended the session.
	OtherRequest Condition = "other-request"
	// The client asks too often, has too many requests open, or sends what it
	// may not.
	PolicyViolation Condition = "policy-violation"
	// The server cannot be reached safely, and trying again is of no use; or
	// one stream of several lost its connection.
	RemoteConnectionFailed Condition = "remote-connection-failed"
	// The stream to the server had an error, which is in the body.
	RemoteStreamError Condition = "remote-stream-error"
	// The client is to go to [Options.SeeOtherURI].
	SeeOtherURI Condition = "see-other-uri"
	// The proxy shuts down, or the server did. Clients come back after it.
	SystemShutdown Condition = "system-shutdown"
	// Something that the standard does not list; the body says what.
	UndefinedCondition Condition = "undefined-condition"
)

// legacyStatus is the HTTP status for clients that know no conditions
// (XEP-0124 §17.1), 0 if there is none.
func (c Condition) legacyStatus() int {
	switch c {
	case BadRequest:
		return http.StatusBadRequest
	case PolicyViolation:
		return http.StatusForbidden
	case ItemNotFound:
		return http.StatusNotFound
	}
	return 0
}

// nsOurs is the namespace of what we add to undefined-condition.
const nsOurs = "urn:chatproxy:bosh"

// ourCondition is the element that says what UndefinedCondition stands for.
func ourCondition(name string) xmpp.Stanza {
	return xmpp.Stanza{XML: fmt.Appendf(nil, `<%s xmlns="%s"/>`, name, nsOurs)}
}

// uriElement is the child of a body with see-other-uri (§17.2).
func uriElement(uri string) xmpp.Stanza {
	return xmpp.Stanza{XML: []byte("<uri>" + xmpp.Escape(uri) + "</uri>")}
}

// outOfResources reports whether dialling failed for want of what this
// machine has.
func outOfResources(err error) bool {
	for _, lack := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, lack) {
			return true
		}
	}
	return false
}

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

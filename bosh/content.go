package bosh

import (
	"mime"
	"strings"
)

// defaultType is the type of responses unless the client asks for another
// (XEP-0124 §7.1).
const defaultType = "text/xml; charset=utf-8"

// contentTypes are what clients may ask for with "content": the types of text
// that constrained clients have ever been bound to.
//
// text/html would let a page make the site's own origin serve markup with
// script in it (CWE-79): somebody else's message is in the response. So every
// response says nosniff, and a policy under which nothing runs, in an origin
// that is nobody's. A type that is not text is of no use to a client.
var contentTypes = map[string]bool{
	"text/xml": true, "application/xml": true, "application/xhtml+xml": true, "text/html": true, "text/plain": true,
}

// contentPolicy is the Content-Security-Policy of all responses.
const contentPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

// contentType is the Content-Type that a client asks for with the "content"
// attribute, letter by letter, since some compare it.
func contentType(asked string) (string, error) {
	if asked == "" {
		return defaultType, nil
	}
	kind, parameters, err := mime.ParseMediaType(asked)
	// The text of responses is UTF-8; another label would be a lie.
	charset, other := parameters["charset"]
	if err != nil || !contentTypes[kind] || other && !strings.EqualFold(charset, "utf-8") || strings.ContainsAny(asked, "\r\n") {
		return "", badRequest("content")
	}
	return asked, nil
}

package stanzas

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// jid is a JID taken apart and prepared, so that what a server takes for the same is
// the same here (RFC 7622 §3). Where that is not certain, sure is false.
type jid struct {
	local, domain, resource string
	sure                    bool
}

// parseJID reads a JID.
func parseJID(text string) jid {
	bare, resource, hasResource := strings.Cut(text, "/")
	local, domain, hasLocal := strings.Cut(bare, "@")
	if !hasLocal {
		local, domain = "", bare
	}
	if hasLocal && local == "" || hasResource && resource == "" || len(text) > 3071 || !utf8.ValidString(text) {
		return jid{}
	}
	var j jid
	var err error
	if j.domain, err = prepareDomain(domain); err != nil {
		return jid{}
	}
	if hasLocal {
		if j.local, err = prepareLocal(local); err != nil {
			return jid{}
		}
	}
	if hasResource {
		if j.resource, err = prepareResource(resource); err != nil {
			return jid{}
		}
	}
	j.sure = true
	return j
}

var errNotTheSame = errors.New("servers differ in what it is the same as")

// prepareLocal makes a localpart comparable. Newer servers follow PRECIS (RFC 8265),
// older ones nodeprep (RFC 6122), and where these differ, as over "ß", the same
// spelling is two accounts or one: such a name is not certain.
func prepareLocal(s string) (string, error) {
	if strings.ContainsAny(s, "\"&'/:<>@ ") { // RFC 7622 §3.3.1
		return "", fmt.Errorf("%q is not the local part of a JID", s)
	}
	if isLowerASCII(s) {
		return s, nil
	}
	prepared, err := precis.UsernameCaseMapped.String(s)
	if err != nil {
		return "", fmt.Errorf("%q is not the local part of a JID: %w", s, err)
	}
	if older := norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s))); older != prepared {
		return "", fmt.Errorf("%q: %w", s, errNotTheSame)
	}
	return prepared, nil
}

var transitional = idna.New(idna.MapForLookup(), idna.Transitional(true), idna.BidiRule())

// prepareDomain makes a domain comparable: its ASCII form in lower case, without the
// dot at its end (RFC 7622 §3.2).
func prepareDomain(s string) (string, error) {
	s = strings.TrimSuffix(s, ".")
	if s == "" {
		return "", errors.New("a JID has a domain")
	}
	prepared, err := idna.Lookup.ToASCII(s)
	if err != nil {
		return "", fmt.Errorf("%q is not a domain: %w", s, err)
	}
	older, err := transitional.ToASCII(s)
	again, errAgain := idna.Lookup.ToASCII(prepared)
	if err != nil || errAgain != nil || prepared == "" || older != prepared || again != prepared || strings.HasSuffix(prepared, ".") {
		return "", fmt.Errorf("%q: %w", s, errNotTheSame)
	}
	return prepared, nil
}

// prepareResource makes a resource comparable. Case counts in it.
func prepareResource(s string) (string, error) {
	prepared, err := precis.OpaqueString.String(s)
	if err != nil {
		return "", fmt.Errorf("%q is not a resource: %w", s, err)
	}
	if norm.NFKC.String(s) != prepared {
		return "", fmt.Errorf("%q: %w", s, errNotTheSame)
	}
	return prepared, nil
}

func isLowerASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= unicode.MaxASCII || r >= 'A' && r <= 'Z'
	})
}

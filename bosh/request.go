package bosh

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"chatproxy/xmpp"
)

// maxRID is the largest request id (XEP-0124 §14.1): 2^53-1, since
// JavaScript counts no further.
const maxRID = 1<<53 - 1

// request is a client's <body/> with its attributes read.
type request struct {
	rid       int64
	sid       string // empty: this creates a session
	terminate bool   // type='terminate'
	restart   bool   // xmpp:restart='true'
	stanzas   []xmpp.Stanza

	create *creation // nil unless sid is empty
}

// creation is what a session creation request asks for (XEP-0124 §7.1).
type creation struct {
	to          string
	lang        string
	wait        time.Duration
	hold        int
	version     version
	contentType string
	secure      bool // the client insists on a secure connection
}

// version is a "ver" attribute: two numbers, not a decimal fraction.
type version struct{ major, minor int }

// ours is the version of XEP-0124 that this package follows.
var ours = version{1, 11}

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

// lowest is the version that both sides know (XEP-0124 §7.2).
func (v version) lowest(w version) version {
	if v.major < w.major || v.major == w.major && v.minor < w.minor {
		return v
	}
	return w
}

// parseRequest reads a body. Errors are worth a bad-request or what
// payloadCondition says.
func parseRequest(document []byte, lim xmpp.Limits) (*request, error) {
	body, err := xmpp.SplitBody(document, lim)
	if err != nil {
		return nil, err
	}
	get := func(name string) string { v, _ := body.Attribute(name); return v }

	q := &request{sid: get("sid"), stanzas: body.Stanzas}
	if q.rid, err = parseNumber(get("rid"), maxRID); err != nil || q.rid == 0 {
		return nil, badRequest("rid")
	}
	switch get("type") {
	case "":
	case "terminate":
		q.terminate = true
	default:
		return nil, badRequest("type")
	}
	q.restart = isTrue(get("xmpp:restart"))
	if q.sid != "" {
		return q, nil
	}
	q.create, err = parseCreation(get)
	if err == nil && (len(q.stanzas) > 0 || q.terminate || q.restart) {
		err = errors.New("a session creation request with a payload")
	}
	return q, err
}

func parseCreation(get func(string) string) (*creation, error) {
	// "route" is not read: it would let a client choose the host that the
	// proxy connects to (CWE-918).
	c := &creation{to: get("to"), lang: get("xml:lang"), secure: isTrue(get("secure"))}
	wait, err := parseNumber(get("wait"), 1<<31)
	if err != nil {
		return nil, badRequest("wait")
	}
	c.wait = time.Duration(wait) * time.Second
	hold := int64(1)
	if get("hold") != "" {
		if hold, err = parseNumber(get("hold"), 1<<31); err != nil {
			return nil, badRequest("hold")
		}
	}
	c.hold = int(hold)
	c.version = version{1, 5} // the last one that did not say (XEP-0124 §7.1)
	if get("ver") != "" {
		if c.version, err = parseVersion(get("ver")); err != nil {
			return nil, err
		}
	}
	if len(c.lang) > 35 {
		return nil, badRequest("xml:lang")
	}
	c.contentType = contentType(get("content"))
	return c, nil
}

func parseVersion(s string) (version, error) {
	major, minor, ok := strings.Cut(s, ".")
	a, errA := parseNumber(major, 1<<20)
	b, errB := parseNumber(minor, 1<<20)
	if !ok || errA != nil || errB != nil {
		return version{}, badRequest("ver")
	}
	return version{int(a), int(b)}, nil
}

// parseNumber reads decimal digits and nothing else: no sign, no fraction.
func parseNumber(s string, most int64) (int64, error) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, errors.New("not a number")
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > most {
		return 0, errors.New("not a number in range")
	}
	return n, nil
}

// contentType honours the "content" attribute as far as it names XML. A type
// of the client's choice, text/html say, would let a page make the site's
// origin serve markup (CWE-79).
func contentType(asked string) string {
	kind, _, _ := strings.Cut(asked, ";")
	if strings.EqualFold(strings.TrimSpace(kind), "application/xml") {
		return "application/xml; charset=utf-8"
	}
	return "text/xml; charset=utf-8"
}

func isTrue(s string) bool { return s == "true" || s == "1" }

func badRequest(attribute string) error {
	return &xmpp.SyntaxError{Condition: string(BadRequest), Reason: "the attribute " + attribute + " is missing or wrong"}
}

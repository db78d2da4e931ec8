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
	stream    string // which stream it is for (XEP-0124 §16); empty: all
	to        string // the domain of another stream, or of one that is restarted
	lang      string // xml:lang
	terminate bool   // type='terminate'
	restart   bool   // xmpp:restart='true'
	pauses    bool   // has "pause"
	pause     time.Duration
	ack       int64  // the highest response that the client has; 0 if it does not say
	key       string // XEP-0124 §15
	newkey    string
	stanzas   []xmpp.Stanza

	create *creation // nil unless sid is empty
}

// empty reports whether the request only asks for what is there.
func (q *request) empty() bool {
	return len(q.stanzas) == 0 && !q.restart && !q.terminate && !q.pauses
}

// carries reports whether the request has something for the server.
func (q *request) carries() bool { return len(q.stanzas) > 0 || q.restart }

// another reports whether the request asks for one more stream
// (XEP-0124 §16.3).
func (q *request) another() bool { return q.empty() && q.to != "" && q.create == nil }

// creation is what a session creation request asks for (XEP-0124 §7.1).
type creation struct {
	wait        time.Duration
	hold        int
	version     version
	legacy      bool   // it does not say that it knows version 1.6
	contentType string // of all responses
	acks        bool   // the client acknowledges responses
}

// version is a "ver" attribute: two numbers, not a decimal fraction.
type version struct{ major, minor int }

// ours is the version of XEP-0124 that this package follows. before is where
// clients stop to be legacy clients, who know HTTP errors only (§17.1).
var (
	ours   = version{1, 11}
	before = version{1, 6}
)

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

func (v version) less(w version) bool {
	return v.major < w.major || v.major == w.major && v.minor < w.minor
}

// lowest is the version that both sides know (XEP-0124 §7.2).
func (v version) lowest(w version) version {
	if v.less(w) {
		return v
	}
	return w
}

// parseRequest reads a body. Errors are worth a bad-request or what
// payloadCondition says; the request comes with them as far as it was read.
func parseRequest(document []byte, lim xmpp.Limits) (*request, error) {
	body, err := xmpp.SplitBody(document, lim)
	get := func(name string) string { v, _ := body.Attribute(name); return v }
	if err != nil { // the answer ends the session, so it must be known which
		return &request{sid: get("sid")}, err
	}

	q := &request{sid: get("sid"), stream: get("stream"), to: get("to"), lang: get("xml:lang"),
		key: get("key"), newkey: get("newkey"), restart: isTrue(get("xmpp:restart")), stanzas: body.Stanzas}
	if q.sid == "" { // known before anything else can fail, since it says how to fail
		if q.create, err = parseCreation(get); err != nil {
			return q, err
		}
	}
	if q.rid, err = parseNumber(get("rid"), maxRID); err != nil || q.rid == 0 {
		return q, badRequest("rid")
	}
	switch get("type") {
	case "":
	case "terminate":
		q.terminate = true
	default:
		return q, badRequest("type")
	}
	if get("ack") != "" {
		if q.ack, err = parseNumber(get("ack"), maxRID); err != nil {
			return q, badRequest("ack")
		}
	}
	if q.pauses = get("pause") != ""; q.pauses {
		seconds, err := parseNumber(get("pause"), 1<<31)
		if err != nil {
			return q, badRequest("pause")
		}
		q.pause = time.Duration(seconds) * time.Second
	}
	switch {
	case len(q.lang) > 35:
		return q, badRequest("xml:lang")
	case q.newkey != "" && !isKey(q.newkey):
		return q, badRequest("newkey")
	case q.create != nil && (!q.empty() || len(q.stanzas) > 0):
		return q, errors.New("a session creation request with a payload")
	}
	if q.create != nil {
		q.create.acks = q.ack == 1
	}
	return q, nil
}

func parseCreation(get func(string) string) (*creation, error) {
	// "route" is not read: it would let a client choose the host that the
	// proxy connects to (CWE-918). Nor is "secure", which versions before
	// 1.8 had: how the server is reached is the operator's decision, and
	// clients set it without meaning it. "from" names the account; the server
	// learns it from the login, which proves it.
	c := &creation{version: version{1, 5}, contentType: defaultType} // the last version that did not say
	var err error
	if get("ver") != "" {
		if c.version, err = parseVersion(get("ver")); err != nil {
			return c, err
		}
	}
	c.legacy = c.version.less(before)
	if c.contentType, err = contentType(get("content")); err != nil {
		c.contentType = defaultType
		return c, err
	}
	wait, err := parseNumber(get("wait"), 1<<31)
	if err != nil {
		return c, badRequest("wait")
	}
	c.wait = time.Duration(wait) * time.Second
	hold := int64(1)
	if get("hold") != "" {
		if hold, err = parseNumber(get("hold"), 1<<31); err != nil {
			return c, badRequest("hold")
		}
	}
	c.hold = int(hold)
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

func isTrue(s string) bool { return s == "true" || s == "1" }

func badRequest(attribute string) error {
	return &xmpp.SyntaxError{Condition: string(BadRequest), Reason: "the attribute " + attribute + " is missing or wrong"}
}

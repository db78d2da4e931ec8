package bosh

import (
	"bytes"
	"encoding/base64"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

const notAuthorized = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"

// stubLogIn makes one attempt that the stub refuses, or reports that it was refused
// before it came there.
func stubLogIn(t *testing.T, f *fixture, s *stub, auth string) (through bool) {
	t.Helper()
	c := dialWebSocket(t, f)
	c.say(openMessage)
	c.until("<stream:features")
	p := s.peer()
	c.say(auth)
	// Whoever answers first: the stub answers what comes to it.
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		for range 1000 {
			p.mu.Lock()
			got := p.read.String()
			p.mu.Unlock()
			if strings.Contains(got, "</auth") || strings.Contains(got, "</authenticate") {
				io.WriteString(p, strings.Replace(notAuthorized, nsSASL, namespaceOf(auth), 1))
				return
			}
			select {
			case <-t.Context().Done():
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	got := c.until("<failure")
	through = strings.Contains(got, "not-authorized")
	if !through && !strings.Contains(got, "temporary-auth-failure") {
		t.Errorf("got %s", got)
	}
	p.mu.Lock()
	arrived := strings.Contains(p.read.String(), "mechanism=")
	p.mu.Unlock()
	if arrived != through {
		t.Errorf("answered %s; arrived upstream: %v", got, arrived)
	}
	_ = c.conn.CloseNow()
	return through
}

func namespaceOf(auth string) string {
	if strings.Contains(auth, nsSASL2) {
		return nsSASL2
	}
	return nsSASL
}

func scram(name string) string {
	return `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="SCRAM-SHA-1">` + base64.StdEncoding.EncodeToString([]byte("n,,n="+name+",r=x")) + `</auth>`
}

func sasl2(name string) string {
	return `<authenticate xmlns="urn:xmpp:sasl:2" mechanism="PLAIN"><initial-response>` +
		base64.StdEncoding.EncodeToString([]byte("\x00"+name+"\x00x")) + `</initial-response></authenticate>`
}

// However the account is written and whatever the mechanism, it is one account.
func TestGuessedAccountIsRefusedWithoutTheServer(t *testing.T) {
	s := newStub(t, true)
	var log syncBuffer
	f := newFixture(t, Options{Dial: s.dialer(), Limits: Limits{LoginFailuresPerAccount: 3},
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	for _, auth := range []string{plain("ann", "geheim1"), scram("ANN"), sasl2("ａｎｎ")} {
		if !stubLogIn(t, f, s, auth) {
			t.Fatalf("refused too early: %s", auth)
		}
	}
	for _, auth := range []string{plain("Ann", "geheim4"), scram("ann"), sasl2("ANN")} {
		if stubLogIn(t, f, s, auth) {
			t.Errorf("another guess was let through: %s", auth)
		}
	}
	if !stubLogIn(t, f, s, plain("bob", "x")) { // the control
		t.Error("another account is refused")
	}
	for _, secret := range []string{"geheim", "ann", "ANN"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q: %s", secret, log.String())
		}
	}
}

func TestGuessingAddressIsRefusedWithoutTheServer(t *testing.T) {
	s := newStub(t, true)
	f := newFixture(t, Options{Dial: s.dialer(), Limits: Limits{LoginFailuresPerAddress: 3}})
	for i := range 3 {
		if !stubLogIn(t, f, s, plain("user"+itoa(i), "x")) {
			t.Fatal("refused too early")
		}
	}
	if stubLogIn(t, f, s, plain("user9", "x")) {
		t.Error("another guess was let through")
	}
}

// Spellings that are one account to some servers count as one.
func TestSpellingsOfAnAccount(t *testing.T) {
	guard := testGuard()
	for i, name := range []string{"straße", "STRASSE", "strasse", "Straße"} {
		g := guard.gate("192.0.2." + itoa(i+1))
		if through := passes(t, g, plain(name, "x")); through != (i < 3) {
			t.Errorf("%s after %d failures: %v", name, i, through)
		}
		g.down(saslStanza(t, notAuthorized))
		g.close()
	}
}

// What cannot be read cannot be counted, and does not pass.
func TestUnreadableLogIns(t *testing.T) {
	encode := base64.StdEncoding.EncodeToString
	for name, auth := range map[string]string{
		"no base64":        `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">???</auth>`,
		"CDATA":            `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN"><![CDATA[` + encode([]byte("\x00ann\x00x")) + `]]></auth>`,
		"an element in it": `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="plain"><x/>` + encode([]byte("\x00ann\x00x")) + `</auth>`,
		"two parts":        `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">` + encode([]byte("ann\x00x")) + `</auth>`,
		"two in SASL2":     strings.Replace(sasl2("decoy"), "</authenticate>", `<initial-response>`+encode([]byte("\x00ann\x00x"))+`</initial-response></authenticate>`, 1),
		"hidden in SASL2":  strings.Replace(sasl2("ann"), "<initial-response>", `<x/>text<initial-response>`, 1),
		"nested in SASL2":  strings.Replace(sasl2("ann"), "<initial-response>", `<initial-response><x/>`, 1),
		"no message":       `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">=</auth>`,
	} {
		c, p := open(t, Options{})
		c.say(auth)
		if got := c.until("<failure"); !strings.Contains(got, "<malformed-request ") {
			t.Errorf("%s: %s", name, got)
		}
		c.say(numbered("after"))
		if got := p.wait(t, "after"); strings.Contains(got, "<auth") {
			t.Errorf("%s: the server got %s", name, got)
		}
	}
}

// The log-in of before SASL, which would not be counted, does not pass; afterwards the
// namespace means nothing.
func TestLogInOfBeforeSASL(t *testing.T) {
	old := `<iq xmlns="jabber:client" id="1" type="set"><query xmlns="jabber:iq:auth"><username>ann</username><password>x</password></query></iq>`
	overBoth(t, Options{}, func(t *testing.T, c talker) {
		c.say(old)
		c.hear("<not-allowed ")
		c.say(strings.Replace(old, "<query", "text<query", 1)) // in which it might be hidden
		c.hear("<not-allowed ")
		c.logIn(t)
		if got := c.p.wait(t, "xmpp-bind"); strings.Contains(got, "jabber:iq:auth") {
			t.Errorf("the server got %s", got)
		}
		c.say(old)
		c.p.wait(t, "jabber:iq:auth")
	})
}

// Without an initial response the account comes in the first <response/>.
func TestAccountInAResponse(t *testing.T) {
	s := newStub(t, true)
	f := newFixture(t, Options{Dial: s.dialer(), Limits: Limits{LoginFailuresPerAccount: 1}})
	begin := `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN"/>`
	response := `<response xmlns="urn:ietf:params:xml:ns:xmpp-sasl">` + base64.StdEncoding.EncodeToString([]byte("\x00ann\x00x")) + `</response>`
	c := dialWebSocket(t, f)
	c.say(openMessage)
	c.until("<stream:features")
	p := s.peer()
	c.say(begin)
	p.wait(t, "<auth")
	io.WriteString(p, "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
	c.until("<challenge")
	c.say(response)
	p.wait(t, "</response>")
	io.WriteString(p, notAuthorized)
	c.until("not-authorized")

	c.say(begin)
	io.WriteString(p, "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
	c.until("<challenge")
	c.say(response)
	c.until("<policy-violation ")
	if got := p.wait(t, "EOF"); strings.Count(got, "</response>") != 1 {
		t.Errorf("the server got %s", got)
	}
}

// A stream may fail five times (RFC 6120 §6.4.5), and two attempts at once are not
// to be told apart.
func TestLogInsOfOneStream(t *testing.T) {
	c, p := open(t, Options{})
	for i := range maxFailures {
		c.say(plain("user"+itoa(i), "x"))
		p.wait(t, plain("user"+itoa(i), "x"))
		io.WriteString(p, notAuthorized)
		c.until("not-authorized")
	}
	c.say(plain("ann", "x"))
	c.until("<policy-violation ")
	if got := p.wait(t, "EOF"); strings.Count(got, "<auth") != maxFailures {
		t.Errorf("the server got %s", got)
	}

	c, p = open(t, Options{})
	c.say(plain("ann", "x"))
	c.say(plain("bob", "x"))
	c.until("<policy-violation ")
	if got := p.wait(t, "EOF"); strings.Count(got, "<auth") != 1 {
		t.Errorf("the server got %s", got)
	}

	// After an abort the next attempt is one.
	c, p = open(t, Options{})
	c.say(scram("ann"))
	p.wait(t, "</auth>")
	c.say(`<abort xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`)
	p.wait(t, "<abort")
	io.WriteString(p, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><aborted/></failure>")
	c.until("<aborted/>")
	c.say(plain("ann", "x"))
	p.wait(t, `mechanism="PLAIN"`)
}

// The real thing: a wrong password counts, a right one does not.
func TestProsodyLogInsAreCounted(t *testing.T) {
	f := newFixture(t, Options{Dial: realDialer(), Limits: Limits{LoginFailuresPerAccount: 2}})
	for range 3 {
		loginWebSocket(t, f, "ann", "secret-a")
	}
	try := func(password string) string {
		c := dialWebSocket(t, f)
		c.say(openMessage)
		c.until("<stream:features")
		c.say(plain("ann", password))
		got, err := c.hear()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for range 2 {
		if got := try("wrong"); !strings.Contains(got, "<not-authorized") {
			t.Fatalf("got %s", got)
		}
	}
	if got := try("secret-a"); !strings.Contains(got, "<temporary-auth-failure") {
		t.Errorf("got %s", got)
	}
}

// Over BOSH it is the same gate.
func TestGuessingOverBOSH(t *testing.T) {
	f := newFixture(t, Options{Dial: realDialer(), Limits: Limits{LoginFailuresPerAccount: 2}})
	for i := range 3 {
		c := &boshClient{fixture: f, rid: 1000}
		c.sid = value(f.post(createBody(`wait="5" hold="1"`)), "sid")
		got := c.until("<failure", plain("bob", "wrong"))
		if want := []string{"<not-authorized", "<not-authorized", "<temporary-auth-failure"}[i]; !strings.Contains(got, want) {
			t.Errorf("%d: %s", i, got)
		}
	}
}

// syncBuffer is a buffer that a log may be written to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

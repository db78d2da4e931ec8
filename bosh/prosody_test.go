package bosh

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"chatproxy/demo/prosody"
	"chatproxy/xmpp"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

// server is a real Prosody for the tests of this package.
var server *prosody.Server

// onlyPoller is the one goroutine that stays: it waits for all idle connections.
var onlyPoller = goleak.IgnoreAnyFunction("chatproxy/xmpp/arrival.(*poller).run")

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		server, err = prosody.Start(context.Background(), prosody.Config{
			Domain: domain, HTTP: true, Accounts: map[string]string{"ann": "secret-a", "bob": "secret-b"}})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		code := m.Run()
		server.Stop()
		// Whatever a session was made to do, no goroutine of it may be left.
		http.DefaultClient.CloseIdleConnections()
		if err := goleak.Find(onlyPoller); err != nil && code == 0 {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	}())
}

func realFixture(t *testing.T) *fixture {
	t.Helper()
	return newFixture(t, Options{Dial: realDialer()})
}

func realDialer() func(context.Context) (*xmpp.Stream, error) {
	return (&xmpp.Dialer{Domain: domain, Server: server.Addr(), RootCAs: server.CA}).Dial
}

func plain(user, password string) string {
	return `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">` +
		base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password)) + `</auth>`
}

func bind(resource string) string {
	return `<iq xmlns="jabber:client" type="set" id="b1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>` +
		resource + `</resource></bind></iq>`
}

// boshClient is a client with one request in flight at a time.
type boshClient struct {
	*fixture
	sid  string
	rid  int
	last string // the newest request
}

func (c *boshClient) ask(attributes, payload string) string {
	c.t.Helper()
	c.rid++
	c.last = requestBody(c.sid, itoa(c.rid), attributes, payload)
	return c.post(c.last)
}

// until asks until the answer has what is wanted.
func (c *boshClient) until(want, payload string) string {
	c.t.Helper()
	got := c.ask("", payload)
	for range 10 {
		if strings.Contains(got, want) {
			return got
		}
		got = c.ask("", "")
	}
	c.t.Fatalf("no %s, last %s\n%s", want, got, server.Log())
	return ""
}

func loginBOSH(t *testing.T, f *fixture, user, password string) *boshClient {
	t.Helper()
	created := f.post(createBody(`wait="5" hold="1" xml:lang="en"`))
	for _, want := range []string{"<mechanism>PLAIN</mechanism>", "<stream:features", `secure="true"`, "xmlns:stream="} {
		f.expect(created, want)
	}
	if strings.Contains(created, "starttls") {
		t.Errorf("starttls reached the client: %s", created)
	}
	c := &boshClient{fixture: f, sid: value(created, "sid"), rid: 1000}
	c.until("<success", plain(user, password))
	if got := c.ask(`to="a.example" xmpp:restart="true"`, ""); !strings.Contains(got, "xmpp-bind") {
		t.Fatalf("after the restart: %s", got)
	}
	c.until(user+"@a.example/bosh", bind("bosh"))
	return c
}

func TestProsodyOverBOSH(t *testing.T) {
	f := realFixture(t)
	ann, bob := loginBOSH(t, f, "ann", "secret-a"), loginBOSH(t, f, "bob", "secret-b")
	ann.until("from='bob@a.example'", `<iq xmlns="jabber:client" type="get" id="v" to="bob@a.example"><vCard xmlns="vcard-temp"/></iq>`)
	roster := ann.until("jabber:iq:roster", `<iq xmlns="jabber:client" type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`)
	f.expect(roster, "subscription='both'")

	hello := func(n int) string {
		return fmt.Sprintf(`<message xmlns="jabber:client" type="chat" to="bob@a.example/bosh"><body>hello %d</body></message>`, n)
	}
	// The answer to this request comes with an iq result, so the request is
	// over when it is repeated.
	first := ann.ask("", hello(1)+`<iq xmlns="jabber:client" type="get" id="p1" to="a.example"><ping xmlns="urn:xmpp:ping"/></iq>`)
	f.expect(first, "p1")
	if again := f.post(ann.last); again != first {
		t.Errorf("the repetition got %s\nnot %s", again, first)
	}
	ann.until("p2", hello(2)+`<iq xmlns="jabber:client" type="get" id="p2" to="a.example"><ping xmlns="urn:xmpp:ping"/></iq>`)
	var all strings.Builder
	for !strings.Contains(all.String(), "hello 2") {
		all.WriteString(bob.until("hello", ""))
	}
	if n := strings.Count(all.String(), "hello 1"); n != 1 {
		t.Errorf("the repeated message arrived %d times", n)
	}
	f.expect(ann.ask(`type="terminate"`, `<presence xmlns="jabber:client" type="unavailable"/>`), `type="terminate"`)
}

func loginWebSocket(t *testing.T, f *fixture, user, password string) *wsClient {
	t.Helper()
	c := dialWebSocket(t, f)
	c.say(openMessage)
	c.expect("<open ")
	if features := c.expect("<stream:features"); strings.Contains(features, "starttls") {
		t.Errorf("starttls reached the client: %s", features)
	}
	c.say(plain(user, password))
	c.expect("<success")
	c.say(openMessage)
	c.expect("<open ")
	c.expect("<stream:features")
	c.say(bind("ws"))
	if got := c.expect("<iq"); !strings.Contains(got, user+"@a.example/ws") {
		t.Fatalf("got %s", got)
	}
	return c
}

// until reads until a message has what is wanted.
func (c *wsClient) until(want string) string {
	c.t.Helper()
	for range 20 {
		got, err := c.hear()
		if err != nil {
			c.t.Fatalf("no %s: %v", want, err)
		}
		if strings.Contains(got, want) {
			return got
		}
	}
	c.t.Fatalf("no %s", want)
	return ""
}

func TestProsodyOverWebSocket(t *testing.T) {
	f := realFixture(t)
	ann, bob := loginWebSocket(t, f, "ann", "secret-a"), loginWebSocket(t, f, "bob", "secret-b")
	ann.say(`<message xmlns="jabber:client" type="chat" to="bob@a.example/ws"><body>hello</body></message>`)
	bob.until("hello")
	bob.say(`<message xmlns="jabber:client" type="chat" to="ann@a.example/ws"><body>back</body></message>`)
	ann.until("back")

	// A socket that is lost without <close/> keeps its XEP-0198 session.
	bob.say(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`)
	enabled := bob.until("<enabled")
	id := between(enabled, "id='", "'")
	_ = bob.conn.CloseNow()
	ann.say(`<message xmlns="jabber:client" type="chat" to="bob@a.example/ws"><body>while away</body></message>`)
	bobComesBack(t, f, id)
}

// bobComesBack resumes bob's session on another WebSocket, gets there what he was sent
// meanwhile, and says goodbye.
func bobComesBack(t *testing.T, f *fixture, id string) {
	t.Helper()
	again := dialWebSocket(t, f)
	again.say(openMessage)
	again.until("<stream:features")
	again.say(plain("bob", "secret-b"))
	again.expect("<success")
	again.say(openMessage)
	again.until("<stream:features")
	again.say(`<resume xmlns="urn:xmpp:sm:3" h="0" previd="` + id + `"/>`)
	again.until("<resumed")
	again.until("while away")

	again.say(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`)
	again.until(closeFrame)
	again.expectClosed(websocket.StatusNormalClosure)
}

func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}

func TestProsodyWrongPassword(t *testing.T) {
	c := dialWebSocket(t, realFixture(t))
	c.say(openMessage)
	c.until("<stream:features")
	c.say(plain("ann", "wrong"))
	c.until("<not-authorized")
}

func TestProsodyUnderAnotherName(t *testing.T) {
	d := &xmpp.Dialer{Domain: "b.example", Server: server.Addr(), RootCAs: server.CA, HandshakeTimeout: 5 * time.Second}
	if s, err := d.Dial(t.Context()); err == nil {
		s.Abort()
		t.Error("the certificate of a.example passed for b.example")
	}
}

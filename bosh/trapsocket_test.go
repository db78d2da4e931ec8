package bosh

import (
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// The traps 16, 20 and 21, which other bridges fell into, see
// conformance/RFC7395.txt.

// resume logs bob in on a new socket and resumes his session.
func resume(t *testing.T, f *fixture, id string) *wsClient {
	t.Helper()
	c := dialWebSocket(t, f)
	c.say(openMessage)
	c.until("<stream:features")
	c.say(plain("bob", "secret-b"))
	c.expect("<success")
	c.say(openMessage)
	c.until("<stream:features")
	c.say(`<resume xmlns="urn:xmpp:sm:3" h="0" previd="` + id + `"/>`)
	return c
}

func TestRFC7395_Trap16_LostWebSocketCanBeResumed(t *testing.T) {
	f := realFixture(t)
	ann, bob := loginWebSocket(t, f, "ann", "secret-a"), loginWebSocket(t, f, "bob", "secret-b")
	bob.say(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`)
	id := between(bob.until("<enabled"), "id='", "'")
	_ = bob.conn.CloseNow()
	for _, text := range []string{"one", "two", "three"} {
		ann.say(`<message xmlns="jabber:client" type="chat" to="bob@a.example/ws"><body>while away ` + text + `</body></message>`)
	}
	again := resume(t, f, id)
	again.until("<resumed")
	for _, text := range []string{"one", "two", "three"} {
		again.until("while away " + text)
	}
}

func TestRFC7395_Trap16_ExpiredBOSHCanBeResumed(t *testing.T) {
	o := Options{Limits: Limits{Inactivity: time.Second}}
	o.Dial = realDialer()
	f := newFixture(t, o)
	bob := loginBOSH(t, f, "bob", "secret-b")
	id := between(bob.until("<enabled", `<enable xmlns="urn:xmpp:sm:3" resume="true"/>`), "id='", "'")
	if id == "" {
		t.Fatal("no session to resume")
	}
	// The client is gone; its session ends when its time is over.
	s := f.bridge.BOSH.find(bob.sid)
	select {
	case <-s.done:
	case <-time.After(20 * time.Second):
		t.Fatal("the session does not expire")
	}
	ann := loginWebSocket(t, f, "ann", "secret-a")
	ann.say(`<message xmlns="jabber:client" type="chat" to="bob@a.example/bosh"><body>while away</body></message>`)
	again := resume(t, f, id)
	again.until("<resumed")
	again.until("while away")
}

func TestRFC7395_Trap16_CleanCloseEndsTheSession(t *testing.T) {
	f := realFixture(t)
	bob := loginWebSocket(t, f, "bob", "secret-b")
	bob.say(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`)
	id := between(bob.until("<enabled"), "id='", "'")
	bob.say(closeFrame)
	bob.until(closeFrame)
	resume(t, f, id).until("<failed")
}

func TestRFC7395_Trap20_SlowWebSocket(t *testing.T) {
	c, p := openRaw(t, Options{Limits: Limits{Write: 500 * time.Millisecond}})
	// The client reads no more. The server writes until it cannot: what is on the way
	// is what the kernel holds for two connections, and one stanza.
	stanza := "<message><body>" + strings.Repeat("x", 64<<10) + "</body></message>"
	written := 0
	for {
		_ = p.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		n, err := io.WriteString(p, stanza)
		written += n
		if err != nil {
			break
		}
		if written > 256<<20 {
			t.Fatal("the server is never slowed down")
		}
	}
	// And then the client is sent away, without a word to the server.
	if got := p.wait(t, "EOF"); strings.Contains(got, "</stream:stream>") {
		t.Error("the stream was closed, and cannot be resumed")
	}
	if _, err := io.Copy(io.Discard, c.conn); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the client's connection: %v", err)
	}
}

func TestRFC7395_Trap20_CapsBeforeParsing(t *testing.T) {
	for name, test := range map[string]struct {
		in   []byte
		code uint16
	}{
		"bytes in one frame":  {frameBytes(0x80|opText, "<message>"+strings.Repeat("a", 2000), -1), 1009},
		"a frame that claims": {frameBytes(0x80|opText, "<message>"+strings.Repeat("a", 2000), 1<<62), 1009},
		"bytes in many":       {append(frameBytes(opText, strings.Repeat("<", 600), -1), frameBytes(opContinuation, strings.Repeat("<", 600), -1)...), 1009},
		"depth":               {frameBytes(0x80|opText, "<message>"+strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100)+"</message>", -1), 1008},
		"attributes":          {frameBytes(0x80|opText, "<message "+manyAttributes(100)+"/>", -1), 1008},
	} {
		t.Run(name, func(t *testing.T) {
			c, p := openRaw(t, Options{Limits: Limits{Body: 1000}})
			if name == "depth" || name == "attributes" {
				c, p = openRaw(t, Options{})
			}
			if _, err := c.conn.Write(test.in); err != nil {
				t.Fatal(err)
			}
			if got := c.expect(opText, "<stream:error "); !strings.Contains(got, "<policy-violation ") {
				t.Errorf("got %s", got)
			}
			c.expect(opText, "<close ")
			if payload := c.expect(opClose, ""); payload != string([]byte{byte(test.code >> 8), byte(test.code)}) {
				t.Errorf("close frame %x, want %d", payload, test.code)
			}
			if got := p.wait(t, "EOF"); strings.Contains(got, "<message") {
				t.Error("it reached the server")
			}
		})
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a" + itoa(i) + "=''")
	}
	return b.String()
}

func TestRFC7395_Trap21_Frames(t *testing.T) {
	c, p := openRaw(t, Options{})
	// Fragments, with control frames between them.
	c.send(opText, "<message><bo")
	c.send(0x80|opPing, "are you there")
	c.expect(opPong, "are you there") // which sees FIN, and no mask
	c.send(opContinuation, "dy>whole</bod")
	c.send(0x80|opPong, "nobody asked")
	c.send(0x80|opContinuation, "y></message>")
	p.wait(t, `<message xmlns="jabber:client"><body>whole</body></message>`)
	// What is long goes out in one frame.
	io.WriteString(p, "<message><body>"+strings.Repeat("x", 70_000)+"</body></message>")
	if got := c.expect(opText, "<message "); len(got) < 70_000 {
		t.Errorf("%d bytes", len(got))
	}
	// A frame without a mask (RFC 6455 §5.1).
	if _, err := c.conn.Write([]byte("\x81\x0b<presence/>")); err != nil {
		t.Fatal(err)
	}
	if got := p.wait(t, "EOF"); strings.Contains(got, "<presence") {
		t.Error("a frame without a mask was taken")
	}

	for name, in := range map[string][]byte{
		"a reserved bit":             frameBytes(0xc0|opText, "<presence/>", -1),
		"an unknown opcode":          frameBytes(0x83, "<presence/>", -1),
		"a fragmented ping":          frameBytes(opPing, "x", -1),
		"a continuation of nothing":  frameBytes(0x80|opContinuation, "<presence/>", -1),
		"a message inside a message": append(frameBytes(opText, "<presence", -1), frameBytes(0x80|opText, "<presence/>", -1)...),
		"a ping that is too long":    frameBytes(0x80|opPing, strings.Repeat("x", 126), -1),
	} {
		t.Run(name, func(t *testing.T) {
			c, p := openRaw(t, Options{})
			if _, err := c.conn.Write(in); err != nil {
				t.Fatal(err)
			}
			if got := p.wait(t, "EOF"); strings.Contains(got, "<presence") {
				t.Errorf("the server got %s", got)
			}
		})
	}
}

func TestRFC7395_Trap21_Handshake(t *testing.T) {
	f := newFixture(t, Options{Dial: nowhere})
	for name, test := range map[string]struct {
		change func(http.Header)
		status int
	}{
		"right":             {func(http.Header) {}, 101},
		"foreign origin":    {func(h http.Header) { h["Origin"] = []string{"https://evil.example"} }, 403},
		"null origin":       {func(h http.Header) { h["Origin"] = []string{"null"} }, 403},
		"no origin":         {func(h http.Header) { delete(h, "Origin") }, 403},
		"two origins":       {func(h http.Header) { h["Origin"] = []string{site, site} }, 403},
		"xmpp not offered":  {func(h http.Header) { delete(h, "Sec-WebSocket-Protocol") }, 400},
		"an old version":    {func(h http.Header) { h["Sec-WebSocket-Version"] = []string{"8"} }, 400},
		"no key":            {func(h http.Header) { delete(h, "Sec-WebSocket-Key") }, 400},
		"no upgrade at all": {func(h http.Header) { delete(h, "Upgrade"); delete(h, "Connection") }, 426},
		"compression":       {func(h http.Header) { h["Sec-WebSocket-Extensions"] = []string{"permessage-deflate"} }, 101},
	} {
		header := upgradeHeader()
		test.change(header)
		rsp, _ := handshake(t, f, header, "")
		if rsp.StatusCode != test.status {
			t.Errorf("%s: %s", name, rsp.Status)
		}
		if got := rsp.Header.Get("Sec-WebSocket-Protocol"); (got == "xmpp") != (test.status == 101) {
			t.Errorf("%s: subprotocol %q", name, got)
		}
		if got := rsp.Header.Get("Sec-WebSocket-Extensions"); got != "" {
			t.Errorf("%s: extensions %q, and with compression secrets leak", name, got)
		}
	}
	for _, lang := range []string{"", `xml:lang="de" `} {
		stub := newStub(t, true)
		c := dialRaw(t, newFixture(t, Options{Dial: stub.dialer()}))
		c.text(strings.Replace(openMessage, "version", lang+"version", 1))
		got := c.expect(opText, "<open ")
		var open struct {
			XMLName xml.Name `xml:"urn:ietf:params:xml:ns:xmpp-framing open"`
			Lang    string   `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
		}
		if err := xml.Unmarshal([]byte(got), &open); err != nil || open.Lang == "" {
			t.Errorf("<open/> has no language: %s, %v", got, err)
		}
	}
}

// Not one byte that a client sends goes upstream before the upgrade is accepted and
// its <open/> has come (CWE-444). With the client's bytes right behind the handshake,
// in the same packet, a proxy that connects first would send them on.
func TestNothingGoesUpstreamBeforeTheUpgrade(t *testing.T) {
	early := string(frameBytes(0x80|opText, openMessage, -1)) + string(frameBytes(0x80|opText, numbered("smuggled"), -1))
	for name, change := range map[string]func(http.Header){
		"foreign origin":   func(h http.Header) { h["Origin"] = []string{"https://evil.example"} },
		"no subprotocol":   func(h http.Header) { delete(h, "Sec-WebSocket-Protocol") },
		"no key":           func(h http.Header) { delete(h, "Sec-WebSocket-Key") },
		"no upgrade":       func(h http.Header) { delete(h, "Upgrade") },
		"a false version":  func(h http.Header) { h["Sec-WebSocket-Version"] = []string{"7"} },
		"nothing is false": func(http.Header) {},
	} {
		t.Run(name, func(t *testing.T) {
			stub := newStub(t, true)
			f := newFixture(t, Options{Dial: stub.dialer()})
			header := upgradeHeader()
			change(header)
			rsp, _ := handshake(t, f, header, early)
			if name == "nothing is false" { // the control: the same bytes do arrive
				if rsp.StatusCode != 101 {
					t.Fatal(rsp.Status)
				}
				stub.peer().wait(t, "smuggled")
				return
			}
			if rsp.StatusCode == 101 {
				t.Fatal("the upgrade was accepted")
			}
			if err := f.bridge.Close(t.Context()); err != nil { // all that began has ended
				t.Error(err)
			}
			if n := len(stub.got); n != 0 {
				t.Errorf("%d connections to the server", n)
			}
		})
	}
	// Accepted, but no <open/> yet: nothing is dialled either.
	f := newFixture(t, Options{Dial: nowhere})
	c := dialRaw(t, f)
	c.text(numbered("first"))
	c.expect(opText, "<open ")
	c.expect(opText, "<stream:error ")
}

// heardWrites calls a function before each write to a client.
type heardWrites struct {
	net.Listener
	before func([]byte)
}

func (l heardWrites) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return &heardConn{conn, l.before}, err
}

type heardConn struct {
	net.Conn
	before func([]byte)
}

func (c *heardConn) Write(p []byte) (int, error) {
	c.before(p)
	return c.Conn.Write(p)
}

// The library closes the connection when the context of a write ends. A session that
// ends while a ping is being written must still say why.
func TestSessionEndsWhileAPingIsWritten(t *testing.T) {
	s := newStub(t, true)
	var f *fixture
	var once sync.Once
	closed := make(chan error, 1)
	f = newFixtureOn(t, Options{Dial: s.dialer(), Limits: Limits{Ping: 20 * time.Millisecond}}, func(l net.Listener) net.Listener {
		return heardWrites{l, func(p []byte) {
			if len(p) == 0 || p[0] != 0x80|opPing {
				return
			}
			once.Do(func() {
				go func() { closed <- f.bridge.Close(t.Context()) }()
				ws := f.bridge.WebSocket
				ws.mu.Lock()
				var done []<-chan struct{}
				for socket := range ws.sockets {
					done = append(done, socket.ctx.Done())
				}
				ws.mu.Unlock()
				for _, d := range done {
					<-d
				}
				time.Sleep(50 * time.Millisecond) // for whatever would close it now
			})
		}}
	})
	c := dialWebSocket(t, f)
	c.say(openMessage)
	c.expect("<open ")
	c.expect("<stream:features")
	c.expect("<stream:error ")
	c.expect(closeFrame)
	c.expectClosed(websocket.StatusGoingAway)
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

package bosh

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"chatproxy/xmpp"

	"github.com/coder/websocket"
)

// One test for each MUST of RFC 7395, see conformance/RFC7395.txt.

func TestRFC7395_3_1_SubprotocolRequired(t *testing.T) {
	f := newFixture(t, Options{Dial: nowhere})
	for _, offered := range [][]string{nil, {""}, {"chat"}, {"xmpp2"}, {"XMPP"}, {"chat, superxmpp"}} {
		header := upgradeHeader()
		header["Sec-WebSocket-Protocol"] = offered
		if rsp, _ := handshake(t, f, header, ""); rsp.StatusCode != http.StatusBadRequest || rsp.Header.Get("Sec-WebSocket-Protocol") != "" {
			t.Errorf("%q: %s, %v", offered, rsp.Status, rsp.Header)
		}
	}
}

func TestRFC7395_3_1_SubprotocolEchoed(t *testing.T) {
	f := newFixture(t, Options{Dial: nowhere})
	for _, offered := range [][]string{{"xmpp"}, {"chat, xmpp"}, {"chat", "xmpp"}, {"xmpp,mqtt"}} {
		header := upgradeHeader()
		header["Sec-WebSocket-Protocol"] = offered
		rsp, _ := handshake(t, f, header, "")
		if got := rsp.Header.Values("Sec-WebSocket-Protocol"); rsp.StatusCode != 101 || len(got) != 1 || got[0] != "xmpp" {
			t.Errorf("%q: %s, %q", offered, rsp.Status, got)
		}
	}
}

func TestRFC7395_3_2_TextOnly(t *testing.T) {
	c, p := openRaw(t, Options{})
	io.WriteString(p, numbered("down"))
	c.expect(opText, "<message ") // expect has looked at the opcode of every frame
	c.send(0x80|opBinary, numbered("up"))
	c.expect(opText, "<stream:error ")
	c.expect(opText, "<close ")
	c.expectClose(1003)
	if got := p.wait(t, "EOF"); strings.Contains(got, "up") {
		t.Errorf("the server got %s", got)
	}
}

func TestRFC7395_3_2_UTF8(t *testing.T) {
	c, p := openRaw(t, Options{})
	c.text("<message><body>caf\xe9</body></message>")
	if got := c.expect(opText, "<stream:error "); !strings.Contains(got, "<unsupported-encoding ") {
		t.Errorf("got %s", got)
	}
	c.expect(opText, "<close ")
	c.expectClose(1007)
	if got := p.wait(t, "EOF"); strings.Contains(got, "caf") {
		t.Errorf("the server got %s", got)
	}
}

func TestRFC7395_3_3_2_FramingNamespace(t *testing.T) {
	for _, in := range []string{
		strings.Replace(openMessage, "xmpp-framing", "xmpp-frames", 1),
		`<open to="a.example" version="1.0"/>`,
		`<stream:stream xmlns:stream="http://etherx.jabber.org/streams" to="a.example" version="1.0"/>`,
	} {
		c := dialRaw(t, newFixture(t, Options{Dial: nowhere}))
		c.text(in)
		c.expect(opText, `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" `)
		if got := c.expect(opText, "<stream:error "); !strings.Contains(got, "<invalid-namespace ") {
			t.Errorf("%s: %s", in, got)
		}
		if got := c.expect(opText, "<close "); got != closeFrame {
			t.Errorf("got %s", got)
		}
	}
}

func TestRFC7395_3_3_3_StandaloneFrames(t *testing.T) {
	// The header declares a prefix of its own, and the stanzas borrow all they can.
	stub := newStub(t, false)
	c := dialWebSocket(t, newFixture(t, Options{Dial: stub.dialer()}))
	c.say(openMessage)
	p := stub.peer()
	p.wait(t, "<stream:stream")
	io.WriteString(p, `<?xml version='1.0'?><stream:stream id='s1' from='a.example' version='1.0' xml:lang='de' xmlns='jabber:client' xmlns:q='urn:q' xmlns:stream='http://etherx.jabber.org/streams'>`+
		features+`<message xml:lang='fr'><q:x><q:y/></q:x><body>&lt;</body></message><iq/>`)
	if got := c.expect("<open "); value(got, "xml:lang") != "de" {
		t.Errorf("the language is lost: %s", got)
	}
	for _, want := range []struct{ space, lang string }{{xmpp.NSStream, ""}, {xmpp.NSClient, "fr"}, {xmpp.NSClient, ""}} {
		got := c.expect("<")
		var element struct {
			XMLName xml.Name
			Lang    string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
			Y       []struct {
				Y *struct{} `xml:"urn:q y"`
			} `xml:"urn:q x"`
		}
		d := xml.NewDecoder(strings.NewReader(got))
		if err := d.Decode(&element); err != nil || element.XMLName.Space != want.space || element.Lang != want.lang {
			t.Errorf("%s: %+v, %v", got, element, err)
		}
		if want.lang != "" && (len(element.Y) != 1 || element.Y[0].Y == nil) {
			t.Errorf("%s: the prefix of the stream's header is lost", got)
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: more than a document: %v", got, err)
		}
	}
}

func TestRFC7395_3_3_3_FirstCharacter(t *testing.T) {
	c, p := openRaw(t, Options{})
	// White space between stanzas belongs to the stream, and begins no message.
	io.WriteString(p, " \n\t"+numbered("1")+"  \r\n"+numbered("2"))
	c.expect(opText, "<message ")
	c.expect(opText, "<message ")
}

func TestRFC7395_3_3_3_OneElementAMessage(t *testing.T) {
	c, p := openRaw(t, Options{})
	io.WriteString(p, "<message><body>1</body></message><presence/><iq/>")
	for _, want := range []string{`<message xmlns="jabber:client"><body>1</body></message>`, `<presence xmlns="jabber:client"/>`, `<iq xmlns="jabber:client"/>`} {
		if got := c.expect(opText, "<"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	c.text("<presence/><presence/>")
	c.expect(opText, "<stream:error ")
	c.expect(opText, "<close ")
	c.expectClose(1008)
	if got := p.wait(t, "EOF"); strings.Contains(got, "<presence") {
		t.Errorf("the server got %s", got)
	}
}

func TestRFC7395_3_3_3_XMLDeclaration(t *testing.T) {
	stub := newStub(t, false)
	c := dialRaw(t, newFixture(t, Options{Dial: stub.dialer()}))
	c.text(openMessage)
	p := stub.peer()
	p.wait(t, "<stream:stream")
	io.WriteString(p, `<?xml version='1.0'?><stream:stream id='s1' from='a.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`+features)
	c.expect(opText, "<open ")
	c.expect(opText, "<stream:features ")
	before := strings.Count(p.wait(t, "<stream:stream"), "<?xml")
	c.text(`<?xml version="1.0" encoding="UTF-8"?><presence/>`)
	c.text(numbered("1"))
	if got := p.wait(t, "<message"); strings.Count(got, "<?xml") != before {
		t.Errorf("the server got %s", got)
	}
}

func TestRFC7395_3_3_3_StreamPrefix(t *testing.T) {
	c, p := openRaw(t, Options{})
	io.WriteString(p, "<stream:features><x xmlns='urn:x'/></stream:features><stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
	for _, want := range []string{"features", "error"} {
		var element struct{ XMLName xml.Name }
		if got := c.expect(opText, "<stream:"); xml.Unmarshal([]byte(got), &element) != nil || element.XMLName != (xml.Name{Space: xmpp.NSStream, Local: want}) {
			t.Errorf("got %s, want %s in the namespace of streams", got, want)
		}
	}
}

func TestRFC7395_3_4_OpenIsFirst(t *testing.T) {
	for _, in := range []string{"<presence/>", numbered("x"), plain("ann", "x"), `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`} {
		c := dialRaw(t, newFixture(t, Options{Dial: nowhere})) // which fails if it is dialled
		c.text(in)
		c.expect(opText, "<open ")
		c.expect(opText, "<stream:error ")
		c.expect(opText, "<close ")
		c.expectClose(1008)
	}
}

func TestRFC7395_3_4_AnsweredByOpenOrClose(t *testing.T) {
	stub := newStub(t, true)
	f := newFixture(t, Options{Dial: stub.dialer()})
	c := dialRaw(t, f)
	c.text(strings.Replace(openMessage, "version", `xml:lang="de" version`, 1))
	got := c.expect(opText, "<open ")
	if value(got, "from") != domain || value(got, "id") != "s1" || value(got, "version") != "1.0" || value(got, "xml:lang") == "" {
		t.Errorf("got %s", got)
	}
	if up := stub.peer().wait(t, "<stream:stream"); !strings.Contains(up, `xml:lang="de"`) || !strings.Contains(up, `to="a.example"`) {
		t.Errorf("the server got %s", up)
	}

	c = dialRaw(t, newFixture(t, Options{Dial: failing(errors.New("connection refused"))}))
	c.text(openMessage)
	if got := c.expect(opText, "<close "); got != closeFrame {
		t.Errorf("got %s", got)
	}
	c.expectClose(1013)
}

func TestRFC7395_3_5_ErrorIsAMessage(t *testing.T) {
	c, p := openRaw(t, Options{})
	io.WriteString(p, `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`)
	got := c.expect(opText, "<stream:error ")
	var e struct {
		XMLName  xml.Name  `xml:"http://etherx.jabber.org/streams error"`
		Conflict *struct{} `xml:"urn:ietf:params:xml:ns:xmpp-streams conflict"`
	}
	if err := xml.Unmarshal([]byte(got), &e); err != nil || e.Conflict == nil {
		t.Errorf("%s: %v", got, err)
	}
	c.expect(opText, "<close ")
	c.expectClose(1000)
}

func TestRFC7395_3_5_OpenBeforeError(t *testing.T) {
	for name, start := range map[string]func(*rawSocket){
		"another domain": func(c *rawSocket) { c.text(strings.Replace(openMessage, "a.example", "evil.example", 1)) },
		"no XML":         func(c *rawSocket) { c.text("<open") },
		"binary":         func(c *rawSocket) { c.send(0x80|opBinary, openMessage) },
		"nothing":        func(*rawSocket) {},
		"half a message": func(c *rawSocket) { c.send(opText, "<open ") },
	} {
		t.Run(name, func(t *testing.T) {
			c := dialRaw(t, newFixture(t, Options{Dial: nowhere, Limits: Limits{Handshake: 200 * time.Millisecond}}))
			start(c)
			c.expect(opText, `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="a.example"`)
			c.expect(opText, "<stream:error ")
			c.expect(opText, "<close ")
		})
	}
}

func TestRFC7395_3_6_CloseIsAnswered(t *testing.T) {
	c, p := openRaw(t, Options{})
	c.text(numbered("last"))
	c.text(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`)
	if got := p.wait(t, "</stream:stream>"); !strings.Contains(got, numbered("last")+"</stream:stream>") {
		t.Errorf("the server got %s", got)
	}
	if got := c.expect(opText, "<close "); got != `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />` {
		t.Errorf("Strophe, which compares letters, does not know %s", got)
	}

	// And the other way: the server closes first.
	c, p = openRaw(t, Options{})
	io.WriteString(p, numbered("bye")+"</stream:stream>")
	c.expect(opText, "<message ")
	c.expect(opText, closeFrame)
}

func TestRFC7395_3_6_ClosingHandshake(t *testing.T) {
	c, _ := openRaw(t, Options{})
	c.text(closeFrame)
	c.expect(opText, closeFrame)
	c.expectClose(1000) // which answers it and sees TCP closed

	// A client that closes first gets its close frame back.
	c, p := openRaw(t, Options{})
	c.send(0x80|opClose, "\x03\xe9")
	if got := c.expect(opClose, ""); got != "\x03\xe9" {
		t.Errorf("close frame %x", got)
	}
	p.wait(t, "EOF")
}

// A frame that never ends must not keep a closing connection alive.
func TestClosingHandshakeIsBounded(t *testing.T) {
	stub := newStub(t, true)
	f := newFixture(t, Options{Dial: stub.dialer(), Limits: Limits{SessionsPerAddress: 1}})
	c := dialRaw(t, f)
	c.open()
	p := stub.peer()
	c.send(0x80|opBinary, "x") // ends the stream
	c.expect(opText, "<stream:error ")
	c.expect(opText, "<close ")
	c.expect(opClose, "")
	if _, err := c.conn.Write(frameBytes(0x80|opText, "x", 1<<40)); err != nil {
		t.Fatal(err)
	}
	trickle, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for trickle.Err() == nil {
			if _, err := c.conn.Write([]byte("x")); err != nil {
				return
			}
			select {
			case <-trickle.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	_ = c.conn.SetReadDeadline(time.Now().Add(closeTimeout + 5*time.Second))
	if _, err := c.next(); errors.Is(err, context.DeadlineExceeded) || err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("the connection is still there: %v", err)
	}
	p.wait(t, "EOF")
	dialWebSocketAfter(t, f) // the seat is free again
}

// dialWebSocketAfter dials until a seat is free.
func dialWebSocketAfter(t *testing.T, f *fixture) *wsClient {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		conn, _, err := websocket.Dial(t.Context(), f.url+"/xmpp-websocket", &websocket.DialOptions{
			Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"Origin": {site}}})
		if err == nil {
			t.Cleanup(func() { _ = conn.CloseNow() })
			return &wsClient{t, conn}
		}
	}
	t.Fatal("no seat became free")
	return nil
}

func TestRFC7395_3_6_ImplicitClose(t *testing.T) {
	for name, lose := range map[string]func(*rawSocket){
		"reset": func(c *rawSocket) { c.conn.Close() },
		"closed by the browser, which knows no <close/>": func(c *rawSocket) { c.send(0x80|opClose, "\x03\xe9") },
		"in the middle of a frame":                       func(c *rawSocket) { c.conn.Write(frameBytes(0x80|opText, "<mess", 100)); c.conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			c, p := openRaw(t, Options{})
			lose(c)
			if got := p.wait(t, "EOF"); strings.Contains(got, "</stream:stream>") || strings.Contains(got, "<mess") {
				t.Errorf("the server got %s", got)
			}
		})
	}
}

func TestRFC7395_3_6_1_SeeOtherURI(t *testing.T) {
	stub := newStub(t, true)
	f := newFixture(t, Options{Dial: stub.dialer(), Drain: Drain{SeeOtherURI: "wss://other.example/ws?a=1&b='2'"}})
	c := dialRaw(t, f)
	c.open()
	p := stub.peer()
	closed := make(chan error, 1)
	go func() { closed <- f.bridge.Close(t.Context()) }()
	got := c.expect(opText, "<close ")
	var e struct {
		XMLName xml.Name `xml:"urn:ietf:params:xml:ns:xmpp-framing close"`
		URI     string   `xml:"see-other-uri,attr"`
	}
	if err := xml.Unmarshal([]byte(got), &e); err != nil || e.URI != "wss://other.example/ws?a=1&b='2'" {
		t.Errorf("%s: %v", got, err)
	}
	c.expectClose(1001)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if got := p.wait(t, "EOF"); strings.Contains(got, "</stream:stream>") {
		t.Error("the session cannot be resumed elsewhere")
	}
}

func TestRFC7395_3_7_RestartByOpen(t *testing.T) {
	c, p := openRaw(t, Options{})
	c.text(openMessage)
	c.expect(opText, "<open ")
	c.expect(opText, "<stream:features ")
	got := p.wait(t, "streams\">")
	if strings.Count(got, "<stream:stream") != 2 || strings.Contains(got, "</stream:stream>") {
		t.Errorf("the server got %s", got)
	}
}

func TestRFC7395_3_8_NoWhitespaceKeepalives(t *testing.T) {
	c, p := openRaw(t, Options{Limits: Limits{Ping: 10 * time.Millisecond}})
	io.WriteString(p, "\n \n")
	for range 3 {
		ping := c.expect(opPing, "")
		c.send(0x80|opPong, ping)
	}
	// A client's white space goes no further.
	c.text(" \n")
	c.text(numbered("after"))
	if got := p.wait(t, "after"); !strings.Contains(got, `streams">`+numbered("after")) {
		t.Errorf("the server got %q", got)
	}
}

func TestRFC7395_3_9_NoTLSFeature(t *testing.T) {
	// Prosody offers STARTTLS; loginWebSocket fails if it reaches the client.
	loginWebSocket(t, realFixture(t), "ann", "secret-a")
	c, p := openRaw(t, Options{})
	c.text("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	c.expect(opText, "<stream:error ")
	if got := p.wait(t, "EOF"); strings.Contains(got, "starttls") {
		t.Errorf("the server got %s", got)
	}
}

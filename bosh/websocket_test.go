package bosh

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func itoa(n int) string { return strconv.Itoa(n) }

const openMessage = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="a.example" version="1.0"/>`

// wsClient is a browser's side of a WebSocket session.
type wsClient struct {
	t    testing.TB
	conn *websocket.Conn
}

func dialWebSocket(t testing.TB, f *fixture) *wsClient {
	t.Helper()
	conn, rsp, err := websocket.Dial(t.Context(), f.url+"/xmpp-websocket", &websocket.DialOptions{
		Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"Origin": {site}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := rsp.Header.Get("Sec-WebSocket-Protocol"); got != "xmpp" {
		t.Errorf("subprotocol %q", got)
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &wsClient{t, conn}
}

func (c *wsClient) say(message string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, []byte(message)); err != nil {
		c.t.Fatal(err)
	}
}

// hear returns the next message, or the error.
func (c *wsClient) hear() (string, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	_, b, err := c.conn.Read(ctx)
	return string(b), err
}

func (c *wsClient) expect(prefix string) string {
	c.t.Helper()
	got, err := c.hear()
	if err != nil || !strings.HasPrefix(got, prefix) {
		c.t.Fatalf("got %s, %v\nwant %s…", got, err, prefix)
	}
	return got
}

func (c *wsClient) expectClosed(code websocket.StatusCode) {
	c.t.Helper()
	if got, err := c.hear(); websocket.CloseStatus(err) != code {
		c.t.Fatalf("got %s, %v, want status %d", got, err, code)
	}
}

func open(t *testing.T, o Options) (*wsClient, *peer) {
	t.Helper()
	s := newStub(t, true)
	o.Dial = s.dialer()
	c := dialWebSocket(t, newFixture(t, o))
	c.say(openMessage)
	got := c.expect(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" `)
	if value(got, "id") != "s1" || value(got, "from") != domain {
		t.Errorf("got %s", got)
	}
	c.expect(`<stream:features xmlns:stream="http://etherx.jabber.org/streams">`)
	return c, s.peer()
}

func TestWebSocketConversation(t *testing.T) {
	c, p := open(t, Options{})
	c.say(numbered("up"))
	p.wait(t, numbered("up"))
	io.WriteString(p, "<message><body>1</body></message><message><body>2</body></message>")
	c.expect(`<message xmlns="jabber:client"><body>1</body></message>`)
	c.expect(`<message xmlns="jabber:client"><body>2</body></message>`)

	c.say(openMessage) // the restart after authentication
	c.expect("<open ")
	c.expect("<stream:features ")
	if got := p.wait(t, "streams\">"); strings.Count(got, "<stream:stream") != 2 {
		t.Errorf("the server got %s", got)
	}

	c.say(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`)
	if got := c.expect("<close "); got != `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />` {
		t.Errorf("Strophe does not know %s", got)
	}
	c.expectClosed(websocket.StatusNormalClosure)
	p.wait(t, "</stream:stream>")
}

func TestLostWebSocketLeavesTheStreamResumable(t *testing.T) {
	for name, lose := range map[string]func(*websocket.Conn){
		"cut":               func(c *websocket.Conn) { _ = c.CloseNow() },
		"closed, no <close": func(c *websocket.Conn) { _ = c.Close(websocket.StatusGoingAway, "") },
	} {
		t.Run(name, func(t *testing.T) {
			c, p := open(t, Options{})
			lose(c.conn)
			if got := p.wait(t, "EOF"); strings.Contains(got, "</stream:stream>") {
				t.Error("the server was told goodbye")
			}
		})
	}
}

func TestDeadClientIsNoticed(t *testing.T) {
	// The client does not read, so it answers no ping.
	_, p := open(t, Options{Limits: Limits{Ping: 20 * time.Millisecond, Write: 200 * time.Millisecond}})
	p.wait(t, "EOF")
}

func TestWebSocketRefusesMessages(t *testing.T) {
	for name, test := range map[string]struct {
		kind websocket.MessageType
		in   string
		code websocket.StatusCode
	}{
		"binary":         {websocket.MessageBinary, "<presence/>", websocket.StatusUnsupportedData},
		"two elements":   {websocket.MessageText, "<presence/><presence/>", websocket.StatusPolicyViolation},
		"half a stanza":  {websocket.MessageText, "<presence>", websocket.StatusPolicyViolation},
		"ends a stream":  {websocket.MessageText, "</stream:stream>", websocket.StatusPolicyViolation},
		"starttls":       {websocket.MessageText, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", websocket.StatusPolicyViolation},
		"comment":        {websocket.MessageText, "<presence><!-- --></presence>", websocket.StatusPolicyViolation},
		"another domain": {websocket.MessageText, strings.Replace(openMessage, "a.example", "evil.example", 1), websocket.StatusPolicyViolation},
	} {
		t.Run(name, func(t *testing.T) {
			c, p := open(t, Options{})
			if err := c.conn.Write(t.Context(), test.kind, []byte(test.in)); err != nil {
				t.Fatal(err)
			}
			c.expect("<stream:error ")
			c.expect("<close ")
			c.expectClosed(test.code)
			if got := p.wait(t, "EOF"); strings.Contains(got, "presence") || strings.Contains(got, "</stream") {
				t.Errorf("the server got %s", got)
			}
		})
	}
	c, p := open(t, Options{Limits: Limits{Body: 1000}})
	c.say("<message>" + strings.Repeat("a", 1000) + "</message>")
	p.wait(t, "EOF")
	for {
		if _, err := c.hear(); err != nil {
			if websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
				t.Errorf("too large: %v", err)
			}
			break
		}
	}
}

func TestWebSocketOpenIsChecked(t *testing.T) {
	for name, test := range map[string]struct{ in, condition string }{
		"another domain": {strings.Replace(openMessage, "a.example", "evil.example", 1), "<host-unknown "},
		"an account":     {strings.Replace(openMessage, "a.example", "ann@a.example", 1), "<improper-addressing "},
		"version 2":      {strings.Replace(openMessage, "1.0", "2.0", 1), "<unsupported-version "},
		"a stanza first": {"<presence/>", "<invalid-namespace "},
	} {
		t.Run(name, func(t *testing.T) {
			c := dialWebSocket(t, newFixture(t, Options{Dial: nowhere}))
			c.say(test.in)
			c.expect("<open ")
			if got := c.expect("<stream:error "); !strings.Contains(got, test.condition) {
				t.Errorf("got %s", got)
			}
			c.expect("<close ")
		})
	}
}

func TestWebSocketHandshake(t *testing.T) {
	f := newFixture(t, Options{Dial: nowhere, Limits: Limits{SessionsPerAddress: 1}})
	for name, test := range map[string]struct {
		protocols []string
		origin    string
		status    int
	}{
		"no subprotocol": {nil, site, 400},
		"another":        {[]string{"chat"}, site, 400},
		"foreign":        {[]string{"xmpp"}, "https://evil.example", 403},
		"null":           {[]string{"xmpp"}, "null", 403},
		"no origin":      {[]string{"xmpp"}, "", 403},
	} {
		_, rsp, err := websocket.Dial(t.Context(), f.url+"/xmpp-websocket", &websocket.DialOptions{
			Subprotocols: test.protocols, HTTPHeader: http.Header{"Origin": {test.origin}}})
		if err == nil || rsp.StatusCode != test.status {
			t.Errorf("%s: %v, %v", name, rsp, err)
		}
	}
	dialWebSocket(t, f)
	_, rsp, err := websocket.Dial(t.Context(), f.url+"/xmpp-websocket", &websocket.DialOptions{
		Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"Origin": {site}}})
	if err == nil || rsp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the second session of an address: %v, %v", rsp, err)
	}
}

func TestWebSocketWithoutServer(t *testing.T) {
	gone := errors.New("connection refused")
	c := dialWebSocket(t, newFixture(t, Options{Dial: failing(gone)}))
	c.say(openMessage)
	c.expect("<close ")
	c.expectClosed(websocket.StatusTryAgainLater)
}

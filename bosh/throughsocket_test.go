package bosh

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// socketEndpoint is a server's own WebSocket endpoint with a script for each
// connection.
func socketEndpoint(t *testing.T, subprotocols []string, script func(*wsClient)) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	asked := new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if script == nil {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: subprotocols, InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.SetReadLimit(4 << 20)
		script(&wsClient{t, conn})
	}))
	t.Cleanup(s.Close)
	return s, asked
}

func throughSocket(t *testing.T, s *httptest.Server, o Options) *fixture {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	o.Through.WebSocket = &url.URL{Scheme: strings.Replace(u.Scheme, "http", "ws", 1), Host: u.Host, Path: "/ws"}
	o.Dial = failing(io.ErrUnexpectedEOF)
	return newFixture(t, o)
}

const (
	serverOpen     = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="a.example" id="up1" version="1.0"/>`
	serverFeatures = `<stream:features xmlns:stream="http://etherx.jabber.org/streams"><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/><a xmlns="b"/></stream:features>`
)

// The endpoint is not asked before the client's socket is accepted and has
// said <open/>, and a client that breaks a rule never makes it be asked.
func TestThroughSocketWaitsForOpen(t *testing.T) {
	s, asked := socketEndpoint(t, []string{"xmpp"}, func(c *wsClient) {
		if got, err := c.hear(); err != nil || !strings.HasPrefix(got, "<open ") {
			t.Errorf("the server heard %s, %v", got, err)
		}
		c.say(serverOpen)
		c.say(serverFeatures)
		_, _ = c.hear()
	})
	f := throughSocket(t, s, Options{})
	for name, message := range map[string]string{
		"a stanza first":  "<message/>",
		"another domain":  strings.Replace(openMessage, domain, "b.example", 1),
		"a man's address": strings.Replace(openMessage, domain, "x@"+domain, 1),
		"no XML":          "<open",
	} {
		c := dialWebSocket(t, f)
		c.say(message)
		for {
			if _, err := c.hear(); err != nil {
				break
			}
		}
		if n := asked.Load(); n != 0 {
			t.Errorf("%s: the endpoint was asked", name)
		}
	}
	c := dialWebSocket(t, f)
	c.say(openMessage)
	if got := c.expect("<open "); value(got, "id") != "up1" {
		t.Errorf("got %s", got)
	}
	if got := c.expect("<stream:features"); strings.Contains(got, "starttls") || !strings.Contains(got, `<a xmlns="b"/>`) {
		t.Errorf("got %s", got)
	}
	if asked.Load() != 1 {
		t.Error("the control: the endpoint was not asked")
	}
}

// What the client is told when the server's endpoint does not behave.
func TestThroughSocketToABadEndpoint(t *testing.T) {
	opened := func(then func(*wsClient)) func(*wsClient) {
		return func(c *wsClient) {
			_, _ = c.hear()
			c.say(serverOpen)
			then(c)
			_, _ = c.hear()
		}
	}
	for name, test := range map[string]struct {
		subprotocols []string
		script       func(*wsClient)
		code         websocket.StatusCode
	}{
		"a refusal":      {nil, nil, websocket.StatusTryAgainLater},
		"no subprotocol": {nil, opened(func(*wsClient) {}), websocket.StatusTryAgainLater},
		"no XML":         {[]string{"xmpp"}, opened(func(c *wsClient) { c.say("garbage") }), websocket.StatusGoingAway},
		"two stanzas":    {[]string{"xmpp"}, opened(func(c *wsClient) { c.say("<a/><b/>") }), websocket.StatusGoingAway},
		"a huge message": {[]string{"xmpp"}, opened(func(c *wsClient) {
			_ = c.conn.Write(t.Context(), websocket.MessageText, []byte("<a>"+strings.Repeat("b", 2<<20)+"</a>"))
		}), websocket.StatusGoingAway},
		"a binary message": {[]string{"xmpp"}, opened(func(c *wsClient) { _ = c.conn.Write(t.Context(), websocket.MessageBinary, []byte("<a/>")) }), websocket.StatusGoingAway},
		"a cut":            {[]string{"xmpp"}, opened(func(c *wsClient) { _ = c.conn.CloseNow() }), websocket.StatusGoingAway},
		"a stream error":   {[]string{"xmpp"}, opened(func(c *wsClient) { c.say(string(errorFrame("conflict"))) }), websocket.StatusNormalClosure},
		"a see-other-uri": {[]string{"xmpp"}, opened(func(c *wsClient) {
			c.say(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" see-other-uri="wss://evil.example/"/>`)
		}), websocket.StatusNormalClosure},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := socketEndpoint(t, test.subprotocols, test.script)
			f := throughSocket(t, s, Options{})
			c := dialWebSocket(t, f)
			c.say(openMessage)
			for {
				got, err := c.hear()
				if strings.Contains(got, "evil.example") {
					t.Errorf("got %s", got)
				}
				if err != nil {
					if code := websocket.CloseStatus(err); code != test.code {
						t.Errorf("got %v, want status %d", err, test.code)
					}
					break
				}
			}
			deadline := time.Now().Add(10 * time.Second)
			for f.taken() != 0 && time.Now().Before(deadline) {
				time.Sleep(time.Millisecond)
			}
			if n := f.taken(); n != 0 {
				t.Errorf("%d seats are taken", n)
			}
		})
	}
}

func (f *fixture) taken() int {
	s := f.bridge.WebSocket.seats
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// The client's <close/> goes on and is answered by the server; its loss is a
// cut at the server, so that XEP-0198 can resume.
func TestThroughSocketEnds(t *testing.T) {
	for _, goodbye := range []bool{true, false} {
		heard := make(chan string, 1)
		s, _ := socketEndpoint(t, []string{"xmpp"}, func(c *wsClient) {
			_, _ = c.hear()
			c.say(serverOpen)
			got, err := c.hear()
			if err != nil {
				got = websocket.CloseStatus(err).String()
			} else {
				c.say(closeFrame)
				_, _ = c.hear()
			}
			heard <- got
		})
		c := dialWebSocket(t, throughSocket(t, s, Options{}))
		c.say(openMessage)
		c.expect("<open ")
		want := websocket.StatusCode(-1).String()
		if goodbye {
			want = closeFrame
			c.say(closeFrame)
			c.expect("<close ")
			c.expectClosed(websocket.StatusNormalClosure)
		} else {
			_ = c.conn.CloseNow()
		}
		if got := <-heard; got != want {
			t.Errorf("goodbye %v: the server heard %q, want %q", goodbye, got, want)
		}
	}
}

package bosh

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"chatproxy/demo/prosody"
	"chatproxy/xmpp"

	"github.com/coder/websocket"
)

// final are the conditions after which Converse never tries again.
var final = []string{"remote-connection-failed", "host-unknown"}

func notFinal(t *testing.T, what, got string) {
	t.Helper()
	for _, condition := range final {
		if strings.Contains(got, condition) {
			t.Errorf("%s: Converse gives up after %s", what, got)
		}
	}
}

// A server that is restarted under connected clients. Whatever they are told, it is
// not what makes Converse give up; and when the server is back, so are they.
func TestServerIsRestarted(t *testing.T) {
	begin := func() *prosody.Server {
		t.Helper()
		s, err := prosody.Start(t.Context(), prosody.Config{Domain: domain, Accounts: map[string]string{"ann": "secret-a", "bob": "secret-b"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Stop)
		return s
	}
	var now atomic.Pointer[xmpp.Dialer]
	use := func(s *prosody.Server) { now.Store(&xmpp.Dialer{Domain: domain, Server: s.Addr(), RootCAs: s.CA}) }
	first := begin()
	use(first)
	f := newFixture(t, Options{Dial: func(ctx context.Context) (*xmpp.Stream, error) { return now.Load().Dial(ctx) }})
	ann, bob := loginWebSocket(t, f, "ann", "secret-a"), loginBOSH(t, f, "bob", "secret-b")
	held := f.later(requestBody(bob.sid, itoa(bob.rid+1), "", ""))
	f.waitHeld(bob.sid)

	first.Stop()
	for {
		got, err := ann.hear()
		if err != nil {
			if status := websocket.CloseStatus(err); status != websocket.StatusNormalClosure && status != websocket.StatusGoingAway {
				t.Errorf("WebSocket: %v", err)
			}
			break
		}
		notFinal(t, "WebSocket", got)
	}
	got := <-held
	notFinal(t, "BOSH", got)
	if !strings.Contains(got, `type="terminate"`) {
		t.Errorf("BOSH: %s", got)
	}

	// While it is away: a WebSocket closes with "try again later", BOSH says 503.
	c := dialWebSocket(t, f)
	c.say(openMessage)
	if got := c.expect("<close "); got != closeFrame {
		t.Errorf("WebSocket: %s", got)
	}
	c.expectClosed(websocket.StatusTryAgainLater)
	rsp, err := f.do(t.Context(), createBody(`wait="5" hold="1"`))
	if err != nil {
		t.Fatal(err)
	}
	defer rsp.Body.Close()
	body, _ := io.ReadAll(rsp.Body)
	if rsp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("BOSH: %s %s", rsp.Status, body)
	}
	notFinal(t, "BOSH", string(body))

	use(begin())
	loginWebSocket(t, f, "ann", "secret-a")
	loginBOSH(t, f, "bob", "secret-b")
}

// A server that is killed says nothing at all.
func TestServerIsKilled(t *testing.T) {
	c, p := open(t, Options{})
	p.Close()
	got := c.expect("<stream:error ")
	if !strings.Contains(got, "<system-shutdown ") {
		t.Errorf("got %s", got)
	}
	c.expect(closeFrame)
	c.expectClosed(websocket.StatusGoingAway)

	s := newStub(t, true)
	f := newFixture(t, Options{Dial: s.dialer()})
	created := f.post(createBody(`wait="5" hold="1"`))
	held := f.later(requestBody(value(created, "sid"), "1001", "", ""))
	f.waitHeld(value(created, "sid"))
	s.peer().Close()
	if got := <-held; !strings.Contains(got, `condition="system-shutdown"`) {
		t.Errorf("BOSH: %s", got)
	}
}

// A server that is starting may not know its own domain yet.
func TestServerThatDoesNotKnowItsDomainYet(t *testing.T) {
	s := newStub(t, false)
	c := dialWebSocket(t, newFixture(t, Options{Dial: s.dialer()}))
	c.say(openMessage)
	p := s.peer()
	p.wait(t, "<stream:stream")
	io.WriteString(p, stubHead+"<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
	for {
		got, err := c.hear()
		if err != nil {
			if status := websocket.CloseStatus(err); status != websocket.StatusTryAgainLater {
				t.Error(err)
			}
			return
		}
		notFinal(t, "WebSocket", got)
	}
}

// The control: what an operator has to mend is told as what it is, and clients stop
// asking.
func TestServerWithAFalseCertificate(t *testing.T) {
	d := &xmpp.Dialer{Domain: domain, Server: server.Addr(), RootCAs: x509.NewCertPool()}
	f := newFixture(t, Options{Dial: d.Dial})
	c := dialWebSocket(t, f)
	c.say(openMessage)
	c.expect("<open ")
	if got := c.expect("<stream:error "); !strings.Contains(got, "remote-connection-failed") {
		t.Errorf("WebSocket: %s", got)
	}
	if got := f.post(createBody(`wait="5" hold="1"`)); !strings.Contains(got, `condition="remote-connection-failed"`) {
		t.Errorf("BOSH: %s", got)
	}
}

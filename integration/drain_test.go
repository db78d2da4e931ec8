package integration

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"chatproxy/demo/prosody"

	"github.com/coder/websocket"
)

// The program is replaced by another on the same address while people chat: BOSH
// clients are told system-shutdown, WebSocket clients status 1001, not all in the same
// moment; all of them find the next process, and resume what they had (XEP-0198).
func TestClientsFindTheNextProcess(t *testing.T) {
	server, err := prosody.Start(t.Context(), prosody.Config{Domain: "a.example", Accounts: map[string]string{"ann": "secret-a", "bob": "secret-b"}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, fmt.Appendf(nil, `version: 1
listen: ["%s"]
site: {upstream: http://127.0.0.1:1, hosts: ["%[1]s"]}
xmpp: {domain: a.example, server: "%s", ca: "%s", drain: {spread: 5s, wait: 5s}}
limits: {sessions_per_address: 200, new_sessions_per_address: 200}
`, address, server.Addr(), server.CAFile()), 0o600); err != nil {
		t.Fatal(err)
	}
	old := run(t, "serve", "--policy", policy)
	old.waitFor(t, "listening")

	const sockets, sessions = 60, 10
	var clients [sockets]*drained
	for i := range clients {
		clients[i] = newDrained(t, address)
		clients[i].logIn(fmt.Sprintf("ws%d", i))
	}
	var held sync.WaitGroup
	for range sessions {
		sid := between(postBOSH(t, address, `<body xmlns="http://jabber.org/protocol/httpbind" rid="1" to="a.example" ver="1.6" wait="50" hold="1"/>`), `sid="`, `"`)
		request := func(rid int) string {
			return postBOSH(t, address, fmt.Sprintf(`<body xmlns="http://jabber.org/protocol/httpbind" rid="%d" sid="%s"/>`, rid, sid))
		}
		answered := make(chan struct{})
		held.Go(func() {
			defer close(answered)
			request(2)
		})
		held.Go(func() {
			if got := request(3); !strings.Contains(got, `condition="system-shutdown"`) {
				t.Errorf("BOSH: %s", got)
			}
		})
		<-answered // since the third one is held in its place
	}

	if err := old.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// A supervisor starts the next one at once: the old one has left its address,
	// though its clients are still there.
	var next *process
	for deadline := time.Now().Add(10 * time.Second); ; {
		next = run(t, "serve", "--policy", policy)
		select {
		case <-next.output.has("listening"):
		case <-next.exited:
			if time.Now().After(deadline) {
				t.Fatalf("the address stays taken: %s", next.output.String())
			}
			continue
		case <-time.After(10 * time.Second):
			t.Fatal("the next process does not listen")
		}
		break
	}
	var told [sockets]time.Time
	var away sync.WaitGroup
	for i, c := range clients {
		away.Go(func() { told[i] = c.untilTold() })
	}
	away.Wait()
	held.Wait()
	if t.Failed() {
		t.FailNow()
	}
	first, last := told[0], told[0]
	for _, at := range told {
		if at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	if spread := last.Sub(first); spread < 100*time.Millisecond {
		t.Errorf("%d clients were told within %v", sockets, spread)
	}
	<-old.exited
	if code := old.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the old process ended with %d", code)
	}
	clients[0].resume()
	for i, c := range clients[1:] {
		// What is said to somebody who is not back yet waits.
		text := fmt.Sprintf("while away %d", i+1)
		clients[0].say(fmt.Sprintf(`<message xmlns="jabber:client" to="ann@a.example/ws%d" type="chat"><body>%s</body></message>`, i+1, text))
		c.resume()
		c.hear(text)
	}
	if n := strings.Count(next.output.String(), "WebSocket session begins"); n != sockets {
		t.Errorf("%d clients came to the next process", n)
	}
	if got := postBOSH(t, address, `<body xmlns="http://jabber.org/protocol/httpbind" rid="1" to="a.example" ver="1.6" wait="5" hold="1"/>`); !strings.Contains(got, "<stream:features") {
		t.Errorf("BOSH on the next process: %s", got)
	}
}

// drained is a chat client that is told to go away.
type drained struct {
	t              *testing.T
	address        string
	user, password string
	conn           *websocket.Conn
	id             string // of the session to resume
}

func newDrained(t *testing.T, address string) *drained {
	t.Helper()
	c := &drained{t: t, address: address, user: "ann", password: "secret-a"}
	c.dial()
	return c
}

// connect opens a stream.
func (c *drained) connect() {
	c.t.Helper()
	var err error
	c.conn, _, err = websocket.Dial(c.t.Context(), "ws://"+c.address+"/xmpp-websocket", &websocket.DialOptions{
		Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"Origin": {"http://" + c.address}}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = c.conn.CloseNow() })
	c.open()
}

// dial opens a stream and logs in.
func (c *drained) dial() {
	c.t.Helper()
	c.connect()
	c.say(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">` + base64.StdEncoding.EncodeToString([]byte("\x00"+c.user+"\x00"+c.password)) + `</auth>`)
	c.hear("<success")
	c.open()
}

func (c *drained) open() {
	c.t.Helper()
	c.say(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="a.example" version="1.0"/>`)
	c.hear("<stream:features")
}

func (c *drained) logIn(resource string) {
	c.t.Helper()
	c.say(`<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>` + resource + `</resource></bind></iq>`)
	c.hear("<jid>")
	c.say(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`)
	c.id = between(c.hear("<enabled"), "id='", "'")
}

func (c *drained) resume() {
	c.t.Helper()
	c.dial()
	c.say(`<resume xmlns="urn:xmpp:sm:3" h="0" previd="` + c.id + `"/>`)
	c.hear("<resumed")
}

func (c *drained) say(message string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, []byte(message)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *drained) read() (string, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	_, b, err := c.conn.Read(ctx)
	return string(b), err
}

func (c *drained) hear(wanted string) string {
	c.t.Helper()
	for {
		got, err := c.read()
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", wanted, err)
		}
		if strings.Contains(got, wanted) {
			return got
		}
	}
}

// untilTold reads until the client is told to go away, and returns when that was.
func (c *drained) untilTold() (at time.Time) {
	closed := false
	for {
		got, err := c.read()
		switch {
		case strings.HasPrefix(got, "<close "):
			closed, at = true, time.Now()
		case err != nil:
			if status := websocket.CloseStatus(err); status != websocket.StatusGoingAway || !closed {
				c.t.Errorf("told with status %d (%v), <close/>: %v", status, err, closed)
			}
			return at
		}
	}
}

func postBOSH(t *testing.T, address, body string) string {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/http-bind", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return ""
	}
	r.Header.Set("Origin", "http://"+address)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return string(got)
}

func between(s, before, after string) string {
	m := regexp.MustCompile(regexp.QuoteMeta(before) + "(.*?)" + regexp.QuoteMeta(after)).FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	return m[1]
}

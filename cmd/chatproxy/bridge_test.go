package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// xmppStub is a server that opens streams and keeps what it is sent.
type xmppStub struct {
	address string
	mu      sync.Mutex
	got     bytes.Buffer
}

func newXMPPStub(t *testing.T) *xmppStub {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &xmppStub{address: l.Addr().String()}
	var work sync.WaitGroup
	t.Cleanup(func() { l.Close(); work.Wait() })
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer conn.Close()
				chunk := make([]byte, 4096)
				for {
					n, err := conn.Read(chunk)
					if err != nil {
						return
					}
					s.mu.Lock()
					s.got.Write(chunk[:n])
					s.mu.Unlock()
					if bytes.Contains(chunk[:n], []byte("<stream:stream")) {
						fmt.Fprint(conn, "<stream:stream id='1' from='example.com' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><stream:features/>")
					}
					if bytes.Contains(chunk[:n], []byte("</stream:stream>")) {
						fmt.Fprint(conn, "</stream:stream>")
					}
				}
			})
		}
	})
	return s
}

func (s *xmppStub) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.String()
}

func bridgePolicy(stub *xmppStub, more string) string {
	return fmt.Sprintf(`version: 1
listen: ["127.0.0.1:0"]
site: {upstream: http://127.0.0.1:1, hosts: [www.example.com]}
xmpp:
  domain: example.com
  server: %s
  tls: none
  origins: ["https://app.example.com", "http://www.example.com"]
%s`, stub.address, more)
}

func dialBridge(t *testing.T, r *running, header http.Header) (*websocket.Conn, int) {
	t.Helper()
	conn, rsp, err := websocket.Dial(t.Context(), "ws://"+r.addresses[0]+"/xmpp-websocket", &websocket.DialOptions{
		Host: "www.example.com", Subprotocols: []string{"xmpp"}, HTTPHeader: header})
	if err != nil && rsp == nil {
		t.Fatal(err)
	}
	if conn != nil {
		t.Cleanup(func() { _ = conn.CloseNow() })
	}
	return conn, rsp.StatusCode
}

func TestOriginsOfThePolicy(t *testing.T) {
	r := startFrom(t, bridgePolicy(newXMPPStub(t), ""))
	for _, test := range []struct {
		origin, fetchSite string
		status            int
	}{
		{"http://www.example.com", "", 101},
		{"http://www.example.com", "same-origin", 101},
		{"http://www.example.com", "cross-site", 403}, // a frame that WebKit gives this origin
		{"https://app.example.com", "same-site", 101},
		{"https://app.example.com", "cross-site", 101},
		{"http://app.example.com", "", 403},
		{"https://app.example.com.evil.example", "", 403},
		{"https://evil.example", "", 403},
		{"null", "", 403},
		{"", "", 403},
	} {
		header := http.Header{"Origin": {test.origin}}
		if test.fetchSite != "" {
			header.Set("Sec-Fetch-Site", test.fetchSite)
		}
		if _, status := dialBridge(t, r, header); status != test.status {
			t.Errorf("%s (%s): %d, want %d", test.origin, test.fetchSite, status, test.status)
		}
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodOptions, "http://"+r.addresses[0]+"/http-bind", nil)
		request.Host, request.Header = "www.example.com", header
		res, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if allowed := res.Header.Get("Access-Control-Allow-Origin") == test.origin && test.origin != ""; allowed != (test.status == 101) {
			t.Errorf("%s (%s): CORS %v", test.origin, test.fetchSite, res.Header)
		}
	}
}

// openedBridge is a client with an open stream.
func openedBridge(t *testing.T, r *running) *websocket.Conn {
	t.Helper()
	conn, status := dialBridge(t, r, http.Header{"Origin": {"http://www.example.com"}})
	if status != 101 {
		t.Fatalf("status %d", status)
	}
	askBridge(t, conn, `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="example.com" version="1.0"/>`, "<stream:features")
	return conn
}

func askBridge(t *testing.T, conn *websocket.Conn, message, wanted string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		t.Fatal(err)
	}
	for {
		_, got, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("waiting for %s: %v", wanted, err)
		}
		if strings.Contains(string(got), wanted) {
			return string(got)
		}
	}
}

func TestStanzaPolicyOfTheFile(t *testing.T) {
	stub := newXMPPStub(t)
	r := startFrom(t, bridgePolicy(stub, `  stanzas:
    rules:
      - {name: register, match: {kind: [iq], namespace: ["jabber:iq:register"], authenticated: false, to: [example.com]}, action: deny, error: forbidden}
`))
	conn := openedBridge(t, r)
	askBridge(t, conn, `<iq xmlns="jabber:client" id="1" type="get"><query xmlns="jabber:iq:register"/></iq>`, "<forbidden ")
	askBridge(t, conn, `<message xmlns="jabber:client" id="2" to="x@example.com"><body>early</body></message>`, "<not-authorized ")
	askBridge(t, conn, `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`, "<close")
	if got := stub.heard(); strings.Contains(got, "register") || strings.Contains(got, "early") {
		t.Errorf("the server heard %s", got)
	}
}

// The limits of the file reach the bridge, and a reload changes them.
func TestLimitsOfThePolicy(t *testing.T) {
	stub := newXMPPStub(t)
	r := startFrom(t, bridgePolicy(stub, "limits: {sessions: 1}\n"))
	openedBridge(t, r)
	if _, status := dialBridge(t, r, http.Header{"Origin": {"http://www.example.com"}}); status != 503 {
		t.Errorf("the second session: %d", status)
	}
	writePolicy(t, r.file, strings.Replace(bridgePolicy(stub, "limits: {sessions: 2, session_life: 1h}\n"), "127.0.0.1:0", r.addresses[0], 1))
	if err := r.reload(); err != nil {
		t.Fatal(err)
	}
	openedBridge(t, r)
	openedBridge(t, r)
	if _, status := dialBridge(t, r, http.Header{"Origin": {"http://www.example.com"}}); status != 503 {
		t.Errorf("the third session: %d", status)
	}
}

// When the program ends its address is free at once, while its clients are let go.
func TestStopLeavesTheAddressFirst(t *testing.T) {
	r := startFrom(t, bridgePolicy(newXMPPStub(t), "limits: {sessions_per_address: 200, new_sessions_per_address: 200}\n"))
	var conns []*websocket.Conn
	for range 150 { // at 200 a second they take most of one
		conns = append(conns, openedBridge(t, r))
	}
	told := make([]time.Time, len(conns))
	var clients sync.WaitGroup
	for i, conn := range conns {
		clients.Go(func() {
			for {
				_, _, err := conn.Read(t.Context())
				if err == nil {
					continue
				}
				if status := websocket.CloseStatus(err); status != websocket.StatusGoingAway {
					t.Error(err)
				}
				told[i] = time.Now()
				return
			}
		})
	}
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	for {
		l, err := net.Listen("tcp", r.addresses[0])
		if err == nil {
			l.Close()
			break
		}
		select {
		case err := <-stopped:
			t.Fatalf("all have been let go, and the address is taken still: %v", err)
		default:
		}
	}
	left := time.Now()
	clients.Wait()
	if !slices.ContainsFunc(told, func(at time.Time) bool { return at.After(left) }) {
		t.Error("all had been let go before the address was left")
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

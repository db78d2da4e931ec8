package bosh

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Whatever clients do, when they are gone nothing of them is left: no goroutine, no
// descriptor, no seat, no record of a log-in under way.
func TestNothingIsLeftOfSessions(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // a server that keeps nothing either
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.WriteString(conn, stubHead+features)
				chunk := make([]byte, 4096)
				for {
					n, err := conn.Read(chunk)
					if err != nil {
						return
					}
					if bytes.Contains(chunk[:n], []byte("</stream:stream>")) {
						_, _ = io.WriteString(conn, "</stream:stream>")
						return
					}
				}
			}()
		}
	}()
	f := newFixture(t, Options{Dial: (&stub{l: l}).dialer(), Stanzas: onlySupport,
		Limits: Limits{Ping: 50 * time.Millisecond, Write: 400 * time.Millisecond, Handshake: time.Second, Inactivity: time.Second, SessionsPerAddress: 1000, NewSessionsPerAddress: 1000}})
	ways := []func(){
		func() { // lost, in the middle of a log-in
			c := dialRaw(t, f)
			c.open()
			c.text(plain("ann", "x"))
			c.conn.Close()
		},
		func() { // said goodbye
			c := dialRaw(t, f)
			c.open()
			c.text(closeFrame)
			c.expect(opText, closeFrame)
			c.expectClose(1000)
			c.conn.Close()
		},
		func() { // broke the rules, and never reads the answer
			c := dialRaw(t, f)
			c.open()
			c.send(0x80|opBinary, "x")
			c.conn.Close()
		},
		func() { dialRaw(t, f).conn.Close() }, // never said a word
		func() { // answers no ping
			c := dialRaw(t, f)
			c.open()
			_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			for {
				if _, err := c.next(); err != nil {
					break
				}
			}
			c.conn.Close()
		},
		func() { // a foreign origin
			_, _, _ = websocket.Dial(t.Context(), f.url+"/xmpp-websocket", &websocket.DialOptions{
				Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"Origin": {"https://evil.example"}}})
		},
		func() { // BOSH, abandoned
			f.post(createBody(`wait="1" hold="1"`))
		},
		func() { // BOSH, refused
			f.post(requestBody(value(f.post(createBody(`wait="1" hold="1"`)), "sid"), "7000", "", ""))
		},
	}
	for _, way := range ways { // what is made once only
		way()
	}
	wait := func(what string, now func() int, most int) {
		t.Helper()
		n := 0
		for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			f.client.CloseIdleConnections()
			http.DefaultClient.CloseIdleConnections()
			if n = now(); n <= most {
				return
			}
		}
		stacks := make([]byte, 1<<20)
		t.Errorf("%d %s are left, where %d were\n%s", n, what, most, stacks[:runtime.Stack(stacks, true)])
	}
	seats := func() int {
		s := f.bridge.WebSocket.seats
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.total
	}
	descriptors := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	trying := func() (n int) {
		l := f.bridge.WebSocket.guard.logins
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, r := range l.records {
			n += r.trying
		}
		return n
	}
	wait("seats", seats, 0)
	goroutines, open := runtime.NumGoroutine(), descriptors()
	for range 10 {
		for _, way := range ways {
			way()
		}
	}
	wait("seats", seats, 0)
	wait("log-ins under way", trying, 0)
	// The tombstones of BOSH sessions are timers, and no goroutines.
	wait("goroutines", runtime.NumGoroutine, goroutines+4)
	wait("descriptors", descriptors, open+4)
}

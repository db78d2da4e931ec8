package bosh

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// rests waits until the bridge's one socket has no goroutine that waits for its client.
func rests(t *testing.T, f *fixture) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) { // there is no hook to wait for
		ws := f.bridge.WebSocket
		ws.mu.Lock()
		parked := 0
		for s := range ws.sockets {
			s.waiting.mu.Lock()
			if s.waiting.parked {
				parked++
			}
			s.waiting.mu.Unlock()
		}
		ws.mu.Unlock()
		if parked == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a goroutine waits")
		}
	}
}

func resting(t *testing.T, limits Limits) (*fixture, *rawSocket, *peer) {
	t.Helper()
	stub := newStub(t, true)
	f := newFixture(t, Options{Dial: stub.dialer(), Limits: limits})
	f.bridge.WebSocket.idle = 10 * time.Millisecond
	c := dialRaw(t, f)
	c.open()
	p := stub.peer()
	rests(t, f)
	return f, c, p
}

func TestARestingSocketWakesUp(t *testing.T) {
	f, c, p := resting(t, Limits{})
	for i := range 2 {
		c.text(fmt.Sprintf(`<message xmlns="jabber:client"><body>up %d</body></message>`, i))
		p.wait(t, fmt.Sprintf("<body>up %d</body>", i))
		fmt.Fprintf(p, "<message><body>down %d</body></message>", i)
		c.expect(opText, "<message")
		rests(t, f)
	}
	half := frameBytes(0x80|opText, `<message xmlns="jabber:client"><body>in two parts</body></message>`, -1)
	for _, part := range [][]byte{half[:1], half[1:9], half[9:]} {
		if _, err := c.conn.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	p.wait(t, "in two parts")
}

// Pongs, also those that nobody asked for, are taken, and the socket rests again.
func TestPongsAreTakenFromARestingSocket(t *testing.T) {
	f, c, p := resting(t, Limits{Ping: 500 * time.Millisecond})
	c.send(0x80|opPong, "unasked")
	for range 2 {
		c.send(0x80|opPong, c.expect(opPing, ""))
		rests(t, f)
	}
	c.text(`<message xmlns="jabber:client"><body>still here</body></message>`)
	p.wait(t, "still here")
}

func TestARestingSocketWithoutPongsIsLost(t *testing.T) {
	_, c, p := resting(t, Limits{Ping: 200 * time.Millisecond, Write: 300 * time.Millisecond})
	c.send(0x80|opPong, c.expect(opPing, "")+"0") // of another ping
	p.wait(t, "EOF")
	if _, err := io.ReadAll(c.in); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
}

func TestARestingSocketIsToldOfTheEnd(t *testing.T) {
	f, c, p := resting(t, Limits{})
	closed := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		closed <- f.bridge.Close(ctx)
	}()
	c.expect(opText, "<stream:error")
	c.expect(opText, "<close ")
	c.expectClose(1001)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	p.wait(t, "EOF")
}

func TestARestingSocketWhoseClientGoesAwayEnds(t *testing.T) {
	_, c, p := resting(t, Limits{})
	c.conn.Close()
	if got := p.wait(t, "EOF"); strings.Contains(got, "</stream:stream>") {
		t.Error("the session cannot be resumed")
	}
}

package bosh

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// socketMischief is what clients do over WebSocket.
var socketMischief = []deed{
	{"WebSocket: a flood of sessions", func(e *episode) {
		var all sync.WaitGroup
		var mu sync.Mutex
		got := map[int]int{}
		var open []*websocket.Conn
		for range 3 * soakSeats {
			all.Go(func() {
				conn, rsp, err := websocket.Dial(context.Background(), e.f.url+"/xmpp-websocket", &websocket.DialOptions{
					Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"Origin": {site}}})
				mu.Lock()
				defer mu.Unlock()
				if rsp == nil {
					e.Errorf("%v", err)
					return
				}
				if got[rsp.StatusCode]++; conn != nil {
					open = append(open, conn)
				}
			})
		}
		all.Wait()
		if got[101] != soakSeats || got[429] != 2*soakSeats {
			e.Errorf("%v, where %d sessions may be", got, soakSeats)
		}
		for _, conn := range open {
			_ = conn.CloseNow()
		}
		e.gone()
	}},
	{"WebSocket: a flood of stanzas", func(e *episode) {
		c := e.joined()
		done := make(chan struct{})
		go func() {
			defer close(done)
			// As many as are too many, but no more than the sockets have room for: the
			// library that reads here wants to write a pong in between.
			for i := 0; i < 3000 && c.conn.Write(e.Context(), websocket.MessageText, []byte(numbered("x"))) == nil; i++ {
			}
		}()
		got, err := "", error(nil)
		for err == nil && !strings.HasPrefix(got, "<stream:error") {
			got, err = c.hear()
		}
		e.told(got, "<policy-violation ")
		c.expect("<close ")
		c.expectClosed(websocket.StatusPolicyViolation)
		<-done
		e.gone()
	}},
	{"WebSocket: no word", func(e *episode) {
		c := dialRaw(e, e.f)
		if e.while() > time.Second {
			c.expect(opText, "<open ")
			c.expect(opText, "<stream:error ")
			c.expect(opText, closeFrame)
			c.expectClose(1008)
		}
	}},
	{"WebSocket: half a handshake", func(e *episode) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(e.f.url, "http://"))
		if err != nil {
			e.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "GET /xmpp-websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nOrig")
		e.linger()
	}},
	{"WebSocket: half a frame", func(e *episode) {
		c := dialRaw(e, e.f)
		if e.coin() {
			c.open()
		}
		frame := frameBytes(0x80|opText, numbered("x"), []int64{-1, 1000, 100 << 10, 1 << 40, 1<<63 - 1}[e.rng.IntN(5)])
		if _, err := c.conn.Write(frame[:1+e.rng.IntN(len(frame)-1)]); err != nil {
			e.Fatal(err)
		}
		e.leaves(c)
	}},
	{"WebSocket: a frame that comes slowly", func(e *episode) {
		c := dialRaw(e, e.f)
		c.open()
		patience, begun := e.while(), time.Now()
		for i, b := range frameBytes(0x80|opText, strings.Repeat("a", 1000), -1) {
			if _, err := c.conn.Write([]byte{b}); err != nil || time.Since(begun) > patience {
				break
			}
			if i%10 == 0 {
				time.Sleep(20 * time.Millisecond)
			}
		}
	}},
	{"WebSocket: a message of fragments without end", func(e *episode) {
		c := dialRaw(e, e.f)
		c.open()
		c.send(opText, "<message>")
		patience, begun := e.while(), time.Now()
		for time.Since(begun) < patience {
			if _, err := c.conn.Write(frameBytes(opContinuation, "a", -1)); err != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}},
	{"WebSocket: frames that are none", func(e *episode) {
		for _, bad := range [][]byte{
			{0x80 | opText, 5, 'h', 'e', 'l', 'l', 'o'}, // not masked
			frameBytes(0xf0|opText, "x", -1),            // reserved bits
			frameBytes(0x80|3, "x", -1),                 // reserved opcode
			frameBytes(0x80|opBinary, "<presence/>", -1),
			frameBytes(0x80|opText, "\xff\xfe", -1),
			frameBytes(0x80|opContinuation, "x", -1),
			frameBytes(0x80|opPing, strings.Repeat("x", 200), -1),
			frameBytes(opPing, "x", -1),
			frameBytes(0x80|opText, "<message>"+strings.Repeat("x", 300<<10), -1),
			frameBytes(0x80|opClose, "x", -1),
		} {
			c := dialRaw(e, e.f)
			c.open()
			_, _ = c.conn.Write(bad)
			e.over(c)
		}
		e.gone()
	}},
	{"WebSocket: pings without end", func(e *episode) {
		c := dialRaw(e, e.f)
		c.open()
		go func() {
			for range 2000 {
				if _, err := c.conn.Write(frameBytes(0x80|opPing, "x", -1)); err != nil {
					return
				}
			}
			_, _ = c.conn.Write(frameBytes(0x80|opText, closeFrame, -1))
		}()
		for {
			f, err := c.next()
			if err != nil {
				e.Fatal(err)
			}
			if f.opcode() == opText {
				e.told(f.payload, closeFrame)
				return
			}
		}
	}},
	{"WebSocket: payloads that are none", func(e *episode) {
		for _, bad := range append(badPayloads, "<presence/><presence/>", "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
			strings.Replace(openMessage, "a.example", "evil.example", 1)) {
			c := e.joined()
			c.say(bad)
			c.expect("<stream:error ")
			c.expect(closeFrame)
			if got, err := c.hear(); err == nil {
				e.Errorf("%.50s: got %s", bad, got)
			}
			e.gone()
		}
	}},
	{"WebSocket: clients that vanish in every state", func(e *episode) {
		for _, words := range [][]string{{}, {openMessage}, {openMessage, numbered("x")}, {openMessage, plain("ann", "x")}} {
			c := dialRaw(e, e.f)
			for _, word := range words {
				c.text(word)
			}
			e.leaves(c)
		}
	}},
	{"WebSocket: clients that answer no ping", func(e *episode) {
		c := dialRaw(e, e.f)
		c.open()
		if e.while() > time.Second {
			e.gone()
		}
	}},
	{"WebSocket: goodbyes in every state", func(e *episode) {
		for _, words := range [][]string{{closeFrame}, {openMessage, closeFrame}, {openMessage, numbered("x"), closeFrame},
			{openMessage, closeFrame, closeFrame}, {openMessage, openMessage, closeFrame}} {
			c := dialRaw(e, e.f)
			for _, word := range words {
				if _, err := c.conn.Write(frameBytes(0x80|opText, word, -1)); err != nil {
					break
				}
			}
			e.over(c)
		}
		for range 2 { // of the socket only, and then of both
			c := e.joined()
			_ = c.conn.Close(websocket.StatusNormalClosure, "")
		}
		e.gone()
	}},
	{"WebSocket: a foreign origin", func(e *episode) {
		_, rsp, err := websocket.Dial(context.Background(), e.f.url+"/xmpp-websocket", &websocket.DialOptions{
			Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"Origin": {"https://evil.example"}}})
		if err == nil || rsp == nil || rsp.StatusCode != http.StatusForbidden {
			e.Errorf("%v, %v", rsp, err)
		}
	}},
}

// leaves ends a connection in one of the ways that there are: at once or later, with
// a FIN or a RST, or not before the proxy does.
func (e *episode) leaves(c *rawSocket) {
	if e.coin() {
		e.linger()
	}
	if e.coin() {
		_ = c.conn.(*net.TCPConn).SetLinger(0)
	}
	if !e.w.short() && e.rng.IntN(4) == 0 {
		e.over(c)
	}
	c.conn.Close()
}

// over reads until the proxy has ended the connection.
func (e *episode) over(c *rawSocket) {
	_ = c.conn.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		f, err := c.next()
		if n, ok := err.(net.Error); ok && n.Timeout() {
			e.Fatal("the connection goes on")
		}
		if err != nil {
			break
		}
		if f.opcode() == opClose {
			_, _ = c.conn.Write(frameBytes(0x80|opClose, f.payload, -1))
		}
	}
	c.conn.Close()
}

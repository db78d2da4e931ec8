package bosh

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzWebSocketFrames sends any bytes where frames are expected, after a stream was
// opened. Whatever they are: the server gets whole stanzas or none, the session ends
// when its client is gone, and its seat is free.
func FuzzWebSocketFrames(f *testing.F) {
	whole := frameBytes(0x80|opText, numbered("x"), -1)
	for _, seed := range [][]byte{
		whole, whole[:len(whole)/2], append(whole, whole...),
		append(frameBytes(opText, "<message><bo", -1), append(frameBytes(0x80|opPing, "p", -1), frameBytes(0x80|opContinuation, "dy/></message>", -1)...)...),
		frameBytes(0x80|opText, closeFrame, -1), frameBytes(0x80|opText, openMessage, -1), frameBytes(0x80|opClose, "\x03\xe8", -1),
		frameBytes(0x80|opBinary, "x", -1), frameBytes(0xc0|opText, "x", -1), frameBytes(0x80|opText, "x", 1<<62), frameBytes(0x80|opText, "<a>\xff</a>", -1),
		{0x81, 0x01, '<'}, {0x89, 0xfe}, {0xff, 0xff, 0xff, 0xff},
		frameBytes(0x80|opText, plain("ann", "x"), -1), frameBytes(0x80|opText, "<enable xmlns='urn:xmpp:sm:3'/>", -1),
	} {
		f.Add(seed)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	got := make(chan []byte, 1) // what the server was sent in one session
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, stubHead+features)
			all, _ := io.ReadAll(conn)
			conn.Close()
			got <- all
		}
	}()
	o := Options{Dial: (&stub{l: l}).dialer(), Limits: Limits{SessionsPerAddress: 1, NewSessionsPerAddress: 1e6, NewSessions: 1e6, Body: 4096, Write: time.Second},
		Domain: domain, AllowOrigin: func(*http.Request) bool { return true }}
	b, err := New(o)
	if err != nil {
		f.Fatal(err)
	}
	server := &http.Server{Handler: b.WebSocket}
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	go func() { _ = server.Serve(front) }()
	f.Cleanup(func() { server.Close() })

	f.Fuzz(func(t *testing.T, frames []byte) {
		fixture := &fixture{t: t, url: "http://" + front.Addr().String()}
		var c *rawSocket
		for deadline := time.Now().Add(10 * time.Second); c == nil; { // until the last seat is free
			rsp, s := handshake(t, fixture, upgradeHeader(), "")
			if rsp.StatusCode == http.StatusSwitchingProtocols {
				c = s
			} else if s.conn.Close(); time.Now().After(deadline) {
				t.Fatalf("the seat of the session before is never free: %s", rsp.Status)
			}
		}
		c.open()
		_, _ = c.conn.Write(frames)
		c.conn.Close()
		select {
		case all := <-got:
			checkUpstream(t, all)
		case <-time.After(10 * time.Second):
			t.Fatal("the session does not end")
		}
	})
}

// checkUpstream holds what a server was sent to XML, with the headers of restarts
// taken out.
func checkUpstream(t *testing.T, all []byte) {
	t.Helper()
	for i, stream := range bytes.Split(all, []byte("<?xml version='1.0'?>")) {
		if i == 0 {
			if len(stream) > 0 {
				t.Errorf("before the stream's header: %q", stream)
			}
			continue
		}
		d := xml.NewDecoder(bytes.NewReader(stream))
		depth := 0
		for {
			token, err := d.Token()
			if err != nil {
				// The stream itself stays open; nothing in it may.
				var syntax *xml.SyntaxError
				if !errors.Is(err, io.EOF) && !(errors.As(err, &syntax) && strings.Contains(syntax.Msg, "unexpected EOF") && depth == 1) {
					t.Errorf("%q: %v", stream, err)
				}
				if depth > 1 {
					t.Errorf("half a stanza: %q", stream)
				}
				break
			}
			switch token.(type) {
			case xml.StartElement:
				depth++
			case xml.EndElement:
				depth--
			}
		}
	}
}

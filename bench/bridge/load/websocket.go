package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// webSocket is a session over WebSocket (RFC 6455, RFC 7395).
type webSocket struct {
	e       Endpoint
	session *Session
	conn    net.Conn
	in      *bufio.Reader

	writing sync.Mutex
	out     []byte
}

// Opcodes of RFC 6455 §5.2.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

func openWebSocket(ctx context.Context, e Endpoint, s *Session) (*webSocket, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", e.Address)
	if err != nil {
		return nil, err
	}
	w := &webSocket{e: e, session: s, conn: conn, in: bufio.NewReader(conn)}
	// A server that accepts and says nothing is an error, and does not stop the run.
	awake := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err = w.handshake()
	if !awake() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close() // err is the one to tell
		return nil, fmt.Errorf("WebSocket's opening handshake: %w", err)
	}
	go func() {
		defer func() { _ = conn.Close() }() // it is over
		s.fail(w.read())
	}()
	return w, w.restart()
}

// handshake is the one of RFC 6455 §4.1. The key is the RFC's example: it guards
// against caches, and there is none.
func (w *webSocket) handshake() error {
	_, err := io.WriteString(w.conn, "GET "+w.e.Path+" HTTP/1.1\r\nHost: "+w.e.Address+"\r\nOrigin: "+w.e.Origin+
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xmpp"+
		"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err != nil {
		return err
	}
	status, err := w.in.ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(status, "HTTP/1.1 101") {
		return fmt.Errorf("the server answered %q", strings.TrimSpace(status))
	}
	for {
		line, err := w.in.ReadString('\n')
		if err != nil || strings.TrimSpace(line) == "" {
			return err
		}
	}
}

// restart opens a stream: the first, or the next.
func (w *webSocket) restart() error {
	return w.send([]byte(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="` + w.e.Domain + `" version="1.0"/>`))
}

// send sends each stanza as a message, all in one write.
func (w *webSocket) send(stanzas ...[]byte) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.out = w.out[:0]
	for _, st := range stanzas {
		w.out = appendFrame(w.out, opText, st)
	}
	_, err := w.conn.Write(w.out)
	return err
}

// appendFrame appends a masked frame. The mask is 0, which changes nothing: masks are
// against what scripts in browsers could do to intermediaries.
func appendFrame(b []byte, op byte, payload []byte) []byte {
	b = append(b, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

// read takes messages until the connection ends, and returns why it did.
func (w *webSocket) read() error {
	var payload []byte
	for {
		op, err := w.frame(&payload)
		if err != nil {
			return err
		}
		switch op {
		case opText:
			if bytes.HasPrefix(payload, []byte("<close")) {
				return fmt.Errorf("the server closed the stream: %s", payload)
			}
			w.session.received(payload, w.in.Buffered() > 0)
		case opPing:
			w.writing.Lock()
			_, err := w.conn.Write(appendFrame(nil, opPong, payload))
			w.writing.Unlock()
			if err != nil {
				return err
			}
		case opPong:
		default:
			return fmt.Errorf("a frame of type %d: %q", op, payload)
		}
	}
}

// frame reads one frame. A message in more than one is an error: nobody sends that.
func (w *webSocket) frame(payload *[]byte) (op byte, err error) {
	var head [10]byte
	if _, err := io.ReadFull(w.in, head[:2]); err != nil {
		return 0, err
	}
	op = head[0] & 0x0f
	if head[0] != 0x80|op || head[1] >= 0x80 {
		return 0, errors.New("a frame that is compressed, masked or a part")
	}
	length := uint64(head[1])
	switch length {
	case 126:
		_, err = io.ReadFull(w.in, head[2:4])
		length = uint64(binary.BigEndian.Uint16(head[2:]))
	case 127:
		_, err = io.ReadFull(w.in, head[2:10])
		length = binary.BigEndian.Uint64(head[2:])
	}
	if err != nil {
		return 0, err
	}
	if length > 1<<24 {
		return 0, errors.New("a frame of more than 16 MiB")
	}
	if uint64(cap(*payload)) < length {
		*payload = make([]byte, length)
	}
	*payload = (*payload)[:length]
	_, err = io.ReadFull(w.in, *payload)
	return op, err
}

// listen has nothing to do: the server may speak at any time.
func (w *webSocket) listen(bool) error { return nil }

func (w *webSocket) close(goodbye bool) {
	if goodbye {
		_ = w.send([]byte(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`)) // the server notices in any case
	}
	_ = w.conn.Close()
}

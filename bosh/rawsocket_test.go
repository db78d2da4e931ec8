package bosh

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Opcodes of RFC 6455 §5.2.
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// rawSocket is a WebSocket client that can do what a library would not.
type rawSocket struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

// frame is what came in one frame.
type frame struct {
	first, second byte // of its header
	payload       string
}

func (f frame) opcode() byte { return f.first & 0x0f }

// handshake sends an opening handshake and returns the answer to it. before is sent
// right behind it, in the same packet.
func handshake(t testing.TB, f *fixture, header http.Header, before string) (*http.Response, *rawSocket) {
	t.Helper()
	address := strings.TrimPrefix(f.url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var b strings.Builder
	b.WriteString("GET /xmpp-websocket HTTP/1.1\r\nHost: " + address + "\r\n")
	for name, values := range header {
		for _, value := range values {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	b.WriteString("\r\n" + before)
	if _, err := io.WriteString(conn, b.String()); err != nil {
		t.Fatal(err)
	}
	s := &rawSocket{t, conn, bufio.NewReader(conn)}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	rsp, err := http.ReadResponse(s.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rsp, s
}

func upgradeHeader() http.Header {
	return http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Origin": {site},
		"Sec-WebSocket-Version": {"13"}, "Sec-WebSocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-WebSocket-Protocol": {"xmpp"},
	}
}

func dialRaw(t testing.TB, f *fixture) *rawSocket {
	t.Helper()
	rsp, s := handshake(t, f, upgradeHeader(), "")
	if rsp.StatusCode != http.StatusSwitchingProtocols || rsp.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("handshake: %s, %v", rsp.Status, rsp.Header)
	}
	return s
}

// frameBytes makes a masked frame. size is what its header says, or -1 for the truth.
func frameBytes(first byte, payload string, size int64) []byte {
	if size < 0 {
		size = int64(len(payload))
	}
	b := []byte{first}
	switch {
	case size < 126:
		b = append(b, 0x80|byte(size))
	case size < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(size))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(size))
	}
	mask := []byte{1, 2, 3, 4}
	b = append(b, mask...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i%4])
	}
	return b
}

func (s *rawSocket) send(first byte, payload string) {
	s.t.Helper()
	if _, err := s.conn.Write(frameBytes(first, payload, -1)); err != nil {
		s.t.Fatal(err)
	}
}

// text sends a whole text message.
func (s *rawSocket) text(message string) { s.t.Helper(); s.send(0x80|opText, message) }

// next reads a frame.
func (s *rawSocket) next() (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(s.in, head[:]); err != nil {
		return frame{}, err
	}
	size := uint64(head[1] & 0x7f)
	var long [8]byte
	switch size {
	case 126:
		if _, err := io.ReadFull(s.in, long[6:]); err != nil {
			return frame{}, err
		}
		size = binary.BigEndian.Uint64(long[:])
	case 127:
		if _, err := io.ReadFull(s.in, long[:]); err != nil {
			return frame{}, err
		}
		size = binary.BigEndian.Uint64(long[:])
	}
	payload := make([]byte, size)
	_, err := io.ReadFull(s.in, payload)
	return frame{head[0], head[1], string(payload)}, err
}

// expect reads a frame that has FIN, is not masked, and begins so. Pings that come
// before it are answered.
func (s *rawSocket) expect(opcode byte, prefix string) string {
	s.t.Helper()
	f, err := s.next()
	for err == nil && f.opcode() == opPing && opcode != opPing {
		s.send(0x80|opPong, f.payload)
		f, err = s.next()
	}
	if err != nil {
		s.t.Fatalf("waiting for %s: %v", prefix, err)
	}
	if f.first != 0x80|opcode || f.second&0x80 != 0 || !strings.HasPrefix(f.payload, prefix) {
		s.t.Fatalf("frame %x %x %q, want opcode %x and %q", f.first, f.second, f.payload, opcode, prefix)
	}
	return f.payload
}

// expectClose reads a close frame with the code, answers it, and reads to the end of
// the connection.
func (s *rawSocket) expectClose(code uint16) {
	s.t.Helper()
	payload := s.expect(opClose, "")
	if len(payload) < 2 || binary.BigEndian.Uint16([]byte(payload)) != code {
		s.t.Fatalf("close frame %x, want %d", payload, code)
	}
	s.send(0x80|opClose, payload[:2])
	if rest, err := io.ReadAll(s.in); len(rest) > 0 || err != nil {
		s.t.Errorf("after the closing handshake: %q, %v", rest, err)
	}
}

// open opens a stream and reads the answer.
func (s *rawSocket) open() {
	s.t.Helper()
	s.text(openMessage)
	s.expect(opText, "<open ")
	s.expect(opText, "<stream:features ")
}

// openRaw is a raw client with an open stream to a stub.
func openRaw(t *testing.T, o Options) (*rawSocket, *peer) {
	t.Helper()
	stub := newStub(t, true)
	o.Dial = stub.dialer()
	s := dialRaw(t, newFixture(t, o))
	s.open()
	return s, stub.peer()
}

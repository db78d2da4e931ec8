package bosh

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// subprotocol is the one of RFC 7395 §3.1.
const subprotocol = "xmpp"

// WebSocket is XMPP over WebSocket (RFC 7395): an [http.Handler] for
// /xmpp-websocket. [New] makes one.
type WebSocket struct {
	o     Options
	seats *seats
	guard *guard
	work  sync.WaitGroup // sockets and their goroutines

	dial func(context.Context) (serverStream, error) // to the server

	mu      sync.Mutex
	sockets map[*socket]struct{}
	closed  bool

	idle time.Duration // is socketIdle
}

func newWebSocket(o Options, s *seats, g *guard) *WebSocket {
	return &WebSocket{o: o, seats: s, guard: g, dial: o.dialer(), sockets: map[*socket]struct{}{}, idle: socketIdle}
}

// ServeHTTP upgrades the connection and serves it until it ends. It refuses
// with 403 a foreign origin, 400 a client that does not offer the subprotocol
// "xmpp", 426 what is no WebSocket handshake, 429 and 503 one session too many, 501
// what comes over HTTP/2.
// The server is not dialled before the upgrade is accepted and the client's
// <open/> has come: no byte of a request that may turn out to be none can
// reach it (CVE-2024-23326 and its kind, CWE-444).
func (ws *WebSocket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	address := ws.o.ClientAddress(r)
	if !ws.o.allowOrigin(r) {
		ws.o.Log.Warn("WebSocket from a foreign origin refused", "client", address)
		refuse(w, http.StatusForbidden, "this origin may not use the chat")
		return
	}
	if r.ProtoMajor > 1 || r.Method == http.MethodConnect {
		// RFC 8441, which is not announced (decision 0013): browsers make a connection
		// of their own for a WebSocket, over HTTP/1.1.
		refuse(w, http.StatusNotImplemented, "WebSockets are served over HTTP/1.1")
		return
	}
	if !offersXMPP(r) {
		refuse(w, http.StatusBadRequest, "the WebSocket subprotocol \"xmpp\" is required")
		return
	}
	release, err := ws.seats.take(address)
	if err != nil {
		ws.o.Log.Warn("WebSocket refused", "client", address, "reason", err)
		refuseSeat(w, err)
		return
	}
	s := newSocket(ws, ws.guard.gate(address))
	s.ctx = ws.o.asking(s.ctx, r)
	if !ws.add(s) {
		release()
		refuse(w, http.StatusServiceUnavailable, "the chat is shutting down")
		return
	}
	raw := &rawConn{ResponseWriter: w}
	conn, err := websocket.Accept(raw, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol},
		// allowOrigin has decided, and more strictly: Accept lets a request
		// without Origin pass.
		InsecureSkipVerify: true,
		// Compressed secrets beside chosen text leak (CRIME, CWE-310), and
		// inflating is a bomb's way in (CWE-409).
		CompressionMode: websocket.CompressionDisabled,
		OnPongReceived:  func(_ context.Context, payload []byte) { s.pong(payload) }, // amid a message
	})
	if err != nil {
		ws.o.Log.Info("WebSocket handshake failed", "client", address, "reason", err)
		ws.remove(s)
		release()
		return
	}
	conn.SetReadLimit(-1) // socket.whole has the cap
	ws.o.Log.Info("WebSocket session begins", "session", s.name, "client", address)
	// Not in this goroutine: its stack is that of the whole way here, and holds the
	// request with its header and the HTTP server's buffers, for as long as the session
	// lasts. That is more than the session itself needs.
	go s.serve(conn, raw, func() {
		ws.o.Log.Info("WebSocket session ended", "session", s.name)
		ws.remove(s)
		release()
	})
}

// rawConn keeps the connection that is under a WebSocket, and the buffer between.
type rawConn struct {
	http.ResponseWriter
	conn net.Conn
	in   *bufio.Reader
}

// Sizes of a WebSocket's buffers, in bytes. A session has them for as long as it lasts,
// and what is larger passes them by: then a message costs another system call.
const (
	readBuffer  = 512
	writeBuffer = 1 << 10
)

// Hijack takes the connection over from the HTTP server. Its buffers of 4 KiB each are
// not kept.
func (w *rawConn) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.conn = conn
	in := bufio.NewReaderSize(conn, readBuffer)
	if early, _ := buffers.Reader.Peek(buffers.Reader.Buffered()); len(early) > 0 { // not expected of an honest client
		in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(early)), conn), max(readBuffer, len(early)))
		_, _ = in.Peek(len(early)) // or they would be lost when the library resets the reader
	}
	w.in = in
	return conn, bufio.NewReadWriter(in, bufio.NewWriterSize(conn, writeBuffer)), nil
}

func offersXMPP(r *http.Request) bool {
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for offer := range strings.SplitSeq(line, ",") {
			if strings.TrimSpace(offer) == subprotocol {
				return true
			}
		}
	}
	return false
}

func (ws *WebSocket) add(s *socket) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.closed {
		return false
	}
	ws.sockets[s] = struct{}{}
	ws.work.Add(1)
	return true
}

func (ws *WebSocket) remove(s *socket) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.sockets, s)
	ws.work.Done()
}

// shutdown refuses new clients, and returns how to tell each that there is that the
// proxy goes away.
func (ws *WebSocket) shutdown() (ends []func()) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.closed = true
	for s := range ws.sockets {
		ends = append(ends, func() { s.cancel(errShutdown) })
	}
	return ends
}

// shutdownFrames are a client's last frames when the proxy goes away: another URI for
// it (RFC 7395 §3.6.1), or why its stream ends. Where there is no stream yet, <close/>
// stands for <open/> (§3.4).
func (ws *WebSocket) shutdownFrames(opened bool) [][]byte {
	if uri := ws.o.Drain.SeeOtherURI; uri != "" {
		return [][]byte{closeElsewhereFrame(uri)}
	}
	if !opened {
		return [][]byte{[]byte(closeFrame)}
	}
	return [][]byte{errorFrame("system-shutdown"), []byte(closeFrame)}
}

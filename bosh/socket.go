package bosh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"chatproxy/xmpp"

	"github.com/coder/websocket"
)

// socket is one WebSocket session and its stream to the server.
//
// Three goroutines serve it: up carries what the client says, down what the
// server says, ping finds out whether the client is still there. The first
// that has a reason to end the session gives it to cancel; serve then says
// goodbye to both sides once.
type socket struct {
	ws   *WebSocket
	name string // for the log

	ctx    context.Context // done when the session is to end
	cancel context.CancelCauseFunc

	conn    *websocket.Conn
	stream  *xmpp.Stream
	leaving atomic.Bool // the client has sent <close/>
}

// Why a session ends, as causes of socket.ctx. A *failure is one too.
var (
	errShutdown   = errors.New("the proxy shuts down")
	errClientLost = errors.New("the client is gone")
	errGoodbye    = errors.New("the stream was closed")
)

// failure ends a session with something to tell the client.
type failure struct {
	code   websocket.StatusCode
	frames [][]byte
	reason error
}

func (f *failure) Error() string { return f.reason.Error() }
func (f *failure) Unwrap() error { return f.reason }

func streamFailure(code websocket.StatusCode, condition string, reason error) *failure {
	return &failure{code, [][]byte{errorFrame(condition)}, reason}
}

func newSocket(ws *WebSocket) *socket {
	s := &socket{ws: ws, name: logName(newSID())}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s
}

// serve runs the session to its end.
func (s *socket) serve(conn *websocket.Conn) {
	s.conn = conn
	var work sync.WaitGroup
	defer work.Wait()
	defer s.cancel(errGoodbye)

	// Reading goes on until the socket is closed, so that a client's pongs
	// and its part of the closing handshake are seen. It must not end with
	// s.ctx: an expired context closes the socket without a goodbye.
	messages := make(chan xmpp.Stanza)
	work.Go(func() { s.read(messages) })
	opened := s.open(messages)
	if opened {
		work.Go(s.down)
		work.Go(s.ping)
		work.Go(func() { s.up(messages) })
	}
	<-s.ctx.Done()
	s.goodbye(context.Cause(s.ctx))
}

// goodbye ends both sides as the cause asks for.
func (s *socket) goodbye(cause error) {
	s.ws.o.Log.Debug("WebSocket session ends", "session", s.name, "reason", cause)
	code := websocket.StatusNormalClosure
	var frames [][]byte
	var f *failure
	switch {
	case errors.As(cause, &f):
		code, frames = f.code, f.frames
	case errors.Is(cause, errShutdown):
		code, frames = websocket.StatusGoingAway, [][]byte{errorFrame("system-shutdown")}
	}
	if s.stream != nil {
		// Without </stream:stream>, or XEP-0198 could not resume: the client
		// did not say goodbye, and if it did, that was passed on by up.
		s.stream.Abort()
	}
	if errors.Is(cause, errClientLost) {
		_ = s.conn.CloseNow()
		return
	}
	for _, frame := range append(frames, []byte(closeFrame)) {
		if s.write(frame) != nil {
			break
		}
	}
	_ = s.conn.Close(code, "") // what can be done was done
}

// write sends one message within its deadline.
func (s *socket) write(frame []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.ws.o.Limits.Write)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, frame)
}

// read turns messages into stanzas until the socket fails.
func (s *socket) read(messages chan<- xmpp.Stanza) {
	limits := s.ws.o.Limits.stanzaLimits()
	for {
		kind, message, err := s.conn.Read(context.Background())
		if err != nil {
			// Also after a proper closing handshake: without <close/> before
			// it, the stream was not closed (RFC 7395 §3.6).
			s.cancel(fmt.Errorf("%w: %w", errClientLost, err))
			return
		}
		if kind != websocket.MessageText {
			s.cancel(streamFailure(websocket.StatusUnsupportedData, "bad-format", errors.New("a binary message")))
			return
		}
		st, err := xmpp.SplitMessage(message, limits)
		if errors.Is(err, io.EOF) {
			continue // white space only
		}
		if err != nil {
			s.cancel(streamFailure(websocket.StatusPolicyViolation, streamCondition(err), err))
			return
		}
		select {
		case messages <- st:
		case <-s.ctx.Done():
			return
		}
	}
}

func streamCondition(err error) string {
	var syntax *xmpp.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Condition
	}
	return "policy-violation"
}

// open waits for the client's <open/>, then connects to the server.
func (s *socket) open(messages <-chan xmpp.Stanza) bool {
	timeout := time.NewTimer(s.ws.o.Limits.Handshake)
	defer timeout.Stop()
	var first xmpp.Stanza
	select {
	case first = <-messages:
	case <-s.ctx.Done():
		return false
	case <-timeout.C:
		s.cancel(streamFailure(websocket.StatusPolicyViolation, "connection-timeout", errors.New("no <open/> in time")))
		return false
	}
	domain := s.ws.o.Domain
	lang, condition := checkOpen(first, domain)
	if condition != "" {
		s.cancel(&failure{websocket.StatusPolicyViolation,
			[][]byte{openFrame(domain, nil), errorFrame(condition)}, errors.New("the client's <open/>: " + condition)})
		return false
	}
	stream, err := s.ws.o.Dial(s.ctx)
	if err == nil {
		s.stream = stream
		err = s.restart(lang)
	}
	if err == nil {
		return true
	}
	s.ws.o.Log.Error("WebSocket session has no server", "session", s.name, "reason", err)
	if permanent(err) {
		s.cancel(&failure{websocket.StatusNormalClosure,
			[][]byte{openFrame(domain, nil), errorFrame("remote-connection-failed")}, err})
	} else {
		// Converse would never try again after remote-connection-failed; a
		// socket that closes it reconnects.
		s.cancel(&failure{websocket.StatusTryAgainLater, nil, err})
	}
	return false
}

// restart opens a stream: the first, or the next after authentication.
func (s *socket) restart(lang string) error {
	ctx, cancel := context.WithTimeout(s.ctx, s.ws.o.Limits.Write)
	defer cancel()
	return s.stream.Open(ctx, lang)
}

// up carries the client's stanzas to the server.
func (s *socket) up(messages <-chan xmpp.Stanza) {
	for {
		var st xmpp.Stanza
		select {
		case st = <-messages:
		case <-s.ctx.Done():
			return
		}
		if st.Is(xmpp.NSFraming, "close") {
			// The server's last words go to the client until its stream
			// ends; down then ends the session.
			s.leaving.Store(true)
			_ = s.stream.Close()
			return
		}
		if err := s.forward(st); err != nil {
			s.cancel(err)
			return
		}
	}
}

func (s *socket) forward(st xmpp.Stanza) error {
	var err error
	if st.Name.Space == xmpp.NSFraming {
		lang, condition := checkOpen(st, s.ws.o.Domain)
		if condition != "" {
			return streamFailure(websocket.StatusPolicyViolation, condition, errors.New("the client's <open/>: "+condition))
		}
		err = s.restart(lang)
	} else {
		ctx, cancel := context.WithTimeout(s.ctx, s.ws.o.Limits.Write)
		defer cancel()
		err = s.stream.Send(ctx, st)
	}
	if err != nil {
		return streamFailure(websocket.StatusGoingAway, "system-shutdown", err)
	}
	return nil
}

// down carries the server's stanzas to the client. While the client does not
// take one, the server's stream is not read.
func (s *socket) down() {
	for {
		st, err := s.stream.Next(context.Background())
		if err != nil {
			s.cancel(s.streamEnded(err))
			return
		}
		frame := st.XML
		if isHeader(st) {
			frame = openFrame(s.ws.o.Domain, s.stream.Header())
		}
		if err := s.write(frame); err != nil {
			s.cancel(fmt.Errorf("%w: %w", errClientLost, err))
			return
		}
	}
}

func (s *socket) streamEnded(err error) error {
	var said *xmpp.StreamError
	switch {
	case errors.As(err, &said):
		return &failure{websocket.StatusNormalClosure, [][]byte{said.Stanza.XML}, err}
	case s.leaving.Load() || errors.Is(err, io.EOF):
		return errGoodbye
	}
	return streamFailure(websocket.StatusGoingAway, "system-shutdown", err)
}

// ping keeps intermediaries from cutting an idle connection and notices a
// client that is gone without a word.
func (s *socket) ping() {
	ticker := time.NewTicker(s.ws.o.Limits.Ping)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			return
		}
		ctx, cancel := context.WithTimeout(s.ctx, s.ws.o.Limits.Write)
		err := s.conn.Ping(ctx)
		cancel()
		if err != nil {
			s.cancel(fmt.Errorf("%w: %w", errClientLost, err))
			return
		}
	}
}

package bosh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"chatproxy/xmpp"

	"github.com/coder/websocket"
)

// socket is one WebSocket session and its stream to the server.
//
// Two goroutines serve it: up carries what the client says, down what the server says,
// and neither is there while nothing is said (see await.go). A third lives for as long
// as a ping is not answered. The first that has a reason to end the session gives it to
// cancel; goodbye then tells both sides.
type socket struct {
	ws   *WebSocket
	name string // for the log
	gate *gate

	ctx    context.Context // done when the session is to end
	cancel context.CancelCauseFunc

	conn    *websocket.Conn
	raw     net.Conn  // what conn is on
	rest    io.Reader // of the message that ended the session
	stream  atomic.Pointer[serverStream]
	opened  atomic.Bool // the client was sent an <open/>
	leaving atomic.Bool // the client has sent <close/>
	work    sync.WaitGroup
	waiting waiting
	writing sync.Mutex // held while a message or a ping is written
	finish  func()     // what is to be done when up has ended
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

func newSocket(ws *WebSocket, g *gate) *socket {
	s := &socket{ws: ws, name: logName(newSID()), gate: g}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s
}

// server is the stream to the server, nil before there is one.
func (s *socket) server() serverStream {
	if stream := s.stream.Load(); stream != nil {
		return *stream
	}
	return nil
}

// serve begins the session, and calls done when it has ended.
func (s *socket) serve(conn *websocket.Conn, raw *rawConn, done func()) {
	s.conn, s.raw, s.waiting.in = conn, raw.conn, raw.in
	ended := make(chan struct{})
	context.AfterFunc(s.ctx, func() {
		defer close(ended)
		s.goodbye(context.Cause(s.ctx))
	})
	stop := func() {}
	s.finish = func() {
		stop()
		// Reading goes on until the socket is closed, so that the client's part of the
		// closing handshake is seen.
		for s.drop() == nil {
		}
		<-ended
		s.work.Wait()
		s.gate.close()
		done()
	}
	if err := s.open(); err != nil {
		s.cancel(err)
		s.finish()
		return
	}
	s.work.Add(1) // until the stream ends, also while no goroutine reads it
	go s.down()
	silent := time.AfterFunc(s.ws.o.Limits.Handshake, s.unanswered)
	unwatch := s.watch()
	stop = func() {
		unwatch()
		silent.Stop()
	}
	s.up()
}

// drop reads a message and throws it away.
func (s *socket) drop() (err error) {
	r := s.rest
	if s.rest = nil; r == nil {
		_, r, err = s.conn.Reader(context.Background())
	}
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	return err
}

// closeTimeout bounds how long the client may take over the closing handshake. It is
// kept on the connection itself: the library would read a frame that never ends to its
// end (CWE-400).
const closeTimeout = 5 * time.Second

// goodbye ends both sides as the cause asks for.
func (s *socket) goodbye(cause error) {
	s.ws.o.Log.Debug("WebSocket session ends", "session", s.name, "reason", cause)
	s.disturb()
	if stream := s.server(); stream != nil {
		// Without </stream:stream>, or XEP-0198 could not resume: the client
		// did not say goodbye, and if it did, that was passed on by up.
		s.work.Go(stream.Abort) // it may take a moment
	}
	if errors.Is(cause, errClientLost) {
		_ = s.conn.CloseNow()
		return
	}
	code, frames := websocket.StatusNormalClosure, [][]byte{[]byte(closeFrame)}
	var f *failure
	switch {
	case errors.As(cause, &f):
		code, frames = f.code, append(f.frames, frames...)
		if !s.opened.Load() { // an error while the stream opens comes after <open/> (RFC 7395 §3.5)
			frames = append([][]byte{openFrame(s.ws.o.Domain, nil)}, frames...)
		}
	case errors.Is(cause, errShutdown):
		code, frames = websocket.StatusGoingAway, s.ws.shutdownFrames(s.opened.Load())
	}
	for _, frame := range frames {
		if s.write(frame) != nil {
			break
		}
	}
	_ = s.raw.SetReadDeadline(time.Now().Add(closeTimeout))
	_ = s.conn.Close(code, "") // what can be done was done
}

// write sends one message within its deadline, which is what ends a session whose
// client does not read (CWE-400).
func (s *socket) write(frame []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), s.ws.o.Limits.Write)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, frame)
}

// next returns the client's next message as a stanza.
func (s *socket) next() (xmpp.Stanza, error) {
	for {
		kind, r, err := s.conn.Reader(context.Background())
		if err != nil {
			// Also after a proper closing handshake: without <close/> before
			// it, the stream was not closed (RFC 7395 §3.6).
			return xmpp.Stanza{}, fmt.Errorf("%w: %w", errClientLost, err)
		}
		if s.rest = r; kind != websocket.MessageText { // not even read (RFC 7395 §3.2)
			return xmpp.Stanza{}, streamFailure(websocket.StatusUnsupportedData, "bad-format", errors.New("a binary message"))
		}
		message, err := s.whole(r)
		if err != nil {
			return xmpp.Stanza{}, err
		}
		s.rest = nil
		st, err := xmpp.SplitMessage(message, s.ws.o.Limits.stanzaLimits())
		if errors.Is(err, io.EOF) { // white space only
			if err := s.gate.wait(s.ctx, len(message)); err != nil {
				return xmpp.Stanza{}, streamFailure(websocket.StatusPolicyViolation, "policy-violation", err)
			}
			continue
		}
		if err != nil {
			condition := streamCondition(err)
			if errors.Is(err, xmpp.ErrForbiddenStanza) && !s.opened.Load() { // <stream:stream/>, as on TCP
				condition = "invalid-namespace" // RFC 7395 §3.3.2
			}
			code := websocket.StatusPolicyViolation
			if condition == "unsupported-encoding" {
				code = websocket.StatusInvalidFramePayloadData // RFC 6455 §8.1
			}
			return xmpp.Stanza{}, streamFailure(code, condition, err)
		}
		return st, nil
	}
}

// whole reads a message that has begun, in whatever fragments it comes, under the cap
// and within a time. The library's own cap would close the socket before the client
// could be told why.
func (s *socket) whole(r io.Reader) ([]byte, error) {
	late := time.AfterFunc(s.ws.o.Limits.Handshake, func() {
		s.cancel(streamFailure(websocket.StatusPolicyViolation, "policy-violation", errors.New("a message did not arrive whole")))
	})
	defer late.Stop()
	limit := s.ws.o.Limits.Body
	message, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errClientLost, err)
	case len(message) > limit:
		return nil, streamFailure(websocket.StatusMessageTooBig, "policy-violation", fmt.Errorf("a message of more than %d bytes", limit))
	}
	return message, nil
}

func streamCondition(err error) string {
	var syntax *xmpp.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Condition
	}
	return "policy-violation"
}

// open waits for the client's <open/>, then connects to the server.
func (s *socket) open() error {
	late := time.AfterFunc(s.ws.o.Limits.Handshake, func() {
		s.cancel(streamFailure(websocket.StatusPolicyViolation, "connection-timeout", errors.New("no <open/> in time")))
	})
	first, err := s.next()
	late.Stop()
	if err != nil {
		return err
	}
	lang, condition := checkOpen(first, s.ws.o.Domain)
	if condition != "" {
		return streamFailure(websocket.StatusPolicyViolation, condition, errors.New("the client's <open/>: "+condition))
	}
	stream, err := s.ws.dial(s.ctx)
	if err == nil {
		s.stream.Store(&stream)
		if s.ctx.Err() != nil { // goodbye may have been before it
			stream.Abort()
		}
		err = s.restart(lang)
	}
	if err == nil {
		return nil
	}
	s.ws.o.Log.Error("WebSocket session has no server", "session", s.name, "reason", err)
	if permanent(err) {
		return streamFailure(websocket.StatusNormalClosure, "remote-connection-failed", err)
	}
	// Converse would never try again after remote-connection-failed; a
	// socket that closes it reconnects.
	s.opened.Store(true) // <close/> may come in place of <open/> (RFC 7395 §3.4)
	return &failure{websocket.StatusTryAgainLater, nil, err}
}

// unanswered ends a session whose server took the connection and does not speak: its
// client is to try again.
func (s *socket) unanswered() {
	if !s.opened.Load() {
		s.cancel(streamFailure(websocket.StatusGoingAway, "system-shutdown", errors.New("the server sent no stream header in time")))
	}
}

// restart opens a stream: the first, or the next after authentication.
func (s *socket) restart(lang string) error {
	ctx, cancel := context.WithTimeout(s.ctx, s.ws.o.Limits.Write)
	defer cancel()
	return s.server().Open(ctx, lang)
}

// up carries the client's stanzas to the server until one of them ends the session.
func (s *socket) up() {
	for s.await() {
		if err := s.carry(); err != nil {
			s.cancel(err)
			s.finish()
			return
		}
	}
}

// carry carries one stanza.
func (s *socket) carry() error {
	st, err := s.next()
	if err != nil {
		return err
	}
	if st.Is(xmpp.NSFraming, "close") {
		// The server's last words go to the client until its stream
		// ends; down then ends the session.
		s.leaving.Store(true)
		_ = s.server().Close()
		<-s.ctx.Done()
		return errGoodbye
	}
	return s.forward(st)
}

func (s *socket) forward(st xmpp.Stanza) error {
	if err := s.gate.wait(s.ctx, len(st.XML)); err != nil {
		return streamFailure(websocket.StatusPolicyViolation, "policy-violation", err)
	}
	if st.Name.Space == xmpp.NSFraming {
		lang, condition := checkOpen(st, s.ws.o.Domain)
		if condition != "" {
			return streamFailure(websocket.StatusPolicyViolation, condition, errors.New("the client's <open/>: "+condition))
		}
		return s.upstream(s.restart(lang))
	}
	on, back, err := s.gate.up(st)
	if err != nil {
		s.ws.o.Log.Warn("WebSocket session ends: its client breaks the rules", "session", s.name, "reason", err)
		return streamFailure(websocket.StatusPolicyViolation, "policy-violation", err)
	}
	if back.XML != nil {
		if err := s.write(back.XML); err != nil {
			return fmt.Errorf("%w: %w", errClientLost, err)
		}
	}
	return s.upstream(s.send(on))
}

// send sends a stanza to the server, if there is one.
func (s *socket) send(st xmpp.Stanza) error {
	if st.XML == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.ws.o.Limits.Write)
	defer cancel()
	return s.server().Send(ctx, st)
}

// upstream is what a failed write to the server means for the client.
func (s *socket) upstream(err error) error {
	if err != nil {
		return streamFailure(websocket.StatusGoingAway, "system-shutdown", err)
	}
	return nil
}

// down carries the server's stanzas to the client. While the client does not
// take one, the server's stream is not read.
func (s *socket) down() {
	stream := s.server()
	for {
		st, err := stream.NextOrIdle(context.Background())
		if errors.Is(err, xmpp.ErrIdle) {
			if stream.WhenReadable(s.down) {
				return
			}
			continue
		}
		if err == nil {
			err = s.tell(stream, st)
		} else {
			err = s.streamEnded(err)
		}
		if err != nil {
			s.cancel(err)
			s.work.Done()
			return
		}
	}
}

// tell passes one of the server's stanzas on.
func (s *socket) tell(stream serverStream, st xmpp.Stanza) error {
	var frame []byte
	if isHeader(st) {
		s.opened.Store(true)
		frame = openFrame(s.ws.o.Domain, stream.Header())
	} else {
		on, back := s.gate.down(st)
		if err := s.upstream(s.send(back)); err != nil {
			return err
		}
		frame = on.XML
	}
	if frame == nil {
		return nil
	}
	if err := s.write(frame); err != nil {
		return fmt.Errorf("%w: %w", errClientLost, err)
	}
	return nil
}

func (s *socket) streamEnded(err error) error {
	var said *xmpp.StreamError
	switch {
	case errors.As(err, &said) && (said.Condition == "host-unknown" || said.Condition == "remote-connection-failed"):
		// After these Converse never tries again. The domain is ours, not the
		// client's: a server that does not know it is still starting.
		return streamFailure(websocket.StatusTryAgainLater, "system-shutdown", err)
	case errors.As(err, &said):
		return &failure{websocket.StatusNormalClosure, [][]byte{said.Stanza.XML}, err}
	case s.leaving.Load() || errors.Is(err, io.EOF):
		return errGoodbye
	}
	return streamFailure(websocket.StatusGoingAway, "system-shutdown", err)
}

// watch pings the client, which keeps intermediaries from cutting an idle connection
// and notices a client that is gone without a word; and it ends a session that has
// lasted long enough. Between two pings it costs a timer and no goroutine.
func (s *socket) watch() (stop func()) {
	var mu sync.Mutex
	var timer *time.Timer
	stopped := false
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(s.ws.o.Limits.Ping, func() {
		mu.Lock()
		if stopped {
			mu.Unlock()
			return
		}
		s.work.Add(1) // while it is sure that nobody waits yet
		mu.Unlock()
		defer s.work.Done()
		if err := s.check(); err != nil {
			s.cancel(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if !stopped {
			timer.Reset(s.ws.o.Limits.Ping)
		}
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		timer.Stop()
	}
}

// check tells why the session should end now, if it should.
func (s *socket) check() error {
	switch err := s.gate.expired(); {
	case errors.Is(err, errTooOld): // the client is to renew its stream (RFC 6120 §4.9.3.16)
		return streamFailure(websocket.StatusNormalClosure, "reset", err)
	case err != nil:
		return streamFailure(websocket.StatusPolicyViolation, "policy-violation", err)
	}
	if err := s.ping(); err != nil {
		return fmt.Errorf("%w: %w", errClientLost, err)
	}
	return nil
}

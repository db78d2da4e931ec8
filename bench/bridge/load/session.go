// Package load opens XMPP sessions over BOSH or WebSocket, holds them, sends messages
// through them and counts each one: what came back, what came twice, and what did not
// come. Each session writes to its own address, so that a message passes the server's
// endpoint once in each direction.
//
// It is a client for measuring: it costs little, and takes only what the measured
// servers say. A session that deviates from what it expects has failed.
package load

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Transport is how a session reaches the server.
type Transport int

const (
	BOSH      Transport = iota // XEP-0124
	WebSocket                  // RFC 7395
)

func (t Transport) String() string {
	if t == BOSH {
		return "BOSH"
	}
	return "WebSocket"
}

// Endpoint says where sessions are opened, and as whom.
type Endpoint struct {
	Transport Transport
	Address   string // host:port
	Path      string // "/http-bind"
	Domain    string // the XMPP domain
	Origin    string // the Origin header

	// User and Password are for SASL PLAIN. Without them it is ANONYMOUS.
	User, Password string
}

// wire is a transport that is open. Both methods may be called from any goroutine.
type wire interface {
	// send sends stanzas as soon as the transport may, in order.
	send(stanzas ...[]byte) error
	// restart opens the stream after authentication.
	restart() error
	// listen makes sure that the server can say something, now or at all times. It is
	// apart from send, so that during the login the client is not ahead of itself:
	// ejabberd does not answer a restart while it holds a request.
	listen(always bool) error
	// close ends the session, with a goodbye or without.
	close(goodbye bool)
}

// Session is one session. It ends with close.
type Session struct {
	jid  string
	wire wire
	news chan []byte // to the login, which reads what comes until it is done

	mu       sync.Mutex
	loggedIn bool
	closed   bool
	err      error  // why the session has failed
	ledger   ledger // of its messages
	window   int    // messages that are kept under way
	sentAt   map[int]time.Time
	delays   []time.Duration
	changed  chan struct{} // signalled when a message came, or the session failed
}

// errClosed is why a session has failed that close ended.
var errClosed = errors.New("closed")

// Open opens a session and logs in.
func Open(ctx context.Context, e Endpoint) (_ *Session, err error) {
	s := &Session{news: make(chan []byte, 16), changed: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			s.close(false)
			err = fmt.Errorf("a session over %v at %s: %w", e.Transport, e.Address, err)
		}
	}()
	if s.wire, err = open(ctx, e, s); err != nil {
		return nil, err
	}
	if err := s.login(ctx, e); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.loggedIn = true
	s.mu.Unlock()
	if err := s.wire.listen(true); err != nil {
		return nil, err
	}
	return s, s.Err()
}

// open opens the transport. It returns nil with an error.
func open(ctx context.Context, e Endpoint, s *Session) (wire, error) {
	if e.Transport == BOSH {
		b, err := openBOSH(ctx, e, s)
		if err != nil {
			b.close(false)
			return nil, err
		}
		return b, nil
	}
	w, err := openWebSocket(ctx, e, s)
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s *Session) login(ctx context.Context, e Endpoint) error {
	if _, err := s.await(ctx, "</stream:features>"); err != nil {
		return err
	}
	auth := `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>`
	if e.User != "" {
		auth = `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">` +
			base64.StdEncoding.EncodeToString([]byte("\x00"+e.User+"\x00"+e.Password)) + `</auth>`
	}
	if err := s.wire.send([]byte(auth)); err != nil {
		return err
	}
	if _, err := s.await(ctx, "<success"); err != nil {
		return err
	}
	if err := s.wire.restart(); err != nil {
		return err
	}
	if _, err := s.await(ctx, "</stream:features>"); err != nil {
		return err
	}
	if err := s.wire.send([]byte(`<iq xmlns="jabber:client" type="set" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`)); err != nil {
		return err
	}
	bound, err := s.await(ctx, "</jid>")
	if err != nil {
		return err
	}
	_, jid, _ := bytes.Cut(bound, []byte("<jid>"))
	jid, _, _ = bytes.Cut(jid, []byte("</jid>"))
	s.jid = string(jid)
	return nil
}

// await reads until text comes, and returns what it stands in.
func (s *Session) await(ctx context.Context, text string) ([]byte, error) {
	for {
		if err := s.wire.listen(false); err != nil {
			return nil, err
		}
		select {
		case chunk := <-s.news:
			if bytes.Contains(chunk, []byte(text)) {
				return chunk, nil
			}
			if bytes.Contains(chunk, []byte("<failure")) || bytes.Contains(chunk, []byte("error")) {
				return nil, fmt.Errorf("waiting for %s: %s", text, chunk)
			}
		case <-s.changed:
			if err := s.Err(); err != nil {
				return nil, fmt.Errorf("waiting for %s: %w", text, err)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for %s: %w", text, context.Cause(ctx))
		}
	}
}

// Err is why the session has failed, nil while it is well.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// close ends the session.
func (s *Session) close(goodbye bool) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.fail(errClosed)
	if s.wire != nil {
		s.wire.close(goodbye)
	}
}

// fail notes why the session has failed: the first reason.
func (s *Session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
		s.signal()
	}
}

func (s *Session) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// received takes whole elements from the transport, in order. more says that others
// are there already, so that an answer can wait for them.
func (s *Session) received(elements []byte, more bool) {
	s.mu.Lock()
	if !s.loggedIn {
		s.mu.Unlock()
		select {
		case s.news <- bytes.Clone(elements):
		default: // nobody logs in any more
		}
		return
	}
	now := time.Now()
	for {
		id, rest, ok := nextMessage(elements)
		if !ok {
			break
		}
		elements = rest
		s.ledger.receive(id)
		if at, ok := s.sentAt[id]; ok {
			delete(s.sentAt, id)
			s.delays = append(s.delays, now.Sub(at))
		}
	}
	s.signal()
	s.mu.Unlock()
	if !more {
		s.refill()
	}
}

// nextMessage returns the number of the next message in elements, and what follows its
// start tag. A message that is an error has the number -1.
func nextMessage(elements []byte) (id int, rest []byte, ok bool) {
	i := bytes.Index(elements, []byte("<message"))
	if i < 0 {
		return 0, nil, false
	}
	elements = elements[i:]
	end := bytes.IndexByte(elements, '>')
	if end < 0 {
		return 0, nil, false
	}
	tag, rest := elements[:end], elements[end:]
	if attribute(tag, "type") == "error" {
		return -1, rest, true
	}
	id, err := strconv.Atoi(attribute(tag, "id"))
	if err != nil {
		id = -1
	}
	return id, rest, true
}

// attribute returns the value of an attribute in a tag, "" if it is not there.
func attribute(tag []byte, name string) string {
	i := bytes.Index(tag, []byte(" "+name+"="))
	if i < 0 || i+len(name)+3 > len(tag) {
		return ""
	}
	value := tag[i+len(name)+2:]
	end := bytes.IndexByte(value[1:], value[0])
	if end < 0 {
		return ""
	}
	return string(value[1 : end+1])
}

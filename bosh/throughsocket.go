package bosh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"chatproxy/xmpp"

	"github.com/coder/websocket"
)

// webSocketThrough connects to a server's own WebSocket endpoint (RFC 7395).
//
// A session through it is a session like any other: the client's socket is
// accepted here, held to the same limits, and says <open/> before the server
// is asked at all. So no byte of the client's, not even of its handshake, can
// be on the server's connection before the server has accepted the upgrade
// (CVE-2024-23326 and its kind, CWE-444).
type webSocketThrough struct {
	o      *Options
	url    string
	host   string
	client *http.Client
}

func newWebSocketThrough(o *Options) *webSocketThrough {
	u := o.Through.WebSocket
	return &webSocketThrough{o, u.String(), endpointHost(u, o.Domain),
		&http.Client{Transport: o.Through.transport(u, o.Limits), CheckRedirect: noRedirect}}
}

func (t *webSocketThrough) dial(ctx context.Context) (serverStream, error) {
	a, _ := ctx.Value(askerKey{}).(asker)
	ctx, cancel := context.WithTimeout(ctx, t.o.Limits.Handshake)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, t.url, &websocket.DialOptions{
		HTTPClient:      t.client,
		HTTPHeader:      a.forwarded(),
		Host:            t.host,
		Subprotocols:    []string{subprotocol},
		CompressionMode: websocket.CompressionDisabled,
	})
	if err == nil && conn.Subprotocol() != subprotocol {
		_ = conn.CloseNow()
		err = errors.New("the endpoint does not speak XMPP (RFC 7395 §3.1)")
	}
	if err != nil {
		return nil, fmt.Errorf("connecting to the XMPP server's WebSocket: %w", err)
	}
	conn.SetReadLimit(maxServerMessage)
	return &framedStream{conn: conn, domain: t.o.Domain}, nil
}

// maxServerMessage caps one message of the server, as xmpp.Limits does a
// stanza of its stream.
const maxServerMessage = 1 << 20

// framedStream is a stream over a server's WebSocket. Like an [xmpp.Stream]
// it is read by one goroutine, and a context that ends while a method waits
// aborts it.
type framedStream struct {
	conn    *websocket.Conn
	domain  string
	reading sync.Mutex
	header  atomic.Pointer[xmpp.Header]
}

func (s *framedStream) Header() *xmpp.Header { return s.header.Load() }

func (s *framedStream) Open(ctx context.Context, lang string) error {
	open := `<open xmlns="` + xmpp.NSFraming + `" to="` + xmpp.Escape(s.domain) + `" version="1.0"`
	if lang != "" {
		open += ` xml:lang="` + xmpp.Escape(lang) + `"`
	}
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(open+"/>")); err != nil {
		return fmt.Errorf("opening the stream: %w", err)
	}
	return nil
}

func (s *framedStream) Send(ctx context.Context, stanzas ...xmpp.Stanza) error {
	for _, st := range stanzas { // one a message (RFC 7395 §3.3.3)
		if err := s.conn.Write(ctx, websocket.MessageText, st.XML); err != nil {
			return fmt.Errorf("sending to the XMPP server: %w", err)
		}
	}
	return nil
}

// WhenReadable is false: a WebSocket of the library's wants a goroutine that reads it.
func (s *framedStream) WhenReadable(func()) bool { return false }

// NextOrIdle waits for as long as it takes.
func (s *framedStream) NextOrIdle(ctx context.Context) (xmpp.Stanza, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	for {
		kind, message, err := s.conn.Read(ctx)
		switch {
		case ctx.Err() != nil:
			return xmpp.Stanza{}, context.Cause(ctx)
		case err != nil: // also after a proper closing handshake: <close/> was missing
			return xmpp.Stanza{}, fmt.Errorf("reading from the XMPP server: %w (%v)", io.ErrUnexpectedEOF, err)
		case kind != websocket.MessageText:
			return xmpp.Stanza{}, &xmpp.SyntaxError{Condition: "bad-format", Reason: "a binary message"}
		}
		st, header, err := xmpp.SplitServerMessage(message, xmpp.Limits{StanzaBytes: maxServerMessage})
		switch {
		case errors.Is(err, io.EOF):
			return xmpp.Stanza{}, io.EOF
		case err != nil:
			return xmpp.Stanza{}, fmt.Errorf("from the XMPP server: %w", err)
		case header != nil:
			s.header.Store(header)
		case st.XML == nil:
			continue // white space
		}
		return st, nil
	}
}

// framedClose bounds how long Close waits for the server's <close/>.
const framedClose = 2 * time.Second

func (s *framedStream) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), framedClose)
	defer cancel()
	defer s.Abort()
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(closeFrame)); err != nil {
		return fmt.Errorf("closing the stream: %w", err)
	}
	// Whoever is in Next reads on; when the time is over, that ends too.
	stop := context.AfterFunc(ctx, s.Abort)
	defer stop()
	for {
		if _, err := s.NextOrIdle(ctx); err != nil {
			break
		}
	}
	_ = s.conn.Close(websocket.StatusNormalClosure, "") // what can be done was done
	return nil
}

// Abort drops the connection without <close/>, so that the server keeps an
// XEP-0198 session for resumption (RFC 7395 §3.6).
func (s *framedStream) Abort() { _ = s.conn.CloseNow() }

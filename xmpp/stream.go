package xmpp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"chatproxy/xmpp/arrival"
)

// Stream is a connection to an XMPP server and the XML stream on it.
//
// One goroutine calls [Stream.Next]; the other methods may be called from
// any. A context that ends while a method waits on the network aborts the
// stream, because half a stanza may have been read or written.
type Stream struct {
	conn     net.Conn
	domain   string
	secure   bool
	splitter *splitter

	reading sync.Mutex // held by whoever reads from conn
	source  source
	rest    []byte // of source, not fed to the splitter yet

	// Of NextOrIdle, see rest.go.
	resting bool        // it has returned ErrIdle and holds reading
	hurried bool        // the connection has its deadline
	closing atomic.Bool // Close is waiting for the end

	watching sync.Mutex
	watch    *arrival.Watch // nil while a goroutine reads
	resume   func()         // is called when watch is disturbed

	keepFeatures bool // before TLS: the dialer has to see <starttls/>

	writing sync.Mutex
	header  atomic.Pointer[Header]
	aborted atomic.Bool
}

// Header is what the server's stream header says.
type Header struct {
	ID   string // identifies the stream; not a secret, and not guessable
	From string // the server's domain
	Lang string // xml:lang, may be empty
}

func newStream(conn net.Conn, domain string, secure bool, lim Limits) *Stream {
	s := &Stream{
		conn:     conn,
		domain:   domain,
		secure:   secure,
		splitter: newSplitter(lim.ofServer(), 1, ""),
	}
	s.source.init(conn)
	return s
}

// Secure reports whether TLS protects the stream.
func (s *Stream) Secure() bool { return s.secure }

// Header is the newest stream header that Next has read, or nil.
func (s *Stream) Header() *Header { return s.header.Load() }

// Open sends a stream header: the first one, or the next one of a restart
// (RFC 6120 §4.3.3), which goes over the same connection. lang is the
// xml:lang of the client, or empty. The server's header comes from Next.
func (s *Stream) Open(ctx context.Context, lang string) error {
	head := "<?xml version='1.0'?><stream:stream to=\"" + Escape(s.domain) + "\" version=\"1.0\""
	if lang != "" {
		head += " xml:lang=\"" + Escape(lang) + "\""
	}
	head += " xmlns=\"" + NSClient + "\" xmlns:stream=\"" + NSStream + "\">"
	s.splitter.headers.Add(1) // before the server can answer
	if err := s.write(ctx, []byte(head)); err != nil {
		return fmt.Errorf("opening the stream: %w", err)
	}
	return nil
}

// Send writes one stanza or more. They must come from [SplitBody] or
// [SplitMessage], or be the caller's own well-formed XML.
func (s *Stream) Send(ctx context.Context, stanzas ...Stanza) error {
	if len(stanzas) == 0 {
		return nil
	}
	out := stanzas[0].XML
	if len(stanzas) > 1 {
		out = nil
		for _, st := range stanzas {
			out = append(out, st.XML...)
		}
	}
	if err := s.write(ctx, out); err != nil {
		return fmt.Errorf("sending to the XMPP server: %w", err)
	}
	return nil
}

func (s *Stream) write(ctx context.Context, b []byte) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	stop := context.AfterFunc(ctx, func() { s.Abort() })
	_, err := s.conn.Write(b)
	if !stop() && err != nil {
		return context.Cause(ctx)
	}
	return err
}

// Next returns the next stanza. A stream header counts as one, with the name
// {NSStream}stream and no XML; it comes after each Open, and [Stream.Header]
// is set by then. The feature <starttls/> is never seen.
//
// The error is [io.EOF] when the server ended the stream properly, a
// [*StreamError] when it said why, [io.ErrUnexpectedEOF] when the connection
// was cut, a [*SyntaxError] when what it sent is not XMPP.
func (s *Stream) Next(ctx context.Context) (Stanza, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	return s.nextWithin(ctx, 0)
}

func (s *Stream) nextWithin(ctx context.Context, patience time.Duration) (Stanza, error) {
	if ctx.Err() != nil {
		return Stanza{}, context.Cause(ctx)
	}
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { s.Abort() })
		defer stop()
	}
	st, err := s.next(patience)
	if err != nil && ctx.Err() != nil {
		return Stanza{}, context.Cause(ctx)
	}
	return st, err
}

// NextNow is Next without waiting: it returns a stanza that has come with the one
// before it, and is false if no other is whole yet.
func (s *Stream) NextNow() (Stanza, bool, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	return s.nextNow()
}

func (s *Stream) nextNow() (_ Stanza, ok bool, err error) {
	for len(s.rest) > 0 {
		n, ev, err := s.splitter.feed(s.rest)
		s.rest = s.rest[n:]
		if err != nil {
			return Stanza{}, false, fmt.Errorf("from the XMPP server: %w", err)
		}
		if ev.none() {
			continue
		}
		st, err := s.take(ev)
		return st, err == nil, err
	}
	return Stanza{}, false, nil
}

// take makes of what the splitter found what Next returns.
func (s *Stream) take(ev event) (Stanza, error) {
	switch {
	case ev.header != nil:
		return s.takeHeader(ev.header)
	case ev.end:
		return Stanza{}, io.EOF
	case ev.stanza.Is(NSStream, "error"):
		return Stanza{}, parseStreamError(*ev.stanza)
	case ev.stanza.Is(NSStream, "features") && !s.keepFeatures:
		return hideFeatures(*ev.stanza, s.splitter.lim)
	}
	return *ev.stanza, nil
}

func (s *Stream) next(patience time.Duration) (Stanza, error) {
	for {
		if st, ok, err := s.nextNow(); ok || err != nil {
			return st, err
		}
		s.waitAtMost(patience)
		if s.aborted.Load() { // it may be that its deadline has been overwritten just now
			return Stanza{}, fmt.Errorf("reading from the XMPP server: %w", io.ErrUnexpectedEOF)
		}
		if s.splitter.idle() {
			s.splitter.release()
		}
		var err error
		if s.rest, err = s.source.read(); len(s.rest) == 0 && err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || s.aborted.Load() {
				err = io.ErrUnexpectedEOF
			}
			return Stanza{}, fmt.Errorf("reading from the XMPP server: %w", err)
		}
	}
}

func (s *Stream) takeHeader(t *tag) (Stanza, error) {
	if !isStreamHeader(t) {
		return Stanza{}, &SyntaxError{"invalid-namespace", "the server does not speak XMPP"}
	}
	h := &Header{}
	h.ID, _ = t.get("id")
	h.From, _ = t.get("from")
	h.Lang, _ = t.get("xml:lang")
	s.header.Store(h)
	st := Stanza{}
	st.Name.Space, st.Name.Local = NSStream, "stream"
	return st, nil
}

// closeTimeout bounds how long Close waits for the server's side.
const closeTimeout = 2 * time.Second

// Close ends the stream as RFC 6120 §4.4 wants: it sends </stream:stream>,
// waits at most 2 s for the server's, and closes the connection. After it an
// XEP-0198 session cannot be resumed; when a client was lost rather than
// gone, call [Stream.Abort].
func (s *Stream) Close() error {
	defer s.Abort()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := s.write(ctx, []byte("</stream:stream>")); err != nil {
		return fmt.Errorf("closing the stream: %w", err)
	}
	// Closing with unread bytes resets a TCP connection, and the server may
	// then lose the end of what was sent. So read to the end first; if
	// another goroutine is in Next, it does, and this waits for its turn.
	late := time.AfterFunc(closeTimeout, s.Abort)
	defer late.Stop()
	s.closing.Store(true)
	s.disturb()
	s.reading.Lock()
	defer s.reading.Unlock()
	for {
		if _, err := s.next(0); err != nil {
			return nil
		}
	}
}

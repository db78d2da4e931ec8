package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"
)

// bosh is a BOSH session as browsers have it: two connections, of which one is held by
// the server while there is nothing to say.
type bosh struct {
	e       Endpoint
	session *Session
	head    []byte // of each request, up to the length

	mu      sync.Mutex
	sid     string
	rid     int64 // the next one
	conns   [2]*httpConn
	pending [][]byte // stanzas for the next request
	again   bool     // the next request restarts the stream
	polling bool     // the server is to have a request to answer at all times
	closed  bool

	expect int64            // the next answer's RID
	early  map[int64][]byte // answers before their turn
}

// httpConn is a connection for requests, one after the other.
type httpConn struct {
	net.Conn
	rid int64 // of the request that is open, 0 if none is
}

const httpBind = "http://jabber.org/protocol/httpbind"

func openBOSH(ctx context.Context, e Endpoint, s *Session) (*bosh, error) {
	b := &bosh{e: e, session: s, rid: 1 + rand.Int64N(1<<40), early: map[int64][]byte{}}
	b.head = []byte("POST " + e.Path + " HTTP/1.1\r\nHost: " + e.Address + "\r\nOrigin: " + e.Origin +
		"\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: ")
	b.expect = b.rid
	b.mu.Lock()
	defer b.mu.Unlock()
	return b, b.request(0, `to="`+e.Domain+`" ver="1.6" wait="60" hold="1" content="text/xml; charset=utf-8" xml:lang="en" xmpp:version="1.0" xmlns:xmpp="urn:xmpp:xbosh"`, nil)
}

func (b *bosh) send(stanzas ...[]byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = append(b.pending, stanzas...)
	return b.ask()
}

func (b *bosh) restart() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.again = true
	return b.ask()
}

// listen lets the server have a request to answer.
func (b *bosh) listen(always bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.polling = true
	defer func() { b.polling = always }()
	return b.ask()
}

// ask sends a request if there is something to send and a connection to do it, or if
// the server has no request to answer and is to have one.
func (b *bosh) ask() error {
	free, open := -1, 0
	for i := len(b.conns) - 1; i >= 0; i-- {
		if c := b.conns[i]; c != nil && c.rid != 0 {
			open++
		} else if free < 0 || c != nil { // rather one that is there
			free = i
		}
	}
	if idle := len(b.pending) == 0 && !b.again; b.closed || b.sid == "" || free < 0 || idle && (open > 0 || !b.polling) {
		return nil
	}
	attributes := `sid="` + b.sid + `"`
	stanzas := b.pending
	if b.again {
		b.again = false
		attributes += ` xmpp:restart="true" to="` + b.e.Domain + `" xmlns:xmpp="urn:xmpp:xbosh"`
		stanzas = nil
	} else {
		b.pending = nil
	}
	return b.request(free, attributes, stanzas)
}

// request sends one on connection i, which it opens if need be.
func (b *bosh) request(i int, attributes string, stanzas [][]byte) error {
	body := make([]byte, 0, 256+len(stanzas)*256)
	body = append(body, `<body xmlns="`+httpBind+`" rid="`...)
	body = append(strconv.AppendInt(body, b.rid, 10), `" `...)
	body = append(append(body, attributes...), '>')
	for _, st := range stanzas {
		body = append(body, st...)
	}
	body = append(body, "</body>"...)
	out := append(make([]byte, 0, len(b.head)+16+len(body)), b.head...)
	out = append(strconv.AppendInt(out, int64(len(body)), 10), "\r\n\r\n"...)
	out = append(out, body...)

	if b.conns[i] == nil {
		conn, err := net.DialTimeout("tcp", b.e.Address, 10*time.Second)
		if err != nil {
			return err
		}
		b.conns[i] = &httpConn{Conn: conn}
		go b.read(i, b.conns[i])
	}
	b.conns[i].rid = b.rid
	b.rid++
	_, err := b.conns[i].Write(out)
	return err
}

// read takes the answers of one connection.
func (b *bosh) read(i int, c *httpConn) {
	in := bufio.NewReader(c)
	var body []byte
	for {
		keep := false
		var err error
		if body, keep, err = readAnswer(in, body[:0]); err == nil {
			err = b.answered(i, body, keep)
		}
		if err != nil {
			b.mu.Lock()
			if c.rid == 0 {
				err = nil // closed while no request was open
			}
			if b.conns[i] == c {
				b.conns[i] = nil
			}
			b.mu.Unlock()
			_ = c.Close() // it failed or is of no use
			if err != nil {
				b.session.fail(err)
			}
			return
		}
		if !keep {
			_ = c.Close() // the server does
			return
		}
	}
}

// answered takes the answer that connection i got, and those that waited for it.
func (b *bosh) answered(i int, body []byte, keep bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.conns[i]
	rid := c.rid
	c.rid = 0
	if !keep {
		b.conns[i] = nil
	}
	if rid != b.expect {
		b.early[rid] = bytes.Clone(body)
		return b.ask()
	}
	for body != nil {
		if err := b.take(body); err != nil {
			return err
		}
		b.expect++
		body = b.early[b.expect]
		delete(b.early, b.expect)
	}
	return b.ask()
}

// take reads one answer. It is called with mu, which the session needs not.
func (b *bosh) take(body []byte) error {
	tag, content, _ := bytes.Cut(body, []byte(">"))
	if !bytes.HasPrefix(tag, []byte("<body")) {
		return errors.New("an answer that is no BOSH body")
	}
	if attribute(tag, "type") == "terminate" {
		if b.closed {
			return io.EOF
		}
		return fmt.Errorf("the session was ended: %s", body)
	}
	if b.sid == "" {
		if b.sid = attribute(tag, "sid"); b.sid == "" {
			return errors.New("a first answer without sid")
		}
	}
	if len(content) == 0 {
		return nil
	}
	b.mu.Unlock()
	b.session.received(content, false)
	b.mu.Lock()
	return nil
}

func (b *bosh) close(goodbye bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.closed = true
	for i, c := range b.conns {
		if goodbye && b.sid != "" && (c == nil || c.rid == 0) {
			_ = b.request(i, `type="terminate" sid="`+b.sid+`"`, nil) // the server notices in any case
			break
		}
	}
	for _, c := range b.conns {
		if c != nil {
			_ = c.Close() // what comes is of no interest
		}
	}
}

// readAnswer appends the body of an HTTP answer to body. keep says that another request
// may follow.
func readAnswer(in *bufio.Reader, body []byte) (_ []byte, keep bool, err error) {
	status, err := in.ReadSlice('\n')
	if err != nil {
		return body, false, err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200")) {
		return body, false, fmt.Errorf("the server answered %q", bytes.TrimSpace(status))
	}
	length := -1
	keep = true
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return body, false, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return body, false, err
			}
		case bytes.EqualFold(name, []byte("Connection")):
			keep = !bytes.EqualFold(value, []byte("close"))
		}
	}
	if length < 0 {
		return body, false, errors.New("an answer without Content-Length")
	}
	if cap(body) < length {
		body = make([]byte, length)
	}
	body = body[:length]
	_, err = io.ReadFull(in, body)
	return body, keep, err
}

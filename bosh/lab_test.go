package bosh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chatproxy/xmpp"
)

// lab is a bridge without a network: requests are calls, the server is at the other
// end of a pipe, and the clock is false. After synctest.Wait everything that can
// happen has happened, so a test can say that something did not.
type lab struct {
	t     *testing.T
	b     *Bridge
	peers []*labPeer // the server's side, in order of connecting

	sid string
	rid int
}

// labPeer is the server's side of one connection.
type labPeer struct {
	conn net.Conn

	mu     sync.Mutex
	read   bytes.Buffer
	closed bool
	silent bool          // send no header and features
	resume chan struct{} // not nil while the server does not read
}

// stall lets the server read nothing until the function that it returns is called.
func (p *labPeer) stall() (resume func()) {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	stalled := make(chan struct{})
	p.resume = stalled
	p.conn.SetReadDeadline(time.Unix(1, 0))
	return func() { close(stalled) }
}

// inLab runs a test with a lab.
func inLab(t *testing.T, o Options, test func(*lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, o)
		defer l.close()
		test(l)
	})
}

func newLab(t *testing.T, o Options) *lab {
	l := &lab{t: t}
	o.Domain = domain
	if o.AllowOrigin == nil {
		o.AllowOrigin = func(r *http.Request) bool { return r.Header.Get("Origin") == site }
	}
	if o.Secure == nil {
		o.Secure = func(r *http.Request) bool { return r.Header.Get("X-Secure") != "" }
	}
	if o.Dial == nil {
		o.Dial = func(context.Context) (*xmpp.Stream, error) { return l.dial(false), nil }
	}
	var err error
	if l.b, err = New(o); err != nil {
		t.Fatal(err)
	}
	return l
}

// dial connects to a new peer.
func (l *lab) dial(silent bool) *xmpp.Stream {
	ours, theirs := net.Pipe()
	p := &labPeer{conn: theirs, silent: silent}
	l.peers = append(l.peers, p)
	go p.serve()
	return xmpp.NewStream(ours, domain, true, xmpp.Limits{})
}

func (p *labPeer) serve() {
	chunk := make([]byte, 4096)
	for {
		n, err := p.conn.Read(chunk)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			<-p.resume
			p.conn.SetReadDeadline(time.Time{})
			continue
		}
		p.mu.Lock()
		p.read.Write(chunk[:n])
		p.closed = err != nil
		silent := p.silent
		p.mu.Unlock()
		if err != nil {
			return
		}
		if !silent && bytes.Contains(chunk[:n], []byte("<stream:stream")) {
			io.WriteString(p.conn, stubHead+features)
		}
		if bytes.Contains(chunk[:n], []byte("</stream:stream>")) {
			io.WriteString(p.conn, "</stream:stream>")
			p.conn.Close()
		}
	}
}

// got is what the server has received so far; "EOF" at its end if the connection is
// over.
func (p *labPeer) got() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return p.read.String() + "EOF"
	}
	return p.read.String()
}

// say sends something to the client.
func (p *labPeer) say(xml string) {
	go io.WriteString(p.conn, xml) // a pipe has no room: it waits for the reader
	synctest.Wait()
}

func (l *lab) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := l.b.Close(ctx); err != nil {
		l.t.Error(err)
	}
	for _, p := range l.peers {
		p.conn.Close()
	}
	synctest.Wait()
}

// call is one request.
type call struct {
	l      *lab
	hangUp context.CancelFunc
	w      *httptest.ResponseRecorder
	done   chan struct{}
	begun  time.Time
	took   time.Duration // set when it is done
}

// raw sends a request as it is.
func (l *lab) raw(r *http.Request) *call {
	ctx, cancel := context.WithCancel(context.Background())
	c := &call{l: l, hangUp: cancel, w: httptest.NewRecorder(), done: make(chan struct{}), begun: time.Now()}
	go func() {
		defer close(c.done)
		defer cancel()
		l.b.BOSH.ServeHTTP(c.w, r.WithContext(ctx))
		c.took = time.Since(c.begun)
	}()
	synctest.Wait()
	return c
}

func post(body string, headers ...string) *http.Request {
	r := httptest.NewRequest("POST", "/http-bind", strings.NewReader(body))
	r.Header.Set("Origin", site)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (l *lab) send(body string, headers ...string) *call { return l.raw(post(body, headers...)) }

// answered reports whether the answer is there.
func (c *call) answered() bool {
	synctest.Wait()
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// body is the answer, which must be there.
func (c *call) body() string {
	c.l.t.Helper()
	if !c.answered() {
		c.l.t.Fatal("the request has no answer")
	}
	return c.w.Body.String()
}

// wait waits for the answer as long as it takes.
func (c *call) wait() string { <-c.done; return c.w.Body.String() }

// create begins the lab's session.
func (l *lab) create(attributes string) string {
	l.t.Helper()
	created := l.send(`<body xmlns="` + binding + `" rid="1000" to="a.example" ` + attributes + `/>`).wait()
	l.sid, l.rid = value(created, "sid"), 1000
	if l.sid == "" {
		l.t.Fatalf("no session: %s", created)
	}
	return created
}

const usual = `ver="1.11" wait="59" hold="1"`

// next sends the next request of the session.
func (l *lab) next(attributes, payload string) *call {
	l.rid++
	return l.at(l.rid, attributes, payload)
}

// at sends a request with this RID.
func (l *lab) at(rid int, attributes, payload string) *call {
	return l.send(requestBody(l.sid, itoa(rid), attributes, payload))
}

func (l *lab) session() *session { return l.b.BOSH.find(l.sid) }

// want checks that an answer has all of these in it.
func (l *lab) want(got string, all ...string) {
	l.t.Helper()
	for _, want := range all {
		if !strings.Contains(got, want) {
			l.t.Errorf("got %s\nwant %s in it", got, want)
		}
	}
}

// is checks an answer letter by letter; attributes and content of its body are given.
func (l *lab) is(got, attributes string, content ...string) {
	l.t.Helper()
	want := `<body xmlns="` + binding + `"`
	if attributes != "" {
		want += " " + attributes
	}
	if payload := strings.Join(content, ""); payload == "" {
		want += "/>"
	} else {
		want += ">" + payload + "</body>"
	}
	if got != want {
		l.t.Errorf("got  %s\nwant %s", got, want)
	}
}

// once checks that a text came to the server exactly once.
func (l *lab) once(text string) {
	l.t.Helper()
	n := 0
	for _, p := range l.peers {
		n += strings.Count(p.got(), text)
	}
	if n != 1 {
		l.t.Errorf("the server got %s %d times", text, n)
	}
}

const over = `type="terminate"`

func ended(c Condition) string { return fmt.Sprintf(`type="terminate" condition="%s"`, c) }

func copyAll(to io.Writer, rsp *http.Response) (int64, error) {
	defer rsp.Body.Close()
	return io.Copy(to, rsp.Body)
}

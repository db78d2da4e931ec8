package bosh

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// returning is a listener that accepts the connections that are given back, as
// proxy/downstream has it.
type returning struct {
	net.Listener
	conns chan net.Conn
	back  atomic.Int32 // how many came back
}

func newReturning(l net.Listener) *returning {
	r := &returning{Listener: l, conns: make(chan net.Conn)}
	go func() {
		defer close(r.conns)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.conns <- c
		}
	}()
	return r
}

func (r *returning) Accept() (net.Conn, error) {
	if c, ok := <-r.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (r *returning) giveBack(*http.Request) func(net.Conn, []byte) {
	return func(c net.Conn, unread []byte) {
		r.back.Add(1)
		if len(unread) > 0 {
			c = &prefixed{c.(*net.TCPConn), unread}
		}
		_ = c.SetDeadline(time.Time{})
		r.conns <- c
	}
}

type prefixed struct {
	*net.TCPConn
	unread []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.unread) > 0 {
		n := copy(b, p.unread)
		p.unread = p.unread[n:]
		return n, nil
	}
	return p.TCPConn.Read(b)
}

// lot is a bridge whose BOSH requests are parked at once, and one client's connection.
type lot struct {
	*fixture
	stub     *stub
	returned *returning
	conn     net.Conn
	in       *bufio.Reader
}

func newLot(t *testing.T, secured bool) *lot {
	t.Helper()
	l := &lot{stub: newStub(t, true)}
	b, err := New(Options{
		Domain: domain, Dial: l.stub.dialer(), Compress: true,
		AllowOrigin: func(*http.Request) bool { return true },
		Resume:      func(r *http.Request) func(net.Conn, []byte) { return l.returned.giveBack(r) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.BOSH.parkAfter = 0
	srv := httptest.NewUnstartedServer(b.BOSH)
	if secured {
		certificate := httptest.NewTLSServer(nil)
		defer certificate.Close()
		srv.Listener = tls.NewListener(srv.Listener, &tls.Config{Certificates: certificate.TLS.Certificates})
	}
	l.returned = newReturning(srv.Listener)
	srv.Listener = l.returned
	srv.Start()
	l.fixture = &fixture{t: t, bridge: b, url: srv.URL}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	l.connect(srv.Listener.Addr().String(), secured)
	return l
}

func (l *lot) connect(address string, secured bool) {
	l.t.Helper()
	var err error
	if secured {
		l.conn, err = tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // of this test
	} else {
		l.conn, err = net.Dial("tcp", address)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { l.conn.Close() })
	_ = l.conn.SetDeadline(time.Now().Add(20 * time.Second))
	l.in = bufio.NewReader(l.conn)
}

func (l *lot) write(bodies ...string) {
	l.t.Helper()
	var all strings.Builder
	for _, body := range bodies {
		fmt.Fprintf(&all, "POST /http-bind HTTP/1.1\r\nHost: a\r\nOrigin: %s\r\nContent-Length: %d\r\n\r\n%s", site, len(body), body)
	}
	if _, err := io.WriteString(l.conn, all.String()); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lot) read() string {
	l.t.Helper()
	rsp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	defer rsp.Body.Close()
	body, err := io.ReadAll(rsp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	if got := rsp.Header.Get("Access-Control-Allow-Origin"); got != site {
		l.t.Fatalf("allowed is the origin %q", got)
	}
	if got := rsp.Header.Get("Content-Type"); rsp.StatusCode != 200 || got != "text/xml; charset=utf-8" || rsp.ContentLength != int64(len(body)) {
		l.t.Fatalf("%d %q of %d bytes", rsp.StatusCode, got, rsp.ContentLength)
	}
	return string(body)
}

// begin opens a session.
func (l *lot) begin() (sid string, server *peer) {
	l.t.Helper()
	l.write(createBody(`wait="60" hold="1"`))
	created := l.read()
	l.expect(created, "<stream:features")
	return value(created, "sid"), l.stub.peer()
}

// waits returns when a request of the session is parked.
func (l *lot) waits(sid string) {
	l.t.Helper()
	s := l.bridge.BOSH.find(sid)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) { // there is no hook to wait for
		s.mu.Lock()
		parked := len(s.held) == 1 && s.held[0].wake != nil
		s.mu.Unlock()
		if parked {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatal("no request was parked")
		}
	}
}

func TestAParkedRequestIsAnsweredAndItsConnectionGoesOn(t *testing.T) {
	for _, secured := range []bool{false, true} {
		t.Run(fmt.Sprintf("TLS %v", secured), func(t *testing.T) {
			l := newLot(t, secured)
			sid, server := l.begin()
			for i := range 3 {
				l.write(requestBody(sid, fmt.Sprint(1001+i), "", ""))
				l.waits(sid)
				text := fmt.Sprintf("<message><body>%d</body></message>", i)
				if _, err := io.WriteString(server, text); err != nil {
					t.Fatal(err)
				}
				l.expect(l.read(), fmt.Sprintf("<body>%d</body>", i))
			}
			if back := l.returned.back.Load(); back < 2 { // before the second and the third request
				t.Errorf("the HTTP server got %d connections back", back)
			}
		})
	}
}

// A client that goes away is noticed: its request is not held any more, and the next
// one is.
func TestAParkedClientThatHangsUpIsNoticed(t *testing.T) {
	for _, secured := range []bool{false, true} {
		t.Run(fmt.Sprintf("TLS %v", secured), func(t *testing.T) {
			l := newLot(t, secured)
			sid, _ := l.begin()
			l.write(requestBody(sid, "1001", "", ""))
			l.waits(sid)
			l.conn.Close()
			s := l.bridge.BOSH.find(sid)
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
				s.mu.Lock()
				noticed := len(s.held) == 0 && s.orphans[1001]
				s.mu.Unlock()
				if noticed {
					return
				}
				if time.Now().After(deadline) {
					t.Fatal("nobody noticed")
				}
			}
		})
	}
}

// A client that pipelines gets both answers: the first at once, since nothing else
// would let the second request be read.
func TestAClientThatPipelinesIsAnswered(t *testing.T) {
	l := newLot(t, false)
	sid, server := l.begin()
	l.write(requestBody(sid, "1001", "", ""), requestBody(sid, "1002", "", "<message><body>up</body></message>"))
	l.expect(l.read(), "<body xmlns")
	server.wait(t, "<body>up</body>")
	l.waits(sid)
	l.write(requestBody(sid, "1003", "", "")) // behind one that is parked already
	l.expect(l.read(), "<body xmlns")
	l.waits(sid)
	if _, err := io.WriteString(server, "<message><body>down</body></message>"); err != nil {
		t.Fatal(err)
	}
	l.expect(l.read(), "<body>down</body>")
}

// One that is ahead of its turn does not end the session when another comes behind it:
// what is missing comes on another connection.
func TestAClientThatPipelinesAheadOfItsTurn(t *testing.T) {
	l := newLot(t, false)
	sid, server := l.begin()
	ahead := *l
	l.write(requestBody(sid, "1002", "", numbered("2")))
	waitFor(t, l.fixture, sid, func(s *session) bool { return s.early[1002] != nil && s.early[1002].wake != nil })
	l.write(requestBody(sid, "1003", "", numbered("3"))) // behind it
	l.connect(strings.TrimPrefix(l.url, "http://"), false)
	l.write(requestBody(sid, "1001", "", numbered("1")))
	l.expect(l.read(), "<body xmlns")
	server.wait(t, numbered("1")+numbered("2"))
	l.write(requestBody(sid, "1004", "", "")) // which lets 1002 and 1003 go
	if got := ahead.read() + ahead.read(); strings.Contains(got, "terminate") {
		t.Errorf("the session was ended: %s", got)
	}
	server.wait(t, numbered("3"))
}

// Answers that come while a request is being parked are not lost.
func TestAnAnswerMeetsTheParking(t *testing.T) {
	l := newLot(t, false)
	sid, server := l.begin()
	for i := range 200 {
		l.write(requestBody(sid, fmt.Sprint(1001+i), "", ""))
		if _, err := fmt.Fprintf(server, "<message><body>%d</body></message>", i); err != nil {
			t.Fatal(err)
		}
		l.expect(l.read(), fmt.Sprintf("<body>%d</body>", i))
	}
}

// When the bridge is closed, who waits is told, and a connection that rests is closed.
func TestCloseEndsWhatIsParked(t *testing.T) {
	l := newLot(t, false)
	sid, server := l.begin()
	l.write(requestBody(sid, "1001", "", ""))
	l.waits(sid)
	resting := l.conn
	if _, err := io.WriteString(server, "<message/>"); err != nil {
		t.Fatal(err)
	}
	l.expect(l.read(), "<message")
	l.connect(strings.TrimPrefix(l.url, "http://"), false)
	l.write(requestBody(sid, "1002", "", ""))
	l.waits(sid)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := l.bridge.Close(ctx); err != nil {
		t.Fatal(err)
	}
	l.expect(l.read(), `condition="system-shutdown"`)
	for _, conn := range []net.Conn{resting, l.conn} {
		if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%d bytes and %v on a connection that nobody serves", n, err)
		}
	}
}

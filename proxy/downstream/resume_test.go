package downstream

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// takingOver serves a handler that takes every connection over, answers with the path,
// and gives it back with what came behind the request.
func takingOver(t *testing.T, secured bool) (dial func() net.Conn, s *httptest.Server) {
	t.Helper()
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		giveBack := GiveBack(r)
		conn, buffers, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		unread, _ := buffers.Reader.Peek(buffers.Reader.Buffered())
		_ = conn.SetDeadline(time.Unix(1, 0)) // as one that was woken up
		_ = conn.SetWriteDeadline(time.Time{})
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"+r.URL.Path)
		go giveBack(conn, append([]byte(nil), unread...))
	}))
	s.Listener = Listen(s.Listener)
	if secured {
		certificate := httptest.NewTLSServer(nil)
		defer certificate.Close()
		s.Listener = tls.NewListener(s.Listener, &tls.Config{Certificates: certificate.TLS.Certificates})
	}
	s.Listener = Resume(s.Listener)
	s.Config.BaseContext, s.Config.ConnContext = WithListener, WithConn
	s.Start()
	t.Cleanup(s.Close)
	return func() net.Conn {
		address := s.Listener.Addr().String()
		c, err := net.Dial("tcp", address)
		if secured {
			c, err = tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // of this test
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		return c
	}, s
}

func ask(t *testing.T, c net.Conn, in *bufio.Reader, paths ...string) {
	t.Helper()
	var all strings.Builder
	for _, path := range paths {
		all.WriteString("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
	}
	if _, err := io.WriteString(c, all.String()); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		rsp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(rsp.Body)
		if string(body) != path || err != nil {
			t.Fatalf("%q and %v, want %q", body, err, path)
		}
	}
}

func TestAConnectionThatIsGivenBackIsServedOn(t *testing.T) {
	for _, secured := range []bool{false, true} {
		dial, _ := takingOver(t, secured)
		c := dial()
		in := bufio.NewReader(c)
		for _, path := range []string{"/1", "/2", "/3"} {
			ask(t, c, in, path)
		}
	}
}

func TestWhatCameBehindARequestIsServed(t *testing.T) {
	dial, _ := takingOver(t, false)
	c := dial()
	ask(t, c, bufio.NewReader(c), "/1", "/2", "/3", "/4")
}

func TestAConnectionThatIsGivenBackTooLateIsClosed(t *testing.T) {
	back := make(chan func(net.Conn, []byte), 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { back <- GiveBack(r) }))
	s.Listener = Resume(Listen(s.Listener))
	s.Config.BaseContext = WithListener
	s.Start()
	rsp, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	rsp.Body.Close()
	s.Close()
	client, server := net.Pipe()
	(<-back)(server, nil)
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %v of a connection that nobody serves", err)
	}
}

package downstream

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// serve starts a server whose connections can gather.
func serve(t *testing.T, handler http.HandlerFunc, secured bool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Listener = Listen(s.Listener)
	s.Config.ConnContext = WithConn
	if secured {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// first returns what one read of the connection gives after a request, when the handler
// has told that it is done with writing.
func first(t *testing.T, s *httptest.Server, written <-chan struct{}) string {
	t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-written
	all := make([]byte, 1<<20)
	n, err := c.Read(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(all[:n])
}

// Nothing goes out before the release, and then all of it.
func TestGatherKeepsHeaderAndBodyTogether(t *testing.T) {
	kept := make(chan int, 1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		release := Gather(r)
		c := r.Context().Value(connKey{}).(*conn)
		_, _ = io.WriteString(w, "begin")
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, strings.Repeat("x", 9000))
		_ = http.NewResponseController(w).Flush()
		kept <- c.kept
		if err := release(); err != nil {
			t.Error(err)
		}
		if c.kept != 0 || c.buffer != nil {
			t.Errorf("%d bytes are kept after the release", c.kept)
		}
		_, _ = io.WriteString(w, "end")
	}, false)
	res, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if want := "begin" + strings.Repeat("x", 9000) + "end"; string(body) != want || err != nil {
		t.Errorf("got %d bytes, %v", len(body), err)
	}
	if n := <-kept; n < 9000 {
		t.Errorf("only %d bytes were kept: header and chunks went out by themselves", n)
	}
}

// A piece that is large goes out at once, behind what is kept and in one call with it.
func TestALargePieceIsNotCopied(t *testing.T) {
	written := make(chan struct{})
	page := strings.Repeat("x", 60<<10)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "61440")
		release := Gather(r)
		_, _ = w.Write([]byte(page))
		if c := r.Context().Value(connKey{}).(*conn); c.kept != 0 {
			t.Errorf("%d bytes are kept beside a large piece", c.kept)
		}
		_ = release()
		close(written)
	}, false)
	if got := first(t, s, written); !strings.HasPrefix(got, "HTTP/1.1 200") || len(got) < 60<<10 {
		t.Errorf("the first read gives %d bytes", len(got))
	}
}

// Whatever is written in whatever pieces comes out in order.
func TestWhatIsWrittenComesInOrder(t *testing.T) {
	client, server := pair(t)
	c := &conn{TCPConn: server}
	var want bytes.Buffer
	got := make(chan []byte)
	go func() { all, _ := io.ReadAll(client); got <- all }()
	for i, size := range []int{1, 4096, large, large + 1, maxKept, maxKept + 1, 0, 5, 100, 70 << 10, 3} {
		if i%3 == 0 {
			c.gather()
		}
		piece := bytes.Repeat([]byte{byte('a' + i)}, size)
		if n, err := c.Write(piece); n != size || err != nil {
			t.Fatalf("wrote %d of %d: %v", n, size, err)
		}
		want.Write(piece)
		if i%4 == 3 {
			if err := c.release(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := c.ReadFrom(strings.NewReader("end")); err != nil {
		t.Fatal(err)
	}
	want.WriteString("end")
	if err := c.release(); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if all := <-got; !bytes.Equal(all, want.Bytes()) {
		t.Errorf("%d bytes came, not the %d that were written", len(all), want.Len())
	}
}

// A client that is gone is an error of the release.
func TestReleaseTellsOfAFailure(t *testing.T) {
	_, server := pair(t)
	c := &conn{TCPConn: server}
	c.gather()
	if n, err := c.Write([]byte("kept")); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	_ = server.Close()
	if err := c.release(); err == nil {
		t.Error("no error")
	}
}

// Over TLS the records of a response go out together; HTTP/2 is left alone.
func TestTLS(t *testing.T) {
	page := strings.Repeat("x", 60<<10)
	for protocol, major := range map[string]int{"http/1.1": 1, "h2": 2} {
		kept := make(chan int, 1)
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "61440")
			release := Gather(r)
			_, _ = w.Write([]byte(page))
			c := r.Context().Value(connKey{}).(*conn)
			c.mu.Lock()
			kept <- c.kept
			c.mu.Unlock()
			_ = release()
		}, true)
		transport := s.Client().Transport.(*http.Transport).Clone()
		transport.ForceAttemptHTTP2 = major == 2
		if major == 1 {
			transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
			transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
		}
		res, err := (&http.Client{Transport: transport}).Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		transport.CloseIdleConnections()
		if res.ProtoMajor != major || string(body) != page || err != nil {
			t.Errorf("%s: got %s with %d bytes, %v", protocol, res.Proto, len(body), err)
		}
		if n := <-kept; (n > 50<<10) != (major == 1) {
			t.Errorf("%s: %d bytes were kept", protocol, n)
		}
	}
}

// Where connections cannot gather, nothing is kept.
func TestGatherWithoutAConnection(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	if err := Gather(r)(); err != nil {
		t.Error(err)
	}
	if ctx := WithConn(t.Context(), &net.UnixConn{}); ctx != t.Context() {
		t.Error("another kind of connection was taken for one that gathers")
	}
}

// pair returns the two ends of a TCP connection.
func pair(t *testing.T) (client net.Conn, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); accepted.Close() })
	return client, accepted.(*net.TCPConn)
}

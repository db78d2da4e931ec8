package upstream

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A server answers each request on each of its connections as it is told.
type server struct {
	*Transport
	url   string
	conns atomic.Int32
}

// newServer starts a server that hands each connection to serve.
func newServer(t *testing.T, o Options, serve func(number int, c net.Conn, r *bufio.Reader)) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{url: "http://" + listener.Addr().String() + "/"}
	target, _ := url.Parse(s.url)
	s.Transport = New(target, o)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			n := int(s.conns.Add(1))
			serving.Go(func() {
				serve(n, c, bufio.NewReader(c))
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.Close()
		serving.Wait()
	})
	return s
}

// always answers every request with the same bytes, and closes when they say so.
func always(answer string) func(int, net.Conn, *bufio.Reader) {
	return func(_ int, c net.Conn, r *bufio.Reader) {
		for {
			asked, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			answer := answer
			if head, _, hasBody := strings.Cut(answer, "\r\n\r\n"); hasBody && asked.Method == "HEAD" {
				answer = head + "\r\n\r\n"
			}
			_, _ = io.WriteString(c, answer)
			if strings.Contains(answer, "Connection: close") || strings.HasPrefix(answer, "HTTP/1.0") {
				return
			}
		}
	}
}

func request(t *testing.T, method, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// get returns the body of the answer.
func get(t *testing.T, s *server) string {
	t.Helper()
	res, err := s.RoundTrip(request(t, "GET", s.url))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return string(body)
}

// outcome is all that a caller can see of an answer.
type outcome struct {
	Status   int
	Header   http.Header
	Body     string
	Length   int64
	Trailer  http.Header
	Informed []int
	Failed   bool
	Cut      bool // the body ended in an error
}

func outcomeOf(t *testing.T, transport http.RoundTripper, method, url string) (o outcome) {
	t.Helper()
	r := request(t, method, url)
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
		o.Informed = append(o.Informed, code)
		return nil
	}}))
	res, err := transport.RoundTrip(r)
	if err != nil {
		return outcome{Failed: true, Informed: o.Informed}
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	return outcome{res.StatusCode, res.Header, string(body), res.ContentLength, res.Trailer, o.Informed, false, err != nil}
}

// Whatever the upstream answers, it is read as http.Transport reads it; twice, since a
// connection is used again.
func TestAnswersAreReadAsByHTTPTransport(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nX-A: 2\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nup to the end",
		"HTTP/1.0 200 OK\r\n\r\nup to the end",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
		"HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nEtag: \"1\"\r\nContent-Length: 100\r\n\r\n",
		"HTTP/1.1 404 \r\nContent-Length: 2\r\n\r\nno",
		"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
		// What is cut off or makes no sense fails, or ends in an error.
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nshort",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhel",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\nConnection: close\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\nConnection: close\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nBad Name: 1\r\nConnection: close\r\n\r\nabc",
		"HTTP/1.1 20x OK\r\nConnection: close\r\n\r\n",
		"SSH-2.0-Connection: close\r\n",
		strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20) + "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
	} {
		s := newServer(t, Options{}, always(answer))
		for _, method := range []string{"GET", "HEAD"} {
			if method == "HEAD" && strings.HasPrefix(answer, "HTTP/1.1 1") {
				continue // the first header is not the last
			}
			for range 2 {
				got, want := outcomeOf(t, s, method, s.url), outcomeOf(t, s.wrapped, method, s.url)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s %q:\ngot  %+v\nwant %+v", method, answer, got, want)
				}
			}
		}
	}
}

// What is asked is written as http.Transport writes it.
func TestRequestsAreWrittenAsByHTTPTransport(t *testing.T) {
	seen := make(chan string, 1)
	s := newServer(t, Options{}, func(_ int, c net.Conn, r *bufio.Reader) {
		for {
			var head strings.Builder
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if head.WriteString(line); line == "\r\n" {
					break
				}
			}
			seen <- head.String()
			_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	for _, change := range []func(*http.Request){
		func(*http.Request) {},
		func(r *http.Request) { r.Host = "www.example.com" },
		func(r *http.Request) { r.Host = "www.example.com:8443"; r.Header.Set("User-Agent", "") },
		func(r *http.Request) { r.URL.Path = "/a b/ü"; r.URL.RawQuery = "x=1;y" },
		func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/a/b", "/a%2Fb" },
		func(r *http.Request) {
			r.Header["X-Forwarded-For"] = []string{"192.0.2.1", "192.0.2.2"}
			r.Header.Set("Cookie", "a=1; b=2")
			r.Header.Set("Accept-Encoding", "gzip")
		},
		func(r *http.Request) { r.Method = "HEAD" },
	} {
		var heads [2]string
		for i, transport := range []http.RoundTripper{s, s.wrapped} {
			r := request(t, "GET", s.url)
			change(r)
			res, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			heads[i] = <-seen
		}
		if heads[0] != heads[1] {
			t.Errorf("got\n%s\nwant\n%s", heads[0], heads[1])
		}
	}
}

// One connection carries one request after the other.
func TestAConnectionIsUsedAgain(t *testing.T) {
	s := newServer(t, Options{}, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	for range 10 {
		get(t, s)
	}
	if n := s.conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// A server may close a connection whenever it carries nothing, and does so without
// asking. No request may fail for it.
func TestAConnectionThatTheUpstreamClosed(t *testing.T) {
	closed := make(chan struct{})
	s := newServer(t, Options{}, func(_ int, c net.Conn, r *bufio.Reader) {
		if _, err := http.ReadRequest(r); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
		_ = c.Close()
		closed <- struct{}{}
	})
	for i := range 5 {
		if got := get(t, s); got != "ok" {
			t.Errorf("%d: %q", i, got)
		}
		<-closed
	}
}

// The upstream closes while the next request is under way: it is asked again.
func TestARequestThatCrossesTheClose(t *testing.T) {
	s := newServer(t, Options{}, func(n int, c net.Conn, r *bufio.Reader) {
		for i := 0; ; i++ {
			if _, err := http.ReadRequest(r); err != nil || n == 1 && i == 1 {
				return // without an answer to the second request on the first connection
			}
			_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", n)
		}
	})
	if first, second := get(t, s), get(t, s); first != "1" || second != "2" {
		t.Errorf("from connections %s and %s, want 1 and 2", first, second)
	}
}

// A request on a new connection that is not answered is not asked for ever.
func TestAnUpstreamThatNeverAnswers(t *testing.T) {
	s := newServer(t, Options{}, func(_ int, _ net.Conn, r *bufio.Reader) { _, _ = http.ReadRequest(r) })
	if _, err := s.RoundTrip(request(t, "GET", s.url)); err == nil || !strings.Contains(err.Error(), s.host) {
		t.Errorf("%v", err)
	}
	if n := s.conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// What an upstream says unasked must never be taken for the answer to the next
// request, which is another visitor's (response desynchronisation, CWE-444).
func TestWhatNobodyAskedForIsNoAnswer(t *testing.T) {
	const asked, unasked = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nasked", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked"
	for _, together := range []bool{true, false} {
		read, said := make(chan struct{}), make(chan struct{})
		serve := func(_ int, c net.Conn, r *bufio.Reader) {
			for {
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				if together {
					_, _ = io.WriteString(c, asked+unasked)
					continue
				}
				_, _ = io.WriteString(c, asked)
				<-read
				_, _ = io.WriteString(c, unasked)
				said <- struct{}{}
			}
		}
		after := func() {
			if !together {
				read <- struct{}{}
				<-said
			}
		}

		// Control: who reads one answer after the other gets what was not asked for.
		s := newServer(t, Options{}, serve)
		c, err := net.Dial("tcp", s.host)
		if err != nil {
			t.Fatal(err)
		}
		r, naive := bufio.NewReader(c), ""
		for range 2 {
			_ = request(t, "GET", s.url).Write(c)
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			if naive = string(body); naive == "asked" {
				after()
			}
		}
		if naive != "unasked" {
			t.Errorf("together %t: the attack fails without the defence: %q", together, naive)
		}
		if !together { // the server is at its second request's answer
			after()
		}
		_ = c.Close()

		for range 5 {
			if got := get(t, s); got != "asked" {
				t.Errorf("together %t: got %q", together, got)
			}
			after()
		}
	}
}

func TestALongHeaderIsRefused(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 10<<10) + "\r\nConnection: close\r\n\r\n",
		strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("x", 3<<10)+"\r\n\r\n", 4) + "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
	} {
		s := newServer(t, Options{MaxHeader: 8 << 10, ReadBuffer: 1 << 10}, always(answer))
		if _, err := s.RoundTrip(request(t, "GET", s.url)); !errors.Is(err, ErrHeaderTooLong) {
			t.Errorf("%v", err)
		}
	}
	// The body may be longer.
	s := newServer(t, Options{MaxHeader: 1 << 10}, always("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n"+strings.Repeat("x", 20000)))
	if got := get(t, s); len(got) != 20000 {
		t.Errorf("%d bytes", len(got))
	}
}

func TestAnUpstreamThatTakesTooLong(t *testing.T) {
	for _, begins := range []string{"", "HTTP/1.1 200 OK\r\nX: "} {
		s := newServer(t, Options{HeaderTimeout: 20 * time.Millisecond}, func(_ int, c net.Conn, r *bufio.Reader) {
			_, _ = http.ReadRequest(r)
			_, _ = io.WriteString(c, begins)
			_, _ = r.ReadByte() // until the other side gives up
		})
		for _, transport := range []http.RoundTripper{s, through{s}} {
			if _, err := transport.RoundTrip(request(t, "GET", s.url)); !errors.Is(err, ErrHeaderTimeout) {
				t.Errorf("%T after %q: %v", transport, begins, err)
			}
		}
	}
}

// through sends a request by way of http.Transport.
type through struct{ *server }

func (t through) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Close = true
	return t.server.RoundTrip(r)
}

// A client that goes away takes its request with it, before the header and in the
// middle of the body, and the connection is not used again.
func TestARequestThatIsGivenUp(t *testing.T) {
	for _, begins := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf "} {
		arrived, gone := make(chan struct{}), make(chan struct{})
		s := newServer(t, Options{}, func(n int, c net.Conn, r *bufio.Reader) {
			_, _ = http.ReadRequest(r)
			if n > 1 {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				return
			}
			_, _ = io.WriteString(c, begins)
			arrived <- struct{}{}
			_, _ = r.ReadByte()
			close(gone)
		})
		ctx, cancel := context.WithCancel(t.Context())
		r, _ := http.NewRequestWithContext(ctx, "GET", s.url, nil)
		failed := make(chan error)
		go func() {
			res, err := s.RoundTrip(r)
			if err == nil {
				_, err = io.ReadAll(res.Body)
				if _, again := res.Body.Read(make([]byte, 1)); again != err {
					err = fmt.Errorf("first %w, then %w", err, again)
				}
			}
			failed <- err
		}()
		<-arrived
		cancel()
		if err := <-failed; err != context.Canceled {
			t.Errorf("after %q: %v", begins, err)
		}
		<-gone
		if got := get(t, s); got != "ok" {
			t.Errorf("after %q: then %q", begins, got)
		}
	}
}

// A body that nobody reads to its end may be endless: its connection is closed.
func TestABodyThatIsNotRead(t *testing.T) {
	gone := make(chan struct{})
	s := newServer(t, Options{}, func(_ int, c net.Conn, r *bufio.Reader) {
		_, _ = http.ReadRequest(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nbegin")
		_, _ = r.ReadByte()
		close(gone)
	})
	res, err := s.RoundTrip(request(t, "GET", s.url))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	<-gone
}

func TestIdleConnectionsAreFewAndDoNotLast(t *testing.T) {
	var together sync.WaitGroup
	together.Add(4)
	open := make(chan struct{}, 4)
	s := newServer(t, Options{MaxIdle: 2, IdleTimeout: 30 * time.Millisecond}, func(_ int, c net.Conn, r *bufio.Reader) {
		_, _ = http.ReadRequest(r)
		together.Done()
		together.Wait() // each request has a connection of its own
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		_, _ = r.ReadByte()
		open <- struct{}{}
	})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { get(t, s) })
	}
	all.Wait()
	s.idle.mu.Lock()
	if n := len(s.idle.conns); n > 2 {
		t.Errorf("%d are kept", n)
	}
	s.idle.mu.Unlock()
	for range 4 {
		<-open // closed, all of them
	}
}

func TestWhatGoesThroughHTTPTransport(t *testing.T) {
	target, _ := url.Parse("http://upstream.example:3000")
	plain := New(target, Options{})
	target, _ = url.Parse("https://upstream.example")
	encrypted := New(target, Options{})
	tests := []struct {
		name   string
		t      *Transport
		change func(*http.Request)
		direct bool
	}{
		{"a page", plain, func(*http.Request) {}, true},
		{"HEAD", plain, func(r *http.Request) { r.Method = "HEAD" }, true},
		{"POST", plain, func(r *http.Request) { r.Method = "POST" }, false},
		{"a body", plain, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("x")) }, false},
		{"a WebSocket", plain, func(r *http.Request) { r.Header.Set("Upgrade", "websocket") }, false},
		{"Expect", plain, func(r *http.Request) { r.Header.Set("Expect", "100-continue") }, false},
		{"a field that cannot be written", plain, func(r *http.Request) { r.Header.Set("X-A", "a\r\nX-B: b") }, false},
		{"a field's name that cannot be", plain, func(r *http.Request) { r.Header["X A"] = []string{"a"} }, false},
		{"a host that is none", plain, func(r *http.Request) { r.Host = "a b" }, false},
		{"another host", plain, func(r *http.Request) { r.URL.Host = "other.example" }, false},
		{"another scheme", plain, func(r *http.Request) { r.URL.Scheme = "https" }, false},
		{"an encrypted upstream", encrypted, func(r *http.Request) { r.URL.Scheme, r.URL.Host = "https", "upstream.example" }, false},
	}
	for _, tt := range tests {
		r := request(t, "GET", "http://upstream.example:3000/a")
		tt.change(r)
		if got := tt.t.direct(r); got != tt.direct {
			t.Errorf("%s: direct is %t", tt.name, got)
		}
	}
}

func TestAnUpstreamThatIsNotThere(t *testing.T) {
	s := newServer(t, Options{}, always(""))
	s.Transport.dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }
	if _, err := s.RoundTrip(request(t, "GET", s.url)); err == nil || err.Error() != "the upstream "+s.host+": refused" {
		t.Errorf("%v", err)
	}
}

// Many at once, against net/http's own server.
func TestManyAtOnce(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat(r.URL.RawQuery, 5000))
	}))
	defer upstream.Close()
	target, _ := url.Parse(upstream.URL)
	transport := New(target, Options{MaxIdle: 3})
	defer transport.Close()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				query := fmt.Sprintf("%d-%d", i, j)
				res, err := transport.RoundTrip(request(t, "GET", upstream.URL+"/?"+query))
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if err != nil || string(body) != strings.Repeat(query, 5000) {
					t.Errorf("%s: %v, %.40q", query, err, body)
				}
			}
		})
	}
	all.Wait()
}

package bosh

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"chatproxy/xmpp"
)

const (
	site    = "https://www.example.com"
	domain  = "a.example"
	binding = xmpp.NSHTTPBind
)

// stub is an XMPP server that says what a test tells it to.
type stub struct {
	t    *testing.T
	l    net.Listener
	got  chan *peer
	auto bool // send header and features on each stream header
	work sync.WaitGroup
}

// peer is one connection to the stub.
type peer struct {
	net.Conn
	mu     sync.Mutex
	read   bytes.Buffer
	closed bool
	news   chan struct{}
}

const (
	stubHead = `<?xml version='1.0'?><stream:stream id='s1' from='a.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
	features = `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`
)

func newStub(t *testing.T, auto bool) *stub {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stub{t: t, l: l, got: make(chan *peer, 16), auto: auto}
	s.work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p := &peer{Conn: conn, news: make(chan struct{}, 1)}
			s.work.Go(func() { s.serve(p) })
			s.got <- p
		}
	})
	t.Cleanup(func() {
		l.Close()
		for len(s.got) > 0 {
			(<-s.got).Close()
		}
		s.work.Wait()
	})
	return s
}

func (s *stub) serve(p *peer) {
	s.t.Cleanup(func() { p.Close() })
	chunk := make([]byte, 4096)
	for {
		n, err := p.Read(chunk)
		p.mu.Lock()
		p.read.Write(chunk[:n])
		p.closed = err != nil
		p.mu.Unlock()
		if s.auto && bytes.Contains(chunk[:n], []byte("<stream:stream")) {
			io.WriteString(p, stubHead+features)
		}
		if bytes.Contains(chunk[:n], []byte("</stream:stream>")) {
			io.WriteString(p, "</stream:stream>")
			p.Close()
		}
		select {
		case p.news <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (s *stub) peer() *peer {
	s.t.Helper()
	select {
	case p := <-s.got:
		return p
	case <-time.After(10 * time.Second):
		s.t.Fatal("nobody connected to the server")
		return nil
	}
}

// wait returns what the peer sent once it contains text; the end of the
// connection is the text "EOF".
func (p *peer) wait(t *testing.T, text string) string {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		p.mu.Lock()
		got := p.read.String()
		if p.closed {
			got += "EOF"
		}
		p.mu.Unlock()
		if strings.Contains(got, text) {
			return got
		}
		select {
		case <-p.news:
		case <-timeout:
			t.Fatalf("the server never got %q, only %q", text, got)
		}
	}
}

func (s *stub) dialer() func(context.Context) (*xmpp.Stream, error) {
	d := &xmpp.Dialer{Domain: domain, Server: s.l.Addr().String(), Security: xmpp.Plain}
	return d.Dial
}

// fixture is a bridge behind an HTTP server.
type fixture struct {
	t      testing.TB
	bridge *Bridge
	url    string
	client *http.Client
}

func newFixture(t testing.TB, o Options) *fixture {
	t.Helper()
	return newFixtureOn(t, o, func(l net.Listener) net.Listener { return l })
}

// newFixtureOn lets a test come between the HTTP server and its connections.
func newFixtureOn(t testing.TB, o Options, between func(net.Listener) net.Listener) *fixture {
	t.Helper()
	if o.Domain == "" {
		o.Domain = domain
	}
	if o.AllowOrigin == nil {
		o.AllowOrigin = func(r *http.Request) bool { return r.Header.Get("Origin") == site }
	}
	b, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/http-bind", b.BOSH)
	mux.Handle("/xmpp-websocket", b.WebSocket)
	srv := httptest.NewUnstartedServer(mux)
	srv.Listener = between(srv.Listener)
	srv.Start()
	f := &fixture{t: t, bridge: b, url: srv.URL, client: srv.Client()}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
		srv.CloseClientConnections()
		srv.Close()
	})
	return f
}

// post sends a body and returns the answer's.
func (f *fixture) post(body string) string {
	f.t.Helper()
	got, err := f.try(f.t.Context(), body)
	if err != nil {
		f.t.Fatal(err)
	}
	return got
}

func (f *fixture) try(ctx context.Context, body string) (string, error) {
	rsp, err := f.do(ctx, body)
	if err != nil {
		return "", err
	}
	defer rsp.Body.Close()
	b, err := io.ReadAll(rsp.Body)
	return string(b), err
}

func (f *fixture) do(ctx context.Context, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, "POST", f.url+"/http-bind", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Origin", site)
	return f.client.Do(r)
}

// later posts in the background.
func (f *fixture) later(body string) <-chan string {
	c := make(chan string, 1)
	go func() {
		got, err := f.try(context.Background(), body)
		if err != nil {
			got = "error: " + err.Error()
		}
		c <- got
	}()
	return c
}

func (f *fixture) expect(got, want string) {
	f.t.Helper()
	if !strings.Contains(got, want) {
		f.t.Fatalf("got %s\nwant %s in it", got, want)
	}
}

func value(body, attribute string) string {
	m := regexp.MustCompile(` ` + regexp.QuoteMeta(attribute) + `="([^"]*)"`).FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	return m[1]
}

func createBody(attributes string) string {
	return `<body xmlns="` + binding + `" rid="1000" to="a.example" ver="1.6" ` + attributes + `/>`
}

func requestBody(sid, rid, attributes, payload string) string {
	return `<body xmlns="` + binding + `" xmlns:xmpp="urn:xmpp:xbosh" sid="` + sid + `" rid="` + rid + `" ` + attributes + `>` + payload + `</body>`
}

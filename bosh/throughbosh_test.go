package bosh

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chatproxy/xmpp"
)

// endpoint is a server's own BOSH endpoint that says what a test tells it to.
type endpoint struct {
	*httptest.Server
	asked  atomic.Int32
	answer func(w http.ResponseWriter, r *http.Request, body string)
}

const madeBody = `<body xmlns='http://jabber.org/protocol/httpbind' sid='s%d' wait='5' requests='2' hold='1' inactivity='1'/>`

// newEndpoint answers a creation with a new sid, and everything else with
// answer if that is given and an empty body if not.
func newEndpoint(t *testing.T) *endpoint {
	e := &endpoint{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := e.asked.Add(1)
		b, _ := io.ReadAll(r.Body)
		switch body := string(b); {
		case e.answer != nil:
			e.answer(w, r, body)
		case !strings.Contains(body, " sid="):
			fmt.Fprintf(w, madeBody, n)
		case strings.Contains(body, "terminate"):
			io.WriteString(w, `<body xmlns='http://jabber.org/protocol/httpbind' type='terminate'/>`)
		default:
			io.WriteString(w, `<body xmlns='http://jabber.org/protocol/httpbind'/>`)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) fixture(t *testing.T, o Options) *fixture {
	t.Helper()
	u, err := url.Parse(e.URL)
	if err != nil {
		t.Fatal(err)
	}
	if o.Through.BOSH == nil {
		u.Path = "/http-bind"
		o.Through.BOSH = u
	}
	if o.Dial == nil {
		o.Dial = failing(io.ErrUnexpectedEOF)
	}
	return newFixture(t, o)
}

func (f *fixture) status(body string) (int, http.Header, string) {
	f.t.Helper()
	rsp, err := f.do(f.t.Context(), body)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rsp.Body.Close()
	b, err := io.ReadAll(rsp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return rsp.StatusCode, rsp.Header, string(b)
}

// made creates a session and returns its sid.
func (f *fixture) made() string {
	f.t.Helper()
	sid := between(f.post(createBody(`wait="5" hold="1"`)), "sid='", "'")
	if sid == "" {
		f.t.Fatal("no session", f.post(createBody(`wait="5" hold="1"`)))
	}
	return sid
}

// What breaks a rule is answered here, and the server's endpoint is not asked.
func TestThroughHoldsTheRules(t *testing.T) {
	e := newEndpoint(t)
	f := e.fixture(t, Options{Limits: Limits{Body: 2000}})
	sid := f.made()
	for name, test := range map[string]struct {
		body string
		want string
	}{
		"unknown session":       {requestBody("s99", "1001", "", ""), "item-not-found"},
		"not well-formed":       {requestBody(sid, "1001", "", "<message>"), "bad-request"},
		"a DTD":                 {"<!DOCTYPE body>" + requestBody(sid, "1001", "", ""), "bad-request"},
		"starttls":              {requestBody(sid, "1001", "", `<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>`), "policy-violation"},
		"too large":             {requestBody(sid, "1001", "", "<message>"+strings.Repeat("a", 2000)+"</message>"), "413"},
		"another domain":        {strings.Replace(createBody(`wait="5"`), domain, "b.example", 1), "host-unknown"},
		"another domain, later": {requestBody(sid, "1001", `xmpp:restart="true" to="b.example"`, ""), "host-unknown"},
		"a user's address":      {strings.Replace(createBody(`wait="5"`), domain, "x@"+domain, 1), "improper-addressing"},
		"a route":               {createBody(`wait="5" route="xmpp:127.0.0.1:22"`), "policy-violation"},
		"a route, in a session": {requestBody(sid, "1001", `route="xmpp:127.0.0.1:22"`, ""), "policy-violation"},
	} {
		before := e.asked.Load()
		status, _, got := f.status(test.body)
		if got = fmt.Sprint(status, got); !strings.Contains(got, test.want) {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
		if e.asked.Load() != before {
			t.Errorf("%s: the endpoint was asked", name)
		}
	}
	r, err := http.NewRequest("POST", f.url+"/http-bind", strings.NewReader(createBody(`wait="5"`)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "https://evil.example")
	rsp, err := f.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	rsp.Body.Close()
	if rsp.StatusCode != http.StatusForbidden || e.asked.Load() != 1 {
		t.Errorf("a foreign origin: %d", rsp.StatusCode)
	}
	// The control: what breaks no rule is passed on.
	f.expect(f.post(requestBody(sid, "1001", "", "<message/>")), "<body")
	if e.asked.Load() != 2 {
		t.Error("the endpoint was not asked")
	}
}

// A session of the server's that was not made through this proxy is none,
// though the endpoint knows it; and one made over TLS is not continued in the
// clear.
func TestThroughBindsSessions(t *testing.T) {
	e := newEndpoint(t)
	secure := true
	f := e.fixture(t, Options{Secure: func(*http.Request) bool { return secure }, AllowOrigin: func(*http.Request) bool { return true }})
	rsp, err := http.Post(e.URL+"/http-bind", "text/xml", strings.NewReader(createBody(`wait="5"`)))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(rsp.Body)
	rsp.Body.Close()
	foreign := between(string(b), "sid='", "'")
	f.expect(f.post(requestBody(foreign, "1001", "", "")), "item-not-found")

	sid := f.made()
	secure = false
	f.expect(f.post(requestBody(sid, "1001", "", "")), "item-not-found")
	secure = true
	if got := f.post(requestBody(sid, "1001", "", "")); strings.Contains(got, "terminate") {
		t.Errorf("the control: got %s", got)
	}
	for origin, want := range map[string]bool{"https://other.example": false, site: true} {
		r, err := http.NewRequest("POST", f.url+"/http-bind", strings.NewReader(requestBody(sid, "1002", "", "")))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		rsp, err := f.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(rsp.Body)
		rsp.Body.Close()
		if strings.Contains(string(b), "item-not-found") == want {
			t.Errorf("a page of %s gets %s", origin, b)
		}
	}
}

// A session has a seat from its creation to its end, by whichever way it ends.
func TestThroughCountsSessions(t *testing.T) {
	e := newEndpoint(t)
	f := e.fixture(t, Options{Limits: Limits{SessionsPerAddress: 1, Handshake: 200 * time.Millisecond}})
	sid := f.made()
	if status, _, _ := f.status(createBody(`wait="5"`)); status != http.StatusTooManyRequests {
		t.Errorf("a second session: %d", status)
	}
	f.expect(f.post(requestBody(sid, "1001", `type="terminate"`, "")), "terminate")
	f.expect(f.post(requestBody(sid, "1001", `type="terminate"`, "")), "terminate") // repeated
	f.made()
	// The new one is left alone; its inactivity is 1 s.
	deadline := time.Now().Add(10 * time.Second)
	for {
		if status, _, _ := f.status(createBody(`wait="5"`)); status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("an inactive session keeps its seat")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// A pause is as much activity as the client said.
func TestThroughPause(t *testing.T) {
	e := newEndpoint(t)
	f := e.fixture(t, Options{Limits: Limits{Handshake: 50 * time.Millisecond}})
	sid := f.made()
	f.post(requestBody(sid, "1001", `pause="30"`, ""))
	m := f.bridge.BOSH.through
	m.passages.mu.Lock()
	left := time.Until(m.passages.known[sid].until)
	m.passages.mu.Unlock()
	if left < 20*time.Second {
		t.Errorf("a paused session has %v left", left)
	}
	f.post(requestBody(sid, "1002", "", ""))
	m.passages.mu.Lock()
	left = time.Until(m.passages.known[sid].until)
	m.passages.mu.Unlock()
	if left > 2*time.Second {
		t.Errorf("after the pause the session has %v left", left)
	}
}

// Only what both sides need goes through: no cookie either way, the client's
// address from the proxy alone, and one set of response headers, ours.
func TestThroughHeaders(t *testing.T) {
	e := newEndpoint(t)
	var got *http.Request
	e.answer = func(w http.ResponseWriter, r *http.Request, _ string) {
		got = r
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.WriteHeader(http.StatusEarlyHints)
		w.(http.Flusher).Flush() // so that the answer has no length
		fmt.Fprintf(w, madeBody, 1)
	}
	f := e.fixture(t, Options{ClientAddress: func(*http.Request) string { return "203.0.113.7" }})
	r, err := http.NewRequest("POST", f.url+"/http-bind", strings.NewReader(createBody(`wait="5"`)))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Origin": site, "Cookie": "session=secret", "X-Forwarded-For": "198.51.100.1", "Authorization": "Basic x"} {
		r.Header.Set(name, value)
	}
	r = r.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			t.Errorf("the client got %d with %v", code, header)
			return nil
		}}))
	rsp, err := f.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	rsp.Body.Close()
	for name, want := range map[string]string{"Cookie": "", "Authorization": "", "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http",
		"Origin": site, "User-Agent": "", "Accept-Encoding": "identity"} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("the endpoint got %s %q, want %q", name, value, want)
		}
	}
	if got.Host != domain {
		t.Errorf("the endpoint was asked for %s", got.Host)
	}
	for name, want := range map[string]string{"Set-Cookie": "", "Content-Type": "text/xml; charset=utf-8", "Access-Control-Allow-Origin": site,
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": contentPolicy} {
		if values := strings.Join(rsp.Header.Values(name), "|"); values != want {
			t.Errorf("the client got %s %q, want %q", name, values, want)
		}
	}
	if rsp.ContentLength != int64(len(fmt.Sprintf(madeBody, 1))) {
		t.Errorf("length %d", rsp.ContentLength)
	}
}

// An endpoint that does not behave, and what clients are told.
func TestThroughToABadEndpoint(t *testing.T) {
	say := func(status int, body string) func(http.ResponseWriter, *http.Request, string) {
		return func(w http.ResponseWriter, _ *http.Request, _ string) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for name, test := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request, string)
		want   string
	}{
		"not found":      {say(404, "no"), "502"},
		"broken":         {say(500, "no"), "502"},
		"a web page":     {say(200, "<!doctype html><script>alert(1)</script>"), "502"},
		"nothing":        {say(200, ""), "502"},
		"no sid":         {say(200, `<body xmlns='http://jabber.org/protocol/httpbind'/>`), "502"},
		"half a body":    {say(200, `<body xmlns='http://jabber.org/protocol/httpbind' sid='a'><stream:features`), "502"},
		"a tag for ever": {say(200, `<body xmlns='http://jabber.org/protocol/httpbind' sid='`+strings.Repeat("a", 1<<20)), "502"},
		"an answer without end": {func(w http.ResponseWriter, r *http.Request, _ string) {
			fmt.Fprintf(w, strings.TrimSuffix(madeBody, "/>")+"><message>", 1)
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("a", 64<<10)); err != nil {
					return
				}
			}
		}, "502"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request, _ string) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "502"},
		"a refusal": {say(200, `<body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='host-unknown'/>`), "host-unknown"},
		"a hang-up": {func(http.ResponseWriter, *http.Request, string) { panic(http.ErrAbortHandler) }, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t)
			e.answer = test.answer
			f := e.fixture(t, Options{})
			status, h, got := f.status(createBody(`wait="5"`))
			if got = fmt.Sprint(status, got); !strings.Contains(got, test.want) || strings.Contains(got, "script") {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if h.Get("Access-Control-Allow-Origin") != site {
				t.Error("the client cannot read the answer")
			}
			if n := f.bridge.BOSH.seats.total; n != 0 {
				t.Errorf("%d seats are taken", n)
			}
		})
	}
}

func TestThroughHandsOutNoSIDTwice(t *testing.T) {
	e := newEndpoint(t)
	e.answer = func(w http.ResponseWriter, _ *http.Request, _ string) { fmt.Fprintf(w, madeBody, 1) }
	f := e.fixture(t, Options{})
	f.made()
	if status, _, _ := f.status(createBody(`wait="5"`)); status != http.StatusBadGateway {
		t.Errorf("got %d", status)
	}
}

// An endpoint whose certificate is another's is never spoken to; one that is
// down is worth another try.
func TestThroughToNobody(t *testing.T) {
	e := newEndpoint(t)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	u, _ := url.Parse(secure.URL)
	f := e.fixture(t, Options{Through: Through{BOSH: u}})
	f.expect(f.post(createBody(`wait="5"`)), "remote-connection-failed")

	f = e.fixture(t, Options{})
	e.Close()
	if status, _, _ := f.status(createBody(`wait="5"`)); status != http.StatusServiceUnavailable {
		t.Errorf("an endpoint that is down: %d", status)
	}
	f = e.fixture(t, Options{Through: Through{BOSH: &url.URL{Scheme: "http", Host: "192.0.2.1"}}})
	f.expect(f.post(createBody(`wait="5"`)), "remote-connection-failed") // no packet was sent
}

// At shutdown held requests are answered, and nothing new begins. While it
// lasts, more requests than the session may have open are refused.
func TestThroughShutdown(t *testing.T) {
	e := newEndpoint(t)
	f := e.fixture(t, Options{})
	sid := f.made()
	held := make(chan struct{}, 16)
	e.answer = func(w http.ResponseWriter, r *http.Request, _ string) {
		held <- struct{}{}
		<-r.Context().Done()
	}
	var answers []<-chan string
	for i := range 4 { // 2 that it may have, and 2 more
		answers = append(answers, f.later(requestBody(sid, itoa(1001+i), "", "")))
		<-held
	}
	f.expect(f.post(requestBody(sid, "1005", "", "")), "policy-violation")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := f.bridge.Close(ctx); err != nil {
		t.Fatal(err)
	}
	for _, answer := range answers {
		f.expect(<-answer, "system-shutdown")
	}
	if status, _, _ := f.status(createBody(`wait="5"`)); status != http.StatusServiceUnavailable {
		t.Errorf("a new session: %d", status)
	}
	if n := f.bridge.BOSH.seats.total; n != 0 {
		t.Errorf("%d seats are taken", n)
	}
}

// A client that hangs up ends its request at the server's endpoint too.
func TestThroughHangUp(t *testing.T) {
	e := newEndpoint(t)
	f := e.fixture(t, Options{})
	sid := f.made()
	held, gone := make(chan struct{}), make(chan struct{})
	e.answer = func(_ http.ResponseWriter, r *http.Request, _ string) {
		close(held)
		<-r.Context().Done()
		close(gone)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _, _ = f.try(ctx, requestBody(sid, "1001", "", "")) }()
	<-held
	cancel()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("the endpoint still holds the request")
	}
}

type denyAll struct{}

func (denyAll) Judge(StanzaFacts) string { return "not-allowed" }

// Sessions that are passed through leave nothing behind either.
func TestThroughLeavesNothing(t *testing.T) {
	leavesNothing(t, "sessions", sessionMemory, func(t *testing.T) {
		e := newEndpoint(t)
		f := e.fixture(t, Options{})
		for range 5 {
			sid := f.made()
			f.post(requestBody(sid, "1001", "", ""))
			f.post(requestBody(sid, "1002", `type="terminate"`, ""))
		}
		f.made() // and one that is there at the end
	})
}

func TestThroughOptions(t *testing.T) {
	bad := map[string]Through{
		"BOSH with ws":        {BOSH: &url.URL{Scheme: "ws", Host: "a"}},
		"WebSocket with http": {WebSocket: &url.URL{Scheme: "http", Host: "a"}},
		"no host":             {BOSH: &url.URL{Scheme: "http"}},
	}
	if _, err := New(Options{Domain: domain, AllowOrigin: func(*http.Request) bool { return true }, Stanzas: denyAll{},
		Dial: failing(io.EOF), Through: Through{BOSH: &url.URL{Scheme: "http", Host: "a"}}}); err == nil {
		t.Error("a stanza policy that cannot be held passes")
	}
	for name, through := range bad {
		if _, err := New(Options{Domain: domain, AllowOrigin: func(*http.Request) bool { return true },
			Dial: func(context.Context) (*xmpp.Stream, error) { return nil, io.EOF }, Through: through}); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

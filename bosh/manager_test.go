package bosh

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatproxy/xmpp"
)

// nowhere is a Dial that waits until the session gives up.
func nowhere(ctx context.Context) (*xmpp.Stream, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestOriginIsCheckedFirst(t *testing.T) {
	b, err := New(Options{Domain: domain, Dial: nowhere, AllowOrigin: func(r *http.Request) bool {
		return r.Header.Get("Origin") != "https://evil.example" // "null" and "" would pass this one
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, origins := range map[string][]string{
		"none": nil, "empty": {""}, "null": {"null"}, "foreign": {"https://evil.example"}, "two": {site, site},
	} {
		for _, method := range []string{"POST", "OPTIONS", "PUT"} {
			r := httptest.NewRequest(method, "/http-bind", strings.NewReader("not even XML"))
			r.Header["Origin"] = origins
			w := httptest.NewRecorder()
			b.BOSH.ServeHTTP(w, r)
			if w.Code != http.StatusForbidden || w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s, origin %s: %d %v", method, name, w.Code, w.Header())
			}
		}
		r := httptest.NewRequest("GET", "/xmpp-websocket", nil)
		r.Header["Origin"] = origins
		w := httptest.NewRecorder()
		b.WebSocket.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("WebSocket, origin %s: %d", name, w.Code)
		}
	}
}

func TestMethods(t *testing.T) {
	f := newFixture(t, Options{Dial: nowhere, Limits: Limits{Body: 100}})
	for _, test := range []struct {
		method, origin, body string
		status               int
	}{
		{"GET", "", "", 200},
		{"HEAD", "", "", 200},
		{"GET", site, "", 200},
		{"GET", "https://evil.example", "", 403},
		{"OPTIONS", site, "", 204},
		{"PUT", site, "", 405},
		{"POST", site, strings.Repeat(" ", 101), 413},
	} {
		r := httptest.NewRequest(test.method, "/http-bind", strings.NewReader(test.body))
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		w := httptest.NewRecorder()
		f.bridge.BOSH.ServeHTTP(w, r)
		if w.Code != test.status {
			t.Errorf("%s from %q: %d, want %d", test.method, test.origin, w.Code, test.status)
		}
		if cors := w.Header().Get("Access-Control-Allow-Origin"); test.origin == site && cors != site {
			t.Errorf("%s: Access-Control-Allow-Origin %q, on errors too", test.method, cors)
		}
	}
	// Without a Content-Length the cap holds while reading.
	r := httptest.NewRequest("POST", "/http-bind", io.MultiReader(strings.NewReader(strings.Repeat(" ", 101))))
	r.ContentLength = -1
	r.Header.Set("Origin", site)
	w := httptest.NewRecorder()
	f.bridge.BOSH.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("chunked: %d, want 413", w.Code)
	}
}

func TestNewWantsItsOptions(t *testing.T) {
	allow := func(*http.Request) bool { return true }
	for _, o := range []Options{{Dial: nowhere, AllowOrigin: allow}, {Domain: domain, AllowOrigin: allow}, {Domain: domain, Dial: nowhere}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v passed", o)
		}
	}
}

// direct posts without a network, for tests whose clock is false.
func direct(b *Bridge, ctx context.Context, body string, secure bool) string {
	r := httptest.NewRequest("POST", "/http-bind", strings.NewReader(body)).WithContext(ctx)
	r.Header.Set("Origin", site)
	if secure {
		r.Header.Set("X-Secure", "1")
	}
	w := httptest.NewRecorder()
	b.BOSH.ServeHTTP(w, r)
	return w.Body.String()
}

func isOver(s *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

func TestWaitAndInactivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := New(Options{Domain: domain, Dial: nowhere, AllowOrigin: func(*http.Request) bool { return true }})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		created := direct(b, t.Context(), createBody(`wait="7" hold="1"`), false)
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("the answer took %v, want the wait of 7 s", took)
		}
		sid := value(created, "sid")

		// The server is not there yet, but the client's wait counts.
		start = time.Now()
		empty := direct(b, t.Context(), requestBody(sid, "1001", "", numbered("1")), false)
		if took := time.Since(start); took != 7*time.Second || empty != `<body xmlns="`+binding+`"/>` {
			t.Errorf("after %v: %s", took, empty)
		}
		if again := direct(b, t.Context(), requestBody(sid, "1001", "", numbered("1")), false); again != empty {
			t.Errorf("the repetition got %s", again)
		}

		time.Sleep(59 * time.Second)
		if isOver(b.BOSH.find(sid)) {
			t.Error("the session ended before its inactivity was over")
		}
		// A request stops the clock, and hanging up starts it anew.
		ctx, cancel := context.WithCancel(t.Context())
		go direct(b, ctx, requestBody(sid, "1002", "", ""), false)
		time.Sleep(5 * time.Second)
		cancel()
		synctest.Wait()
		time.Sleep(59 * time.Second)
		s := b.BOSH.find(sid)
		if s == nil || isOver(s) {
			t.Fatal("the session ended before its inactivity was over")
		}
		time.Sleep(2 * time.Second)
		if !isOver(s) {
			t.Error("a session whose client hung up lives on")
		}
		time.Sleep(tombstone)
		if b.BOSH.find(sid) != nil {
			t.Error("the ended session was not forgotten")
		}
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestSessionStaysOnTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := New(Options{Domain: domain, Dial: nowhere, AllowOrigin: func(*http.Request) bool { return true },
			Secure: func(r *http.Request) bool { return r.Header.Get("X-Secure") != "" }})
		if err != nil {
			t.Fatal(err)
		}
		sid := value(direct(b, t.Context(), createBody(`wait="1"`), true), "sid")
		if got := direct(b, t.Context(), requestBody(sid, "1001", "", ""), false); !strings.Contains(got, "item-not-found") {
			t.Errorf("got %s", got)
		}
		if isOver(b.BOSH.find(sid)) {
			t.Error("a request in the clear ended a session that began over TLS")
		}
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestMissingRequestEndsTheSession(t *testing.T) {
	s := newStub(t, true)
	f := newFixture(t, Options{Dial: s.dialer(), Limits: Limits{Wait: time.Second}})
	sid := value(f.post(createBody(`wait="59"`)), "sid")
	f.expect(f.post(requestBody(sid, "1002", "", "")), `condition="item-not-found"`)
}

func TestCloseEndsEverything(t *testing.T) {
	f, p, sid := begin(t, Options{})
	held := f.later(requestBody(sid, "1001", "", numbered("1")))
	p.wait(t, "<message")
	ws := dialWebSocket(t, f)
	ws.say(openMessage)
	ws.expect("<open ")
	ws.expect("<stream:features")
	go func() { // a client that answers the closing handshake
		for {
			if _, _, err := ws.conn.Read(context.Background()); err != nil {
				return
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if err := f.bridge.Close(ctx); err != nil {
		t.Fatal(err)
	}
	f.expect(<-held, `condition="system-shutdown"`)
	if got := p.wait(t, "EOF"); strings.Contains(got, "</stream:stream>") {
		t.Error("the server was told goodbye; XEP-0198 sessions could not be resumed")
	}
	if rsp, err := f.do(t.Context(), createBody(`wait="59"`)); err != nil || rsp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a new session after Close: %v %v", rsp, err)
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, g := range strings.Split(string(stacks), "\n\n") {
		for _, own := range []string{"bosh.(*session)", "bosh.(*socket)", "xmpp.(*Stream)"} {
			if strings.Contains(g, own) {
				t.Errorf("left behind:\n%s", g)
			}
		}
	}
}

func TestSlowClientSlowsTheServerDown(t *testing.T) {
	f, p, sid := begin(t, Options{Limits: Limits{Queue: 4 << 10}})
	one := "<message><body>" + strings.Repeat("a", 1000) + "</body></message>"
	const count = 200
	sent := make(chan error, 1)
	go func() { _, err := io.WriteString(p, strings.Repeat(one, count)); sent <- err }()
	waitFor(t, f, sid, func(s *session) bool { return s.queueBytes >= 4<<10 })
	got := 0
	for rid := 1001; got < count; rid++ {
		answer := f.post(requestBody(sid, itoa(rid), "", ""))
		n := strings.Count(answer, "<message")
		if got += n; n == 0 || len(answer) > 8<<10 {
			t.Fatalf("an answer of %d messages and %d bytes", n, len(answer))
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

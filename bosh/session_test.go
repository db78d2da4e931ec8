package bosh

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatproxy/xmpp"
)

const message = `<message xmlns="jabber:client"><body>%</body></message>`

func numbered(n string) string { return strings.ReplaceAll(message, "%", n) }

// begin creates a session and returns its id and the server's side of it.
func begin(t *testing.T, o Options) (*fixture, *peer, string) {
	t.Helper()
	s := newStub(t, true)
	o.Dial = s.dialer()
	f := newFixture(t, o)
	created := f.post(createBody(`wait="59" hold="1" xml:lang="de"`))
	f.expect(created, features[:len("<stream:features")])
	p := s.peer()
	return f, p, value(created, "sid")
}

func TestCreation(t *testing.T) {
	s := newStub(t, true)
	f := newFixture(t, Options{Dial: s.dialer()})
	rsp, err := f.do(t.Context(), createBody(`wait="120" hold="3" content="text/html" route="xmpp:evil.example:5222" xml:lang="de"`))
	if err != nil {
		t.Fatal(err)
	}
	defer rsp.Body.Close()
	all, err := io.ReadAll(rsp.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := string(all)
	for name, want := range map[string]string{
		"wait": "60", "hold": "1", "requests": "4", "ver": "1.6", "from": "a.example", "authid": "s1",
		"inactivity": "60", "secure": "", "xmlns:stream": xmpp.NSStream, "xmpp:restartlogic": "true",
	} {
		if v := value(got, name); v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
	if len(value(got, "sid")) < 22 {
		t.Errorf("sid %q has less than 128 bits", value(got, "sid"))
	}
	f.expect(got, "<mechanism>PLAIN</mechanism>")
	for name, want := range map[string]string{
		"Content-Type": "text/html", "Content-Security-Policy": contentPolicy, "Cache-Control": "no-store", "Access-Control-Allow-Origin": site,
	} {
		if v := rsp.Header.Get(name); v != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
	if rsp.ContentLength != int64(len(all)) || len(rsp.TransferEncoding) > 0 {
		t.Errorf("Content-Length %d for %d bytes, %v", rsp.ContentLength, len(all), rsp.TransferEncoding)
	}
	head := s.peer().wait(t, "streams\">")
	if !strings.Contains(head, `to="a.example"`) || !strings.Contains(head, `xml:lang="de"`) {
		t.Errorf("stream header %s", head)
	}
}

func TestRefusedRequests(t *testing.T) {
	f := newFixture(t, Options{Dial: func(context.Context) (*xmpp.Stream, error) { panic("dialled") }})
	const b = `<body xmlns="` + binding + `" `
	for name, test := range map[string]struct{ in, want string }{
		"not XML":               {`<body`, `condition="bad-request"`},
		"DTD":                   {`<!DOCTYPE a>` + createBody(`wait="1"`), `condition="bad-request"`},
		"no rid":                {b + `to="a.example" wait="1"/>`, `condition="bad-request"`},
		"rid 0":                 {b + `rid="0" to="a.example" wait="1"/>`, `condition="bad-request"`},
		"rid of 2^53":           {b + `rid="9007199254740992" to="a.example" wait="1"/>`, `condition="bad-request"`},
		"negative rid":          {b + `rid="-1" to="a.example" wait="1"/>`, `condition="bad-request"`},
		"no wait":               {createBody(``), `condition="bad-request"`},
		"fractional wait":       {createBody(`wait="1.5"`), `condition="bad-request"`},
		"negative hold":         {createBody(`wait="1" hold="-1"`), `condition="bad-request"`},
		"bad ver":               {b + `rid="1" to="a.example" wait="1" ver="1"/>`, `condition="bad-request"`},
		"no to":                 {b + `rid="1" wait="1"/>`, `condition="improper-addressing"`},
		"to an account":         {b + `rid="1" to="ann@a.example" wait="1"/>`, `condition="improper-addressing"`},
		"to another domain":     {b + `rid="1" to="evil.example" wait="1"/>`, `condition="host-unknown"`},
		"unknown sid":           {b + `rid="1" sid="x"/>`, `condition="item-not-found"`},
		"other type":            {b + `rid="1" sid="x" type="get"/>`, `condition="bad-request"`},
		"creation with payload": {strings.Replace(createBody(`wait="1"`), "/>", "><presence/></body>", 1), `condition="policy-violation"`},
		"starttls":              {requestBody("x", "1", "", `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`), `condition="policy-violation"`},
	} {
		t.Run(name, func(t *testing.T) {
			got := f.post(test.in)
			f.expect(got, `type="terminate"`)
			f.expect(got, test.want)
		})
	}
}

func TestMessagesBothWays(t *testing.T) {
	f, p, sid := begin(t, Options{})
	held := f.later(requestBody(sid, "1001", "", numbered("up")))
	p.wait(t, numbered("up"))
	io.WriteString(p, "<message><body>down</body></message>")
	f.expect(<-held, numbered("down"))
}

func TestHeldRequestIsReleasedByTheNext(t *testing.T) {
	f, p, sid := begin(t, Options{})
	first := f.later(requestBody(sid, "1001", "", numbered("1")))
	p.wait(t, numbered("1"))
	second := f.later(requestBody(sid, "1002", "", numbered("2")))
	if got := <-first; got != `<body xmlns="`+binding+`"/>` {
		t.Errorf("got %s", got)
	}
	io.WriteString(p, "<message><body>a</body></message>")
	f.expect(<-second, "a")
}

func TestRequestsOutOfOrder(t *testing.T) {
	f, p, sid := begin(t, Options{})
	second := f.later(requestBody(sid, "1002", "", numbered("2")))
	// The server sees the second after the first, whenever that comes; the
	// session must have the second by then or the order proves nothing.
	waitFor(t, f, sid, func(s *session) bool { return len(s.early) == 1 })
	first := f.post(requestBody(sid, "1001", "", numbered("1")))
	if first != `<body xmlns="`+binding+`"/>` {
		t.Errorf("first: %s", first)
	}
	got := p.wait(t, numbered("2"))
	if strings.Index(got, numbered("1")) > strings.Index(got, numbered("2")) {
		t.Errorf("the server got %s", got)
	}
	io.WriteString(p, "<message><body>a</body></message>")
	f.expect(<-second, "a")
}

// waitFor polls the session's state, which nothing announces.
func waitFor(t *testing.T, f *fixture, sid string, ready func(*session) bool) {
	t.Helper()
	s := f.bridge.BOSH.find(sid)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		s.mu.Lock()
		ok := ready(s)
		s.mu.Unlock()
		if ok {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the session never came into the state that was waited for")
}

func TestRepetitionIsNotProcessedAgain(t *testing.T) {
	f, p, sid := begin(t, Options{})
	held := f.later(requestBody(sid, "1001", "", numbered("once")))
	p.wait(t, "once")
	io.WriteString(p, "<message><body>answer</body></message>")
	first := <-held
	if again := f.post(requestBody(sid, "1001", "", numbered("once"))); again != first {
		t.Errorf("got %s\nthen %s", first, again)
	}
	last := f.later(requestBody(sid, "1002", "", numbered("mark")))
	if got := p.wait(t, "mark"); strings.Count(got, "once") != 1 {
		t.Errorf("the server got it twice: %s", got)
	}
	io.WriteString(p, "<message/>")
	<-last
}

func TestRepetitionOfAHeldRequestTakesItsPlace(t *testing.T) {
	f, p, sid := begin(t, Options{})
	old := f.later(requestBody(sid, "1001", "", numbered("once")))
	p.wait(t, "once")
	waitFor(t, f, sid, func(s *session) bool { return len(s.held) == 1 })
	repeated := f.later(requestBody(sid, "1001", "", numbered("once")))
	if got := <-old; got != `<body xmlns="`+binding+`" type="error"/>` {
		t.Errorf("the old connection got %s", got)
	}
	io.WriteString(p, "<message><body>answer</body></message>")
	f.expect(<-repeated, "answer")
	if got := p.wait(t, "once"); strings.Count(got, "once") != 1 {
		t.Errorf("the server got it twice: %s", got)
	}
}

func TestClientThatHungUpAsksAgain(t *testing.T) {
	f, p, sid := begin(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() { _, err := f.try(ctx, requestBody(sid, "1001", "", numbered("once"))); failed <- err }()
	p.wait(t, "once")
	cancel()
	<-failed
	waitFor(t, f, sid, func(s *session) bool { return s.orphans[1001] })
	io.WriteString(p, "<message><body>kept</body></message>")
	f.expect(f.post(requestBody(sid, "1001", "", numbered("once"))), "kept")
	if got := p.wait(t, "once"); strings.Count(got, "once") != 1 {
		t.Errorf("the server got it twice: %s", got)
	}
}

func TestOutsideOfTheWindow(t *testing.T) {
	for _, rid := range []string{"1003", "999", "9007199254740991"} {
		f, p, sid := begin(t, Options{})
		f.expect(f.post(requestBody(sid, rid, "", numbered("never"))), `condition="item-not-found"`)
		if got := p.wait(t, "EOF"); strings.Contains(got, "never") {
			t.Errorf("the server got %s", got)
		}
		f.expect(f.post(requestBody(sid, "1001", "", "")), `condition="item-not-found"`)
	}
}

func TestTerminateDeliversItsPayload(t *testing.T) {
	f, p, sid := begin(t, Options{})
	held := f.later(requestBody(sid, "1001", "", ""))
	waitFor(t, f, sid, func(s *session) bool { return len(s.held) == 1 })
	bye := requestBody(sid, "1002", `type="terminate"`, `<presence type="unavailable"/>`)
	last := f.post(bye)
	if last != `<body xmlns="`+binding+`"/>` {
		t.Errorf("got %s", last)
	}
	if got := <-held; got != `<body xmlns="`+binding+`" type="terminate"/>` {
		t.Errorf("the held request got %s", got)
	}
	p.wait(t, `<presence xmlns="jabber:client" type="unavailable"/></stream:stream>`)
	if again := f.post(bye); again != last {
		t.Errorf("the repetition got %s", again)
	}
}

func TestRestart(t *testing.T) {
	f, p, sid := begin(t, Options{})
	got := f.post(requestBody(sid, "1001", `to="a.example" xmpp:restart="true"`, numbered("ignored")))
	f.expect(got, "<stream:features")
	f.expect(got, `xmlns:stream="`+xmpp.NSStream+`"`)
	if up := p.wait(t, "streams\">"); strings.Count(up, "<stream:stream") != 2 || strings.Contains(up, "ignored") {
		t.Errorf("the server got %s", up)
	}
}

func TestStreamErrorReachesTheClient(t *testing.T) {
	f, p, sid := begin(t, Options{})
	held := f.later(requestBody(sid, "1001", "", numbered("1")))
	p.wait(t, "<message")
	io.WriteString(p, `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`)
	got := <-held
	f.expect(got, `condition="remote-stream-error"`)
	f.expect(got, `<conflict`)
}

func TestLostServerIsNotRemoteConnectionFailed(t *testing.T) {
	f, p, sid := begin(t, Options{})
	held := f.later(requestBody(sid, "1001", "", numbered("1")))
	p.wait(t, "<message")
	p.Close()
	f.expect(<-held, `condition="system-shutdown"`)
}

func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	d := xmpp.Dialer{Domain: domain, Server: l.Addr().String(), Security: xmpp.Plain}
	f := newFixture(t, Options{Dial: d.Dial})
	rsp, err := f.do(t.Context(), createBody(`wait="59"`))
	if err != nil {
		t.Fatal(err)
	}
	rsp.Body.Close()
	if rsp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503 so that Strophe tries again", rsp.StatusCode)
	}
	f = newFixture(t, Options{Dial: func(context.Context) (*xmpp.Stream, error) { return nil, xmpp.ErrNoStartTLS }})
	f.expect(f.post(createBody(`wait="59"`)), `condition="remote-connection-failed"`)
}

func TestPollingTooFast(t *testing.T) {
	s := newStub(t, true)
	f := newFixture(t, Options{Dial: s.dialer()})
	created := f.post(createBody(`wait="0" hold="0"`))
	sid := value(created, "sid")
	if sid == "" || value(created, "requests") != "1" {
		t.Fatalf("got %s", created)
	}
	s.peer()
	waitFor(t, f, sid, func(s *session) bool { return len(s.queue) > 0 })
	f.expect(f.post(requestBody(sid, "1001", "", "")), "<stream:features")
	f.post(requestBody(sid, "1002", "", "")) // the one before brought something
	f.expect(f.post(requestBody(sid, "1003", "", "")), `condition="policy-violation"`)
}

func TestSessionsPerAddress(t *testing.T) {
	s := newStub(t, true)
	f := newFixture(t, Options{Dial: s.dialer(), Limits: Limits{SessionsPerAddress: 1}})
	created := f.post(createBody(`wait="59"`))
	rsp, err := f.do(t.Context(), createBody(`wait="59"`))
	if err != nil {
		t.Fatal(err)
	}
	rsp.Body.Close()
	if rsp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("status %d, want 429", rsp.StatusCode)
	}
	f.post(requestBody(value(created, "sid"), "1001", `type="terminate"`, ""))
	f.expect(f.post(createBody(`wait="59"`)), "sid=")
}

// A request that was answered before it was processed, because the server was slow,
// and that turns out to be wrong when it is: the session ends, and nobody waits for
// somebody who is gone.
func TestWrongAfterItWasAnswered(t *testing.T) {
	inLab(t, Options{Limits: Limits{Write: time.Hour}}, func(l *lab) {
		l.create(usual)
		resume := l.peers[0].stall()
		l.next("", numbered("1"))
		l.next(`stream="none"`, numbered("2")).hangUp()
		l.next("", numbered("3")).wait() // all are answered with nothing, in time
		resume()
		synctest.Wait()
		s := l.session()
		if !isOver(s) || strings.Contains(l.peers[0].got(), numbered("2")) {
			t.Errorf("the server got %s", l.peers[0].got())
		}
		l.is(l.next("", "").body(), ended(ItemNotFound))
	})
}

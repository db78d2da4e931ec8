package bosh

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

func TestAddressKey(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1",
		"::ffff:192.0.2.1":     "192.0.2.1",
		"2001:db8:1:2::3":      "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::9": "2001:db8:1:2::/64",
		"2001:db8:1:3::3":      "2001:db8:1:3::/64",
		"fe80::1%eth0":         "fe80::/64",
		"somewhere":            "somewhere",
	} {
		if got := addressKey(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// A network of one client is one client.
func TestSessionsOfAnIPv6Network(t *testing.T) {
	s := newSeats(Limits{SessionsPerAddress: 3}.withDefaults())
	for i := range 3 {
		if _, err := s.take("2001:db8::" + itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.take("2001:db8::ffff"); !errors.Is(err, errAddressFull) {
		t.Errorf("another address of the network: %v", err)
	}
	if _, err := s.take("2001:db8:0:1::1"); err != nil {
		t.Errorf("another network: %v", err)
	}
}

func TestSessionsBeginNoFasterThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSeats(Limits{SessionsPerAddress: 2, NewSessionsPerAddress: 1, NewSessions: 10}.withDefaults())
		count := func(address string, d time.Duration) (begun int) {
			for start := time.Now(); time.Since(start) < d; time.Sleep(10 * time.Millisecond) {
				if release, err := s.take(address); err == nil {
					release()
					begun++
				} else if !errors.Is(err, errAddressFast) || !errors.Is(err, errAddressFull) {
					t.Fatal(err)
				}
			}
			return begun
		}
		if n := count("192.0.2.1", 20*time.Second); n < 20 || n > 25 {
			t.Errorf("%d sessions began in 20 s, where 1 a second may, and 4 at once", n)
		}
		// All together, whoever asks.
		refused := 0
		for i := range 100 {
			if _, err := s.take("198.51.100." + itoa(i)); errors.Is(err, errFast) {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if refused != 80 {
			t.Errorf("%d of 100 at once were refused, where 20 may begin", refused)
		}
		// What is remembered of addresses is forgotten.
		time.Sleep(time.Minute)
		s.sweepAt = 0
		s.of("203.0.113.1", time.Now())
		if n := len(s.begun); n != 1 {
			t.Errorf("%d addresses are remembered", n)
		}
	})
}

func TestRefusedSeatsAreToldApart(t *testing.T) {
	f := newFixture(t, Options{Dial: nowhere, Limits: Limits{SessionsPerAddress: 1, Sessions: 1},
		ClientAddress: func(r *http.Request) string { return r.Header.Get("X-From") }})
	dial := func(from string) int {
		conn, rsp, err := websocket.Dial(t.Context(), f.url+"/xmpp-websocket", &websocket.DialOptions{
			Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"Origin": {site}, "X-From": {from}}})
		if conn != nil {
			t.Cleanup(func() { _ = conn.CloseNow() })
		}
		if err != nil && rsp == nil {
			t.Fatal(err)
		}
		if rsp.StatusCode != 101 && rsp.Header.Get("Retry-After") == "" {
			t.Errorf("%s without Retry-After", rsp.Status)
		}
		return rsp.StatusCode
	}
	for _, test := range []struct {
		from string
		want int
	}{{"192.0.2.1", 101}, {"192.0.2.2", 503}} {
		if got := dial(test.from); got != test.want {
			t.Errorf("%s: %d, want %d", test.from, got, test.want)
		}
	}
}

// A client that is too fast is slowed down, and sent away when it does not let up.
func TestFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFlow(Limits{StanzaRate: 10, ByteRate: 1000, Flood: 5 * time.Second, Body: 20_000}.withDefaults())
		send := func(n, size int) (time.Duration, error) {
			begun := time.Now()
			for range n {
				if err := f.wait(t.Context(), size); err != nil {
					return time.Since(begun), err
				}
			}
			return time.Since(begun), nil
		}
		if took, err := send(100, 1); took != 0 || err != nil {
			t.Errorf("a burst of 100 took %v, %v", took, err)
		}
		if took, err := send(20, 1); took != 2*time.Second || err != nil {
			t.Errorf("20 more took %v, %v", took, err)
		}
		time.Sleep(time.Minute) // which lets up
		if took, err := send(10_000, 1); took < 5*time.Second || took > 6*time.Second || !errors.Is(err, errFlood) {
			t.Errorf("a flood ended after %v with %v", took, err)
		}
		// Taking breath is not letting up; taking a rest is.
		for _, test := range []struct {
			pause time.Duration
			ends  bool
		}{{300 * time.Millisecond, true}, {3 * time.Second, false}} {
			f = newFlow(Limits{StanzaRate: 10, ByteRate: 1000, Flood: 5 * time.Second, Body: 20_000}.withDefaults())
			_, err := send(110, 1)
			for begun := time.Now(); err == nil && time.Since(begun) < time.Minute; time.Sleep(test.pause) {
				_, err = send(20, 1)
			}
			if errors.Is(err, errFlood) != test.ends {
				t.Errorf("with pauses of %v: %v", test.pause, err)
			}
		}
		f = newFlow(Limits{StanzaRate: 1000, ByteRate: 1000, Flood: time.Hour, Body: 20_000}.withDefaults())
		if took, err := send(4, 10_000); took != 20*time.Second || err != nil {
			t.Errorf("40,000 bytes at 1,000 a second took %v, %v; 20,000 may come at once", took, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := f.wait(ctx, 20_000); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a session that ends still waits: %v", err)
		}
	})
}

func TestFloodEndsTheSession(t *testing.T) {
	o := Options{Limits: Limits{StanzaRate: 5, Flood: 500 * time.Millisecond}}
	t.Run("WebSocket", func(t *testing.T) {
		c, p := open(t, o)
		go func() {
			for c.conn.Write(t.Context(), websocket.MessageText, []byte(numbered("x"))) == nil {
			}
		}()
		c.until("<policy-violation ")
		c.expect("<close ")
		c.expectClosed(websocket.StatusPolicyViolation)
		if n := strings.Count(p.wait(t, "EOF"), "<message"); n < 50 || n > 60 {
			t.Errorf("%d stanzas arrived, where 50 may at once and 5 a second", n)
		}
	})
	t.Run("white space over WebSocket", func(t *testing.T) { // is no work for the server, but for us
		c, _ := open(t, o)
		go func() {
			for c.conn.Write(t.Context(), websocket.MessageText, []byte(" ")) == nil {
			}
		}()
		c.until("<policy-violation ")
	})
	t.Run("BOSH", func(t *testing.T) {
		s := newStub(t, true)
		o.Dial = s.dialer()
		c := &boshClient{fixture: newFixture(t, o), rid: 1000}
		c.sid = value(c.post(createBody(`wait="5" hold="1"`)), "sid")
		got := c.ask("", strings.Repeat(numbered("x"), 200))
		c.expect(got, `condition="policy-violation"`)
		if n := strings.Count(s.peer().wait(t, "EOF"), "<message"); n > 60 {
			t.Errorf("%d stanzas arrived", n)
		}
	})
}

func TestSessionsEndAfterTheirTime(t *testing.T) {
	for name, test := range map[string]struct {
		limits    Limits
		condition string
		code      websocket.StatusCode
	}{
		"idle": {Limits{Idle: 200 * time.Millisecond}, "<policy-violation ", websocket.StatusPolicyViolation},
		"life": {Limits{Life: 200 * time.Millisecond}, "<reset ", websocket.StatusNormalClosure},
	} {
		t.Run(name, func(t *testing.T) {
			test.limits.Ping = 20 * time.Millisecond
			c, p := open(t, Options{Limits: test.limits})
			stop := make(chan struct{})
			defer close(stop)
			if name == "life" { // it is not idle
				go func() {
					for {
						select {
						case <-stop:
							return
						case <-time.After(20 * time.Millisecond):
							io.WriteString(p, numbered("x"))
						}
					}
				}()
			}
			c.until(test.condition)
			for {
				got, err := c.hear()
				if err != nil {
					if websocket.CloseStatus(err) != test.code {
						t.Errorf("%v", err)
					}
					break
				}
				if got != closeFrame && !strings.HasPrefix(got, "<message") {
					t.Errorf("got %s", got)
				}
			}
			if got := p.wait(t, "EOF"); strings.Contains(got, "</stream:stream>") {
				t.Error("it cannot be resumed")
			}
		})
	}
	// A session in which something is said is not idle.
	c, p := open(t, Options{Limits: Limits{Idle: 500 * time.Millisecond, Ping: 20 * time.Millisecond}})
	for begun := time.Now(); time.Since(begun) < time.Second; {
		c.say(numbered("x"))
		io.WriteString(p, numbered("y"))
		c.expect("<message")
	}
}

func TestBOSHSessionEndsAfterItsTime(t *testing.T) {
	s := newStub(t, true)
	c := &boshClient{fixture: newFixture(t, Options{Dial: s.dialer(), Limits: Limits{Life: 500 * time.Millisecond}}), rid: 1000}
	c.sid = value(c.post(createBody(`wait="1" hold="1"`)), "sid")
	for range 10 {
		if got := c.ask("", ""); strings.Contains(got, "terminate") {
			c.expect(got, `condition="policy-violation"`)
			s.peer().wait(t, "EOF")
			return
		}
	}
	t.Error("the session lives on")
}

// Thousands of clients are let go over a time, and not all at once.
func TestDrainIsSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := func(n int, spread time.Duration) (busiest int, took time.Duration) {
			seconds := map[time.Duration]int{}
			begun := time.Now()
			var ends []func()
			for range n {
				ends = append(ends, func() { seconds[time.Since(begun)/time.Second]++ })
			}
			Drain{Spread: spread}.run(t.Context(), ends)
			for _, k := range seconds {
				busiest = max(busiest, k)
			}
			return busiest, time.Since(begun)
		}
		if busiest, took := run(5000, 20*time.Second); busiest > 300 || took > 20*time.Second || took < 19*time.Second {
			t.Errorf("5000 over 20 s: %d in the busiest second, %v in all", busiest, took)
		}
		if busiest, took := run(5000, 0); busiest != 5000 || took != 0 { // the control
			t.Errorf("without a spread: %d, %v", busiest, took)
		}
		if _, took := run(10, 20*time.Second); took > 50*time.Millisecond {
			t.Errorf("ten clients keep the proxy for %v", took)
		}
		// Not in the same order each time, and when time is up all that are left.
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		ended := 0
		var ends []func()
		for range 5000 {
			ends = append(ends, func() { ended++ })
		}
		begun := time.Now()
		Drain{Spread: 20 * time.Second}.run(ctx, ends)
		if ended != 5000 || time.Since(begun) != 5*time.Second {
			t.Errorf("%d ended in %v", ended, time.Since(begun))
		}
	})
}

// What both transports tell when the proxy goes away, and that nothing new begins.
func TestDrainTellsBothTransports(t *testing.T) {
	s := newStub(t, true)
	f := newFixture(t, Options{Dial: s.dialer()})
	c := dialWebSocket(t, f)
	c.say(openMessage)
	c.expect("<open ")
	c.expect("<stream:features")
	ws := s.peer()
	silent := dialWebSocket(t, f) // it has not said <open/> yet
	b := &boshClient{fixture: f, rid: 1000}
	b.sid = value(b.post(createBody(`wait="20" hold="1"`)), "sid")
	over := s.peer()
	held := f.later(requestBody(b.sid, "1001", "", ""))
	f.waitHeld(b.sid)
	closed := make(chan error, 1)
	go func() { closed <- f.bridge.Close(t.Context()) }()
	if got := <-held; !strings.Contains(got, `condition="system-shutdown"`) || !strings.Contains(got, `type="terminate"`) {
		t.Errorf("BOSH: %s", got)
	}
	if got := c.expect("<stream:error "); !strings.Contains(got, "<system-shutdown ") {
		t.Errorf("WebSocket: %s", got)
	}
	c.expect(closeFrame)
	c.expectClosed(websocket.StatusGoingAway)
	silent.expect(closeFrame)
	silent.expectClosed(websocket.StatusGoingAway)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	for _, p := range []*peer{ws, over} {
		if got := p.wait(t, "EOF"); strings.Contains(got, "</stream:stream>") {
			t.Error("a session cannot be resumed at the next proxy")
		}
	}
	_, rsp, err := websocket.Dial(t.Context(), f.url+"/xmpp-websocket", &websocket.DialOptions{
		Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"Origin": {site}}})
	if err == nil || rsp.StatusCode != 503 {
		t.Errorf("a new client: %v, %v", rsp, err)
	}
	if again, err := f.do(t.Context(), createBody(`wait="5" hold="1"`)); err != nil || again.StatusCode != 503 {
		t.Errorf("a new BOSH client: %v, %v", again, err)
	}
}

// waitHeld waits until the session holds a request. Of one that has ended, as in a drain
// of the soak, nothing is held any more: its request is answered.
func (f *fixture) waitHeld(sid string) {
	f.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		s := f.bridge.BOSH.find(sid)
		if s == nil {
			return
		}
		s.mu.Lock()
		n := len(s.held)
		s.mu.Unlock()
		if n > 0 {
			return
		}
	}
	f.t.Fatal("no request is held")
}

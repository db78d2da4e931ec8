package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

const httpBind = "http://jabber.org/protocol/httpbind"

// target is a connection manager that answers each request with its RID, the same
// for each copy, and notes what it got.
type target struct {
	*httptest.Server
	answer func(rid string, copies int) string

	mu   sync.Mutex
	rids []string
}

func newTarget(t *testing.T) *target {
	t.Helper()
	s := &target{answer: func(rid string, _ int) string { return "<a>" + rid + "</a>" }}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			s.echo(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		rid := string(ridAttribute.FindSubmatch(body)[1])
		s.mu.Lock()
		s.rids = append(s.rids, rid)
		copies := strings.Count(strings.Join(s.rids, " ")+" ", rid+" ")
		s.mu.Unlock()
		if r.Header.Get("Origin") != "http://"+r.Host {
			http.Error(w, "origin", http.StatusForbidden)
			return
		}
		sid := ""
		if !sidAttribute.Match(body) {
			sid = ` sid="s"`
		}
		fmt.Fprintf(w, `<body xmlns=%q%s>%s</body>`, httpBind, sid, s.answer(rid, copies))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *target) echo(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	for {
		kind, message, err := conn.Read(r.Context())
		if err != nil || conn.Write(r.Context(), kind, message) != nil {
			return
		}
	}
}

func (s *target) received() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.rids, " ")
}

func startRelay(t *testing.T, s *target, o Options) *Relay {
	t.Helper()
	o.Target = strings.TrimPrefix(s.URL, "http://")
	r, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func post(r *Relay, rid int) (string, error) {
	sid := ` sid="s"`
	if rid == 100 {
		sid = ""
	}
	answer, err := http.Post("http://"+r.Addr()+"/http-bind", "text/xml", strings.NewReader(fmt.Sprintf(`<body rid="%d"%s xmlns=%q/>`, rid, sid, httpBind)))
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	return string(all), err
}

// Each fault does what it says, once, and the repetition passes.
func TestFaultsOfBOSH(t *testing.T) {
	for kind, want := range map[Kind]struct {
		broken   bool
		received string
	}{
		AbortBefore:  {true, "100 101"},
		AbortHeld:    {true, "100 101 101"},
		LoseResponse: {true, "100 101 101"},
		AbortMiddle:  {true, "100 101 101"},
		Duplicate:    {false, "100 101 101"},
		Delay:        {false, "100 101"},
	} {
		t.Run(string(kind), func(t *testing.T) {
			s := newTarget(t)
			r := startRelay(t, s, Options{BOSH: map[Kind]float64{kind: 1}})
			if _, err := post(r, 100); err != nil {
				t.Fatalf("the creation of the session: %v", err)
			}
			got, err := post(r, 101)
			if (err != nil) != want.broken {
				t.Errorf("the request got %q, %v", got, err)
			}
			if err != nil {
				if got, err = post(r, 101); err != nil {
					t.Errorf("the repetition: %v", err)
				}
			}
			if !strings.Contains(got, "<a>101</a>") {
				t.Errorf("got %s", got)
			}
			// What was cut when it had been sent may arrive a little later.
			for deadline := time.Now().Add(5 * time.Second); s.received() != want.received && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
			if got := s.received(); got != want.received {
				t.Errorf("the target received %s, want %s", got, want.received)
			}
			if n := r.Injected()[kind]; n != 1 || len(r.Violations()) > 0 {
				t.Errorf("%d faults; %v", n, r.Violations())
			}
		})
	}
}

// A request is overtaken by the next.
func TestReorder(t *testing.T) {
	s := newTarget(t)
	r := startRelay(t, s, Options{BOSH: map[Kind]float64{Reorder: 1}, Most: 1})
	if _, err := post(r, 100); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	ask := func(rid int) {
		if got, err := post(r, rid); err != nil || !strings.Contains(got, fmt.Sprintf("<a>%d</a>", rid)) {
			t.Errorf("%d got %s, %v", rid, got, err)
		}
	}
	both.Go(func() { ask(101) })
	for r.session("s").attemptsOf(101) == 0 {
		time.Sleep(time.Millisecond)
	}
	both.Go(func() { ask(102) })
	both.Wait()
	if got := s.received(); got != "100 102 101" || r.Injected()[Reorder] != 1 {
		t.Errorf("the target received %s; %v", got, r.Injected())
	}
}

func (s *session) attemptsOf(rid int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts[rid]
}

// A connection manager that gives two answers to one request is found out.
func TestViolations(t *testing.T) {
	for _, kind := range []Kind{LoseResponse, AbortMiddle, Duplicate} {
		s := newTarget(t)
		s.answer = func(rid string, copies int) string { return fmt.Sprintf("<a>%s, copy %d</a>", rid, copies) }
		r := startRelay(t, s, Options{BOSH: map[Kind]float64{kind: 1}})
		for _, rid := range []int{100, 101, 101} {
			_, _ = post(r, rid) // one of them is cut
		}
		if len(r.Violations()) == 0 {
			t.Errorf("%s: nothing was found wrong", kind)
		}
	}
}

// Connections are cut in all four ways, what passed before is whole, and then
// there are no cuts any more.
func TestFaultsOfWebSocket(t *testing.T) {
	s := newTarget(t)
	r := startRelay(t, s, Options{Cuts: 4, Frames: map[Kind]float64{SplitFrame: .1, DelayFrame: .01}})
	for n := range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		conn, _, err := websocket.Dial(ctx, "ws://"+r.Addr()+"/xmpp-websocket", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.CloseNow()
		echoed := 0
		for ; echoed < 300; echoed++ {
			message := fmt.Sprintf("message %d of %d", echoed, n)
			if conn.Write(ctx, websocket.MessageText, []byte(message)) != nil {
				break
			}
			_, got, err := conn.Read(ctx)
			if err != nil {
				break
			}
			if string(got) != message {
				t.Fatalf("got %q, want %q", got, message)
			}
		}
		if whole := echoed == 300; whole != (n == 4) {
			t.Errorf("connection %d passed %d messages", n, echoed)
		}
		if err := ctx.Err(); errors.Is(err, context.DeadlineExceeded) {
			t.Fatal("a connection hung")
		}
	}
	injected := r.Injected()
	for _, kind := range []Kind{CutBetweenUp, CutBetweenDown, CutInsideUp, CutInsideDown} {
		if injected[kind] != 1 {
			t.Errorf("%d times %s", injected[kind], kind)
		}
	}
	if injected[SplitFrame] == 0 || injected[DelayFrame] == 0 {
		t.Errorf("faults of frames: %v", injected)
	}
}

// The same seed decides the same, whatever the order of asking.
func TestSeed(t *testing.T) {
	likely := map[Kind]float64{AbortBefore: .3, Duplicate: .3}
	draw := func(seed, about uint64) Kind { return pick(dice{seed}.source(about), boshKinds, likely) }
	var forward [100]Kind
	for n := range forward {
		forward[n] = draw(1, uint64(n))
	}
	differ := 0
	for n := uint64(99); n < 100; n-- {
		if draw(1, n) != forward[n] {
			t.Fatal("one decision came out differently")
		}
		if draw(1, n) != draw(2, n) {
			differ++
		}
	}
	if differ == 0 {
		t.Error("the seed makes no difference")
	}
}

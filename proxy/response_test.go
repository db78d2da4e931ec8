package proxy

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// stream is an upstream that sends the start of a page and then waits.
type stream struct {
	coding string
	more   chan struct{} // closed to go on
	gone   chan struct{} // closed when the handler has ended
}

func newStream(coding string) *stream {
	return &stream{coding, make(chan struct{}), make(chan struct{})}
}

const firstPart, lastPart = `<p>first</p><script src="/static/a.js"></script>`, `<p>last</p>`

func (s *stream) serve(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer close(s.gone)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		finish := func() error { _, err := io.WriteString(w, lastPart); return err }
		if s.coding == "" {
			_, _ = io.WriteString(w, firstPart)
		} else {
			w.Header().Set("Content-Encoding", s.coding)
			enc := writeFlushed(t, s.coding, w, firstPart)
			finish = func() error { _, _ = io.WriteString(enc, lastPart); return enc.Close() }
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-s.more:
			_ = finish()
		case <-r.Context().Done():
		}
	}
}

// begin asks for the page and reads its first part, rewritten.
func (s *stream) begin(ctx context.Context, t *testing.T, site *testSite) (*http.Response, io.Reader) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", site.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip, br, zstd")
	res, err := newClient().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := newDecoder(s.coding, res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for !strings.Contains(got.String(), `src="/static/a.js"></script>`) {
		p := make([]byte, 512)
		n, err := text.Read(p)
		got.Write(p[:n])
		if err != nil {
			t.Fatalf("%v after %s", err, got.String())
		}
	}
	return res, text
}

// What the upstream has sent reaches the client while the upstream still waits.
func TestAPageStreams(t *testing.T) {
	for _, coding := range allCodings {
		t.Run("coding "+coding, func(t *testing.T) {
			s := newStream(coding)
			res, text := s.begin(t.Context(), t, start(t, s.serve(t), allowOwn))
			defer res.Body.Close()
			close(s.more)
			rest, err := io.ReadAll(text)
			if err != nil || string(rest) != lastPart {
				t.Errorf("got %q, %v", rest, err)
			}
		})
	}
}

// Clients that go away in the middle of a page leave no goroutine behind, and the
// upstream is let go.
func TestClientsThatGoAwayLeaveNothing(t *testing.T) {
	for _, coding := range codings {
		for range 5 {
			s := newStream(coding)
			site := start(t, s.serve(t), allowOwn)
			ctx, leave := context.WithCancel(t.Context())
			res, _ := s.begin(ctx, t, site)
			leave()
			_ = res.Body.Close()
			<-s.gone
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for running("proxy.copyFlushing") {
		if time.Now().After(deadline) {
			t.Fatal("a goroutine that compresses is left")
		}
		runtime.Gosched()
	}
}

// running reports whether a goroutine is in the function.
func running(function string) bool {
	stacks := make([]byte, 1<<20)
	return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), function)
}

func TestServerSentEventsPassAtOnce(t *testing.T) {
	acknowledged := make(chan struct{})
	site := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, event := range []string{"data: <script>\n\n", "data: 2\n\n"} {
			_, _ = io.WriteString(w, event)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-acknowledged:
			case <-r.Context().Done():
				return
			}
		}
	}, "")
	r, err := http.NewRequest("GET", site.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Dest", "empty")
	res, err := newClient().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	events := bufio.NewReader(res.Body)
	for _, want := range []string{"data: <script>\n", "data: 2\n"} {
		if got, err := events.ReadString('\n'); err != nil || got != want {
			t.Fatalf("got %q, %v", got, err)
		}
		_, _ = events.ReadString('\n')
		acknowledged <- struct{}{}
	}
}

func TestTheSitesWebSocketPasses(t *testing.T) {
	site := start(t, func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"echo"}})
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.CloseNow()
		for {
			kind, message, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			if err := conn.Write(r.Context(), kind, append([]byte(r.Header.Get("X-Real-Ip")+" "), message...)); err != nil {
				return
			}
		}
	}, "")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, res, err := websocket.Dial(ctx, site.URL+"/socket", &websocket.DialOptions{
		Subprotocols: []string{"echo"}, HTTPHeader: http.Header{"X-Real-Ip": {"forged"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if conn.Subprotocol() != "echo" || res.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("got %d, %q", res.StatusCode, conn.Subprotocol())
	}
	for _, message := range []string{"<script>", strings.Repeat("x", 20_000)} {
		if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := conn.Read(ctx); err != nil || string(got) != "127.0.0.1 "+message {
			t.Fatalf("got %.40q, %v", got, err)
		}
	}
	if err := conn.Close(websocket.StatusNormalClosure, "bye"); err != nil {
		t.Error(err)
	}
}

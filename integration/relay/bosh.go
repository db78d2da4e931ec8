package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// session is what the relay knows of a BOSH session.
type session struct {
	first   int64       // the RID that created it
	holding atomic.Bool // a request is held back

	mu       sync.Mutex
	attempts map[int64]int    // how often each RID was sent
	passed   int64            // the largest RID that was sent to chatproxy
	next     int64            // the RID whose answer the client is to get next
	lost     map[int64][]byte // answers that the client did not get
	changed  chan struct{}    // closed, and made anew, when passed or next change
}

// answer is a whole response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// empty reports whether it is a <body/> without content that does not end the
// session.
func (a *answer) empty() bool { return emptyBody.Match(a.body) && !terminate.Match(a.body) }

var (
	ridAttribute = regexp.MustCompile(`^<body\s[^>]*?\brid=["'](\d+)["']`)
	sidAttribute = regexp.MustCompile(`^<body\s[^>]*?\bsid=["']([^"']+)["']`)
	emptyBody    = regexp.MustCompile(`^<body\b[^>]*(/>|></body>)$`)
	terminate    = regexp.MustCompile(`^<body\b[^>]*\btype=["']terminate["']`)
	declaration  = regexp.MustCompile(`^\s*<\?xml[^>]*\?>\s*`)
)

// OrderHeader numbers the answers of a session in the order of their requests,
// and so in that in which the relay sends them. Two that come on two connections
// within a few milliseconds are read by a busy client in either order, and Strophe
// and stanza process them as they are read. The drivers put them in order.
const OrderHeader = "Relay-Order"

// errCut is the end of a request that the relay gave up on purpose.
var errCut = errors.New("the relay cuts the connection")

// bosh passes a BOSH request on, with a fault or without.
func (r *Relay) bosh(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the client hung up
	}
	document := declaration.ReplaceAll(body, nil)
	rid := int64(0)
	if m := ridAttribute.FindSubmatch(document); m != nil {
		rid, _ = strconv.ParseInt(string(m[1]), 10, 64) // these are digits
	}
	var s *session
	if m := sidAttribute.FindSubmatch(document); m != nil {
		s = r.session(string(m[1]))
	}
	if s == nil { // it creates a session, or is for chatproxy to refuse
		a, err := r.pass(req.Context(), req, body, nil)
		if err != nil {
			cutClient(w)
			return
		}
		if m := sidAttribute.FindSubmatch(a.body); m != nil {
			r.begin(string(m[1]), rid)
			a.header.Set(OrderHeader, "0")
		}
		_ = a.write(w) // the client will ask again
		return
	}
	r.faulty(w, req, s, rid, body)
}

// faulty passes on a request of a session.
func (r *Relay) faulty(w http.ResponseWriter, req *http.Request, s *session, rid int64, body []byte) {
	attempt := s.attempt(rid)
	var fault Kind
	source := dice{r.o.Seed}.source(uint64(rid - s.first))
	if attempt == 1 {
		fault = pick(source, boshKinds, r.o.BOSH)
	}
	if r.enough(fault) {
		fault = ""
	}
	ctx := req.Context()
	wrote := func() { s.sent(rid) }
	var a *answer
	var err error
	switch fault {
	case AbortBefore:
		err = errCut
	case AbortHeld:
		held, giveUp := context.WithCancel(ctx)
		_, err = r.pass(held, req, body, func() {
			wrote()
			time.AfterFunc(3*time.Millisecond, giveUp) // written is not read
		})
		giveUp()
		if err == nil {
			// The answer was faster. It is lost all the same.
			err = errCut
		}
	case Duplicate:
		a, err = r.twice(ctx, req, s, rid, body)
	case Reorder:
		if s.overtaken(ctx, rid) {
			r.count(Reorder)
		}
		a, err = r.pass(ctx, req, body, wrote)
	case Delay:
		sleep(ctx, time.Duration(1+source.IntN(40))*time.Millisecond)
		r.count(Delay)
		a, err = r.pass(ctx, req, body, wrote)
	default:
		a, err = r.pass(ctx, req, body, wrote)
	}
	switch {
	case fault == AbortBefore || fault == AbortHeld:
		r.count(fault)
		cutClient(w)
		return
	case err != nil:
		cutClient(w)
		return
	}
	if before := s.lostAnswer(rid); before != nil && !bytes.Equal(before, a.body) {
		r.violation("RID %d was answered with\n%s\nwhich was lost, and then with\n%s", rid, before, a.body)
	}
	switch fault {
	case LoseResponse:
		s.lose(rid, a.body)
		r.count(fault)
		cutClient(w)
		return
	case AbortMiddle:
		s.lose(rid, a.body)
		r.count(fault)
		a.writeHalf(w)
		return
	}
	if !s.turn(ctx, rid) {
		return // the client hung up
	}
	a.header.Set(OrderHeader, strconv.FormatInt(rid-s.first, 10))
	if a.write(w) == nil {
		s.delivered(rid)
	}
}

// pass sends the request to chatproxy and reads the whole answer. wrote, if
// any, is called when the request is on its way.
func (r *Relay) pass(ctx context.Context, req *http.Request, body []byte, wrote func()) (*answer, error) {
	if wrote != nil {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { wrote() }})
	}
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("the relay's request: %w", err)
	}
	out.GetBody = nil // the transport shall repeat nothing by itself
	out.URL = &url.URL{Path: req.URL.Path, RawQuery: req.URL.RawQuery}
	out.Header = req.Header.Clone()
	for _, hop := range []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect"} {
		out.Header.Del(hop)
	}
	r.address(out)
	rsp, err := r.upstream.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer rsp.Body.Close()
	content, err := io.ReadAll(rsp.Body)
	if err != nil {
		return nil, err
	}
	return &answer{rsp.StatusCode, rsp.Header, content}, nil
}

// twice sends the request on two connections, the second when the first has
// been written. Both answers are waited for: which of them has the content
// depends on how far chatproxy was.
func (r *Relay) twice(ctx context.Context, req *http.Request, s *session, rid int64, body []byte) (*answer, error) {
	type result struct {
		a   *answer
		err error
	}
	results := make(chan result, 2)
	first := make(chan struct{})
	once := sync.OnceFunc(func() { close(first) })
	go func() {
		a, err := r.pass(ctx, req, body, func() { s.sent(rid); once() })
		once()
		results <- result{a, err}
	}()
	<-first
	go func() {
		a, err := r.pass(ctx, req, body, func() { r.count(Duplicate) })
		results <- result{a, err}
	}()
	one, two := <-results, <-results
	switch {
	case one.err != nil:
		return two.a, two.err
	case two.err != nil:
		return one.a, nil
	case one.a.empty():
		return two.a, nil
	case !two.a.empty() && !bytes.Equal(one.a.body, two.a.body):
		r.violation("RID %d was sent twice, and answered with\n%s\nand with\n%s", rid, one.a.body, two.a.body)
	}
	return one.a, nil
}

func (a *answer) write(w http.ResponseWriter) error {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	if _, err := w.Write(a.body); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// writeHalf says how much will come, sends half of it and closes.
func (a *answer) writeHalf(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	_ = a.header.Write(&b)
	b.WriteString("\r\n")
	b.Write(a.body[:len(a.body)/2])
	_, _ = conn.Write(b.Bytes()) // it is to be lost
}

func cutClient(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		cut(conn)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

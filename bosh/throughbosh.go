package bosh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"
	"time"

	"chatproxy/xmpp"
)

// boshThrough passes BOSH requests through to a server's own endpoint. A body
// goes on byte for byte, checked before by the parser that reads bodies for
// bridging. What becomes of a session it learns from the tags of the answers:
// see [passages].
type boshThrough struct {
	o        *Options
	seats    *seats
	work     *sync.WaitGroup
	proxy    *httputil.ReverseProxy
	way      *http.Transport
	passages passages
	ctx      context.Context // done when no session is made any more
	stop     context.CancelCauseFunc
}

func newBOSHThrough(o *Options, s *seats, work *sync.WaitGroup) *boshThrough {
	t := &boshThrough{o: o, seats: s, work: work}
	t.passages.known = map[string]*passage{}
	t.ctx, t.stop = context.WithCancelCause(context.Background())
	target := o.Through.BOSH
	t.way = o.Through.transport(target, o.Limits)
	t.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			a, _ := r.In.Context().Value(askerKey{}).(asker)
			r.Out.URL = target
			r.Out.Host = endpointHost(target, o.Domain)
			r.Out.Header = a.forwarded()
			r.Out.Header.Set("Content-Type", "text/xml; charset=utf-8")
			r.Out.Header.Set("Accept-Encoding", "identity") // the answer's tag is read
			r.Out.Header.Set("User-Agent", "")              // not Go's either
		},
		Transport:      t.way,
		ModifyResponse: t.answered,
		ErrorHandler:   t.failed,
		ErrorLog:       log.New(io.Discard, "", 0), // failed tells o.Log
		BufferPool:     new(buffers),
	}
	return t
}

// buffers are for copying answers, which are small: the standard library's
// 32 KiB for each would be most of what a request costs.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if kept, ok := b.pool.Get().(*[]byte); ok {
		return *kept
	}
	return make([]byte, 4<<10)
}

func (b *buffers) Put(p []byte) { b.pool.Put(&p) }

// passing is one request on its way through.
type passing struct {
	w       http.ResponseWriter
	body    *xmpp.Body // the client's; its tag only
	passage *passage   // nil until the server has made the session
	overTLS bool
	origin  string
	release func() // of the seat, while the session is being made
}

type passingKey struct{}

// serve passes a request on whose document was checked.
func (t *boshThrough) serve(w http.ResponseWriter, r *http.Request, document []byte) {
	answer := func(c Condition) { terminal(c).write(w, "text/xml; charset=utf-8", t.o.Limits.Write) }
	body, _, err := xmpp.ReadBodyTag(bytes.NewReader(document), t.o.Limits.stanzaLimits())
	if err != nil { // not possible after the check
		answer(BadRequest)
		return
	}
	p := &passing{w: w, body: body, overTLS: t.o.Secure(r), origin: r.Header.Get("Origin")}
	if c := p.check(t.o.Domain); c != "" {
		answer(c)
		return
	}
	if p.get("sid") != "" {
		var c Condition
		if p.passage, c = t.passages.enter(p, t.work); c != "" {
			answer(c)
			return
		}
		defer t.work.Done()
		defer func() { t.passages.leave(p.passage, seconds(p.get("pause"), 0)) }()
	} else {
		if !t.passages.begin(t.work) {
			refuse(w, http.StatusServiceUnavailable, "the chat is shutting down")
			return
		}
		defer t.work.Done()
		if p.release = t.seat(w, r); p.release == nil {
			return
		}
		defer func() {
			if p.passage == nil { // no session came of it
				p.release()
				return
			}
			t.passages.leave(p.passage, 0)
		}()
	}
	t.pass(w, r, p, document)
}

func (p *passing) get(name string) string { v, _ := p.body.Attribute(name); return v }

// check holds what a body may ask the server for to the one domain.
func (p *passing) check(domain string) Condition {
	to, addressed := p.body.Attribute("to")
	switch _, routed := p.body.Attribute("route"); {
	case routed:
		// It would let a client choose the host that the server connects to
		// (CWE-918).
		return PolicyViolation
	case p.get("sid") != "" && !addressed:
		return ""
	case to == "" || strings.ContainsAny(to, "@/"):
		return ImproperAddressing
	case !strings.EqualFold(to, domain):
		return HostUnknown // never an open relay
	}
	return ""
}

// seat takes a seat for a new session, or refuses the request.
func (t *boshThrough) seat(w http.ResponseWriter, r *http.Request) (release func()) {
	address := t.o.ClientAddress(r)
	release, err := t.seats.take(address)
	if err == nil {
		return release
	}
	t.o.Log.Warn("BOSH session refused", "client", address, "reason", err)
	refuseSeat(w, err)
	return nil
}

// Causes of a request's context.
var errTooLate = errors.New("the XMPP server's endpoint took longer than it said")

func (t *boshThrough) pass(w http.ResponseWriter, r *http.Request, p *passing, document []byte) {
	patience, end := seconds(p.get("wait"), 0), t.ctx
	if p.passage != nil {
		patience, end = p.passage.wait, p.passage.ctx
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), patience+t.o.Limits.Handshake, errTooLate)
	defer cancel()
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	defer context.AfterFunc(end, func() { abort(context.Cause(end)) })()
	out := r.WithContext(context.WithValue(t.o.asking(ctx, r), passingKey{}, p))
	out.Body, out.ContentLength, out.TransferEncoding = io.NopCloser(bytes.NewReader(document)), int64(len(document)), nil
	t.proxy.ServeHTTP(&finalOnly{w, http.Header{}}, out)
}

// endpointError says that the server's endpoint does not behave.
type endpointError string

func (e endpointError) Error() string { return "the XMPP server's BOSH endpoint " + string(e) }

// maxBodyTag caps the start tag of an answer. Answers of at most maxEdited are
// read whole and looked into; all that negotiates a stream is far smaller.
const (
	maxBodyTag = 16 << 10
	maxEdited  = 64 << 10
)

// answered looks at the server's answer before it goes to the client.
func (t *boshThrough) answered(rsp *http.Response) error {
	p, _ := rsp.Request.Context().Value(passingKey{}).(*passing)
	switch status := rsp.StatusCode; {
	case status == http.StatusOK:
	case p.passage != nil && (status == http.StatusBadRequest || status == http.StatusForbidden || status == http.StatusNotFound):
		// What ended a session before XEP-0124 1.6 (§17.3), for a client
		// that said no version.
		t.passages.end(p.passage)
		_ = rsp.Body.Close()
		rsp.Body, rsp.ContentLength = http.NoBody, 0
		t.headers(rsp, p.w)
		return nil
	default:
		return endpointError(fmt.Sprintf("answers %d", status))
	}
	tag, read, err := xmpp.ReadBodyTag(rsp.Body, xmpp.Limits{StanzaBytes: maxBodyTag})
	if err != nil {
		return fmt.Errorf("%w: %w", endpointError("answers with no BOSH body"), err)
	}
	if err := t.content(rsp, read); err != nil {
		return err
	}
	kind, _ := tag.Attribute("type")
	switch {
	case p.passage == nil && kind != "terminate":
		if p.passage, err = t.passages.create(tag, p, t.o.Limits); err != nil {
			return err
		}
		t.o.Log.Info("BOSH session begins at the server's endpoint", "session", p.passage.name)
	case p.passage != nil && kind == "terminate":
		t.passages.end(p.passage)
	}
	t.headers(rsp, p.w)
	return nil
}

// content puts together the body of an answer of which some was read. An
// answer without a length is read to its end, since the client gets an exact
// one. A small one loses what clients must not negotiate.
func (t *boshThrough) content(rsp *http.Response, read []byte) error {
	if rsp.ContentLength > maxEdited {
		rsp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(read), rsp.Body), rsp.Body}
		return nil
	}
	most := int64(t.o.Limits.Queue + maxServerMessage)
	rest, err := io.ReadAll(io.LimitReader(rsp.Body, most))
	if err != nil {
		return fmt.Errorf("%w: %w", endpointError("breaks off its answer"), err)
	}
	if int64(len(rest)) == most {
		return endpointError("answers without end")
	}
	_ = rsp.Body.Close()
	document := append(read, rest...)
	if len(document) <= maxEdited && bytes.Contains(document, []byte("features")) {
		if document, err = xmpp.HideFeatures(document, xmpp.Limits{}); err != nil {
			return fmt.Errorf("%w: %w", endpointError("answers with something else than XMPP"), err)
		}
	}
	rsp.Body, rsp.ContentLength = io.NopCloser(bytes.NewReader(document)), int64(len(document))
	return nil
}

// headers gives the answer the header that a bridged one has. Nothing of the
// server's is left: a cookie or a type of text/html would be one of the site
// (CWE-79), and its CORS headers would stand beside ours.
func (t *boshThrough) headers(rsp *http.Response, w http.ResponseWriter) {
	rsp.Header = http.Header{
		"Content-Type":           {"text/xml; charset=utf-8"},
		"Content-Length":         {strconv.FormatInt(rsp.ContentLength, 10)},
		"Cache-Control":          {"no-store"},
		"X-Content-Type-Options": {"nosniff"},
		// Somebody's message in it could be XHTML with a script.
		"Content-Security-Policy": {contentPolicy},
	}
	rsp.Trailer = nil
	// Not every ResponseWriter has deadlines; the server's own then holds.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(t.o.Limits.Write))
}

// failed answers a request that the server's endpoint did not.
func (t *boshThrough) failed(w http.ResponseWriter, r *http.Request, err error) {
	cause := context.Cause(r.Context())
	var misbehaves endpointError
	switch {
	case errors.Is(cause, errShutdown), errors.Is(err, errShutdown):
		terminal(SystemShutdown).write(w, "text/xml; charset=utf-8", t.o.Limits.Write)
	case cause != nil && !errors.Is(cause, errTooLate):
		// The client hung up, and there is nobody to tell.
	case permanent(err):
		t.o.Log.Error("BOSH request not passed on", "reason", err)
		terminal(RemoteConnectionFailed).write(w, "text/xml; charset=utf-8", t.o.Limits.Write)
	case errors.As(err, &misbehaves):
		t.o.Log.Error("BOSH request not passed on", "reason", err)
		refuse(w, http.StatusBadGateway, "the chat does not work at the moment")
	default:
		// A server that restarts must not log everybody out: clients try
		// again after a 5xx, and give up after a terminal condition.
		t.o.Log.Warn("BOSH request not passed on", "reason", err)
		refuse(w, http.StatusServiceUnavailable, "the chat cannot be reached at the moment")
	}
}

// shutdown refuses new sessions, and returns how to end each that there is.
func (t *boshThrough) shutdown() (ends []func()) {
	return append(t.passages.close(), func() { t.stop(errShutdown) })
}

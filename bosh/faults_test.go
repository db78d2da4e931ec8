package bosh

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"chatproxy/xmpp"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

// spiteful serves every connection with a script, and waits for all of them
// when the test ends.
func spiteful(t testing.TB, script func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			work.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
				script(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, conn := range open {
			conn.Close()
		}
		mu.Unlock()
		work.Wait()
	})
	return l.Addr().String()
}

// heard reads until the other side has said something.
func heard(r io.Reader, what string) bool {
	var got []byte
	chunk := make([]byte, 512)
	for !bytes.Contains(got, []byte(what)) {
		n, err := r.Read(chunk)
		got = append(got, chunk[:n]...)
		if err != nil || len(got) > 4096 {
			return false
		}
	}
	return true
}

// drained reads until the other side is gone.
func drained(r net.Conn) { _, _ = io.Copy(io.Discard, r) }

// trigger is what a client says when it is ready for a server's fault.
const trigger = `<presence xmlns="jabber:client" id="now"/>`

// opened is a server that begins well.
func opened(then func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		if heard(conn, "streams\">") {
			io.WriteString(conn, stubHead+features)
			if heard(conn, trigger) {
				then(conn)
				drained(conn)
			}
		}
	}
}

func sends(text string) func(net.Conn) {
	return opened(func(conn net.Conn) { io.WriteString(conn, text) })
}

// pours repeats a part until the other side gives up, at most 100 MB.
func pours(begin, part string) func(net.Conn) {
	return opened(func(conn net.Conn) {
		n, _ := io.WriteString(conn, begin)
		for n < 100<<20 {
			k, err := io.WriteString(conn, part)
			if n += k; err != nil {
				return
			}
		}
		io.WriteString(conn, "never reached")
	})
}

// faults are what a server, or who stands before it, can do to a session, and
// what clients are told. "…" stands for whatever comes between.
var faults = []struct {
	name      string
	server    func(net.Conn)
	bosh, web string
}{
	{"killed", opened(func(conn net.Conn) { conn.Close() }),
		`terminate" condition="system-shutdown"`, "<system-shutdown …1001"},
	{"reset", opened(func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0); conn.Close() }),
		`terminate" condition="system-shutdown"`, "<system-shutdown …1001"},
	{"killed before its header", func(conn net.Conn) { heard(conn, "streams\">") },
		`terminate" condition="system-shutdown"`, "<system-shutdown …1001"},
	{"ended properly", sends("</stream:stream>"),
		`terminate" condition="system-shutdown"`, "<close …1000"},
	{"stream error", sends("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"),
		`condition="remote-stream-error"…<conflict`, "<conflict …1000"},
	{"another protocol", func(conn net.Conn) {
		heard(conn, "streams\">")
		io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		drained(conn)
	},
		`condition="remote-stream-error"`, "<system-shutdown …1001"},
	{"garbage", sends("\x00\xff\x01garbage<<>>"),
		`condition="remote-stream-error"`, "<system-shutdown …1001"},
	{"half a stanza, and gone", opened(func(conn net.Conn) { io.WriteString(conn, "<message><body>hal"); conn.Close() }),
		`terminate" condition="system-shutdown"`, "<system-shutdown …1001"},
	{"a stanza of 100 MB", pours("<message><body>", strings.Repeat("a", 32<<10)),
		`condition="remote-stream-error"`, "<system-shutdown …1001"},
	{"a tag of 100 MB", pours("<message a='", strings.Repeat("a", 32<<10)),
		`condition="remote-stream-error"`, "<system-shutdown …1001"},
	{"a bomb of nested elements", pours("", strings.Repeat("<a>", 10<<10)),
		`condition="remote-stream-error"`, "<system-shutdown …1001"},
	{"a bomb of entities", sends(`<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><message>&c;</message>`),
		`condition="remote-stream-error"`, "<system-shutdown …1001"},
	{"a header nobody asked for", sends(stubHead),
		`condition="remote-stream-error"`, "<system-shutdown …1001"},
}

// A session that ends while its client has no request open: the next request
// is told why, with what the server said last, and as often as it is repeated.
func TestServerEndsBetweenRequests(t *testing.T) {
	leavesNothing(t, "conflict", sessionMemory, func(t *testing.T) {
		goOn := make(chan struct{})
		d := &xmpp.Dialer{Domain: domain, Security: xmpp.Plain, Server: spiteful(t, func(conn net.Conn) {
			heard(conn, "streams\">")
			io.WriteString(conn, stubHead+features)
			<-goOn
			io.WriteString(conn, "<message><body>last</body></message><stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
			drained(conn)
		})}
		f := newFixture(t, Options{Dial: d.Dial})
		created := f.post(createBody(`wait="2" hold="1"`))
		sid := value(created, "sid")
		close(goOn)
		f.noSeats()
		if got := f.post(requestBody("x"+sid, "1001", "", "")); !strings.Contains(got, "item-not-found") {
			t.Errorf("a guess got %s", got)
		}
		first := f.post(requestBody(sid, "1001", "", ""))
		if !matches(first, `condition="remote-stream-error"…<body>last…<conflict`) {
			t.Errorf("got %s", first)
		}
		if again := f.post(requestBody(sid, "1001", "", "")); again != first {
			t.Errorf("repeated: got %s", again)
		}
		f.expect(f.post(requestBody(sid, "1002", "", "")), "item-not-found")
	})
}

// boshOutcome is what a BOSH client sees of a session.
func boshOutcome(f *fixture) string {
	created := f.post(createBody(`wait="2" hold="1"`))
	sid := value(created, "sid")
	if sid == "" {
		return created
	}
	if strings.Contains(created, "terminate") {
		return created
	}
	got := f.post(requestBody(sid, "1001", "", trigger))
	for rid := 1002; got == nothingToSay && rid < 1020; rid++ { // a busy machine takes longer than the wait
		got = f.post(requestBody(sid, itoa(rid), "", ""))
	}
	return got
}

// nothingToSay is the answer to a request whose wait is over.
const nothingToSay = `<body xmlns="` + binding + `"/>`

// webOutcome is the same over WebSocket: all frames, and the close code.
func webOutcome(t testing.TB, f *fixture) string {
	c := dialWebSocket(t, f)
	c.say(openMessage)
	var all strings.Builder
	for {
		got, err := c.hear()
		if err != nil {
			return fmt.Sprint(all.String(), int(websocket.CloseStatus(err)))
		}
		if all.WriteString(got); strings.HasPrefix(got, "<stream:features") {
			_ = c.conn.Write(t.Context(), websocket.MessageText, []byte(trigger)) // it may be over
		}
	}
}

// matches reports whether got has the parts of want in their order.
func matches(got, want string) bool {
	for part := range strings.SplitSeq(want, "…") {
		_, rest, ok := strings.Cut(got, part)
		if !ok {
			return false
		}
		got = rest
	}
	return true
}

// descriptors counts the files that the process has open.
func descriptors(t testing.TB) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, entry := range entries {
		// Those of Go's poller and of ours, which is made when it is needed first.
		if target, _ := os.Readlink("/proc/self/fd/" + entry.Name()); target != "anon_inode:[eventpoll]" {
			n++
		}
	}
	return n
}

// leavesNothing runs a test and sees to it that no goroutine and no descriptor
// is left when it is over, and that all of it allocated no more than bound.
func leavesNothing(t *testing.T, name string, bound uint64, test func(*testing.T)) {
	t.Helper()
	ignore, files := goleak.IgnoreCurrent(), descriptors(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	t.Run(name, test)
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > bound {
		t.Errorf("%s: %d bytes were allocated, more than %d", name, allocated, bound)
	}
	if err := goleak.Find(ignore, onlyPoller); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for descriptors(t) > files && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond) // the kernel tells nobody
	}
	if n := descriptors(t); n > files {
		t.Errorf("%s: %d descriptors are left", name, n-files)
	}
}

// sessionMemory bounds what one session of these may allocate in all, garbage
// and the test's own side included. A server that sends 100 MB gets no further.
const sessionMemory = 16 << 20

func TestServerFaults(t *testing.T) {
	for _, fault := range faults {
		for _, transport := range []string{"BOSH", "WebSocket"} {
			leavesNothing(t, fault.name+" over "+transport, sessionMemory, func(t *testing.T) {
				d := &xmpp.Dialer{Domain: domain, Server: spiteful(t, fault.server), Security: xmpp.Plain}
				f := newFixture(t, Options{Dial: d.Dial, Limits: Limits{Handshake: 2 * time.Second}})
				got, want := "", fault.bosh
				if transport == "BOSH" {
					got = boshOutcome(f)
				} else {
					got, want = webOutcome(t, f), fault.web
				}
				if !matches(got, want) || strings.Contains(got, "garbage") || strings.Contains(got, "hal") {
					t.Errorf("got %.500s\nwant %s", got, want)
				}
				f.noSeats()
			})
		}
	}
}

// noSeats waits until every session has given its seat back.
func (f *fixture) noSeats() {
	f.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for f.taken() > 0 {
		if time.Now().After(deadline) {
			f.t.Fatalf("%d sessions are left", f.taken())
		}
		time.Sleep(time.Millisecond)
	}
}

// certificateFor makes a certificate that is good until a time.
func certificateFor(t testing.TB, name string, until time.Time) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, parsed
}

const (
	offersTLS = `<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>`
	proceeds  = `<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`
)

// secured is a server with STARTTLS.
func secured(cert tls.Certificate, offer, behind string) func(net.Conn) {
	return func(conn net.Conn) {
		if !heard(conn, "streams\">") {
			return
		}
		io.WriteString(conn, stubHead+offer)
		chunk := make([]byte, 512)
		if _, err := conn.Read(chunk); err != nil {
			return
		}
		io.WriteString(conn, proceeds+behind)
		c := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
		if heard(c, "streams\">") {
			io.WriteString(c, stubHead+features)
			if heard(c, trigger) {
				io.WriteString(c, "</stream:stream>")
				_, _ = io.Copy(io.Discard, c)
			}
		}
	}
}

// connectionFault is what goes wrong before there is a secured stream.
type connectionFault struct {
	name      string
	ca        *x509.Certificate
	server    func(net.Conn)
	bosh, web string
}

// dialer connects to the server that has the fault.
func (c connectionFault) dialer(t testing.TB, timeout time.Duration) *xmpp.Dialer {
	pool := x509.NewCertPool()
	pool.AddCert(c.ca)
	return &xmpp.Dialer{Domain: domain, Server: spiteful(t, c.server), RootCAs: pool, HandshakeTimeout: timeout}
}

// What only an operator can mend is told as remote-connection-failed, after which
// clients stop trying; everything else lets them try again.
func connectionFaults(t testing.TB) []connectionFault {
	const (
		stopBOSH, stopWeb   = "remote-connection-failed", "<remote-connection-failed …1000"
		againBOSH, againWeb = "503", "1013"
	)
	good, goodCA := certificateFor(t, domain, time.Now().Add(time.Hour))
	expired, expiredCA := certificateFor(t, domain, time.Now().Add(-time.Hour))
	other, otherCA := certificateFor(t, "b.example", time.Now().Add(time.Hour))
	return []connectionFault{
		{"control: all is well", goodCA, secured(good, offersTLS, ""), "system-shutdown", "<stream:features …1000"},
		{"expired certificate", expiredCA, secured(expired, offersTLS, ""), stopBOSH, stopWeb},
		{"certificate of another name", otherCA, secured(other, offersTLS, ""), stopBOSH, stopWeb},
		{"unknown authority", otherCA, secured(good, offersTLS, ""), stopBOSH, stopWeb},
		{"STARTTLS stripped", goodCA, secured(good, features, ""), stopBOSH, stopWeb},
		{"no features at all", goodCA, secured(good, "<stream:features/>", ""), stopBOSH, stopWeb},
		{"bytes before TLS", goodCA, secured(good, offersTLS, "<message/>"), againBOSH, againWeb},
		{"accepts and hangs up", goodCA, func(net.Conn) {}, againBOSH, againWeb},
		{"accepts and stalls", goodCA, drained, againBOSH, againWeb},
		{"stalls in STARTTLS", goodCA, func(conn net.Conn) {
			heard(conn, "streams\">")
			io.WriteString(conn, stubHead+offersTLS)
			drained(conn)
		}, againBOSH, againWeb},
		{"stalls in TLS", goodCA, func(conn net.Conn) {
			heard(conn, "streams\">")
			io.WriteString(conn, stubHead+offersTLS+proceeds)
			drained(conn)
		}, againBOSH, againWeb},
		{"trickles for ever", goodCA, func(conn net.Conn) {
			for {
				if _, err := io.WriteString(conn, " "); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}, againBOSH, againWeb},
		{"garbage instead of TLS", goodCA, func(conn net.Conn) {
			heard(conn, "streams\">")
			io.WriteString(conn, stubHead+offersTLS)
			chunk := make([]byte, 512)
			_, _ = conn.Read(chunk)
			io.WriteString(conn, proceeds)
			_, _ = conn.Read(chunk)
			io.WriteString(conn, "no TLS record")
			drained(conn)
		}, againBOSH, againWeb},
	}
}

// connectionOutcome is what a client is told that has no session, or hears of its
// end.
func connectionOutcome(t testing.TB, f *fixture, transport string) string {
	if transport == "WebSocket" {
		return webOutcome(t, f)
	}
	status, _, body := f.status(createBody(`wait="5" hold="1"`))
	if sid := value(body, "sid"); sid != "" {
		return f.post(requestBody(sid, "1001", "", trigger))
	}
	return fmt.Sprint(status, body)
}

func TestConnectionFaults(t *testing.T) {
	for _, test := range connectionFaults(t) {
		for _, transport := range []string{"BOSH", "WebSocket"} {
			leavesNothing(t, test.name+" over "+transport, sessionMemory, func(t *testing.T) {
				f := newFixture(t, Options{Dial: test.dialer(t, 500*time.Millisecond).Dial})
				want := test.bosh
				if transport == "WebSocket" {
					want = test.web
				}
				if got := connectionOutcome(t, f, transport); !matches(got, want) {
					t.Errorf("got %.500s\nwant %s", got, want)
				}
				f.noSeats()
			})
		}
	}
}

// A server that stops in the middle of a stanza costs nobody anything but the
// wait: held requests are answered empty, and what was whole has arrived.
func TestServerStallsInAStanza(t *testing.T) {
	leavesNothing(t, "BOSH", sessionMemory, func(t *testing.T) {
		d := &xmpp.Dialer{Domain: domain, Security: xmpp.Plain, Server: spiteful(t, sends("<message><body>whole</body></message><message><body>hal"))}
		f := newFixture(t, Options{Dial: d.Dial})
		created := f.post(createBody(`wait="1" hold="1"`))
		c := &boshClient{fixture: f, sid: value(created, "sid"), rid: 1000}
		got := created + c.ask("", trigger) + c.ask("", "")
		if strings.Count(got, "whole") != 1 || strings.Contains(got, "<body>hal") {
			t.Errorf("got %s", got)
		}
		f.expect(c.ask(`type="terminate"`, ""), "terminate")
		f.noSeats()
	})
	leavesNothing(t, "WebSocket", sessionMemory, func(t *testing.T) {
		d := &xmpp.Dialer{Domain: domain, Security: xmpp.Plain, Server: spiteful(t, sends("<message><body>whole</body></message><message><body>hal"))}
		f := newFixture(t, Options{Dial: d.Dial, Limits: Limits{Ping: 50 * time.Millisecond}})
		c := dialWebSocket(t, f)
		c.say(openMessage)
		c.until("<stream:features")
		c.say(trigger)
		c.until("whole")
		c.say(closeFrame)
		c.until(closeFrame)
		c.expectClosed(websocket.StatusNormalClosure)
		f.noSeats()
	})
}

// A server that does not read is given up after the time for a write, and what
// the client sent to it is not kept.
func TestServerDoesNotRead(t *testing.T) {
	stalls := func(goOn chan struct{}) func(net.Conn) {
		return func(conn net.Conn) {
			_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
			if heard(conn, "streams\">") {
				io.WriteString(conn, stubHead+features)
				<-goOn
			}
		}
	}
	big := "<message xmlns='jabber:client'><body>" + strings.Repeat("a", 1000<<10) + "</body></message>"
	for _, transport := range []string{"BOSH", "WebSocket"} {
		leavesNothing(t, transport, 300<<20, func(t *testing.T) {
			goOn := make(chan struct{})
			d := &xmpp.Dialer{Domain: domain, Security: xmpp.Plain, Server: spiteful(t, stalls(goOn))}
			t.Cleanup(func() { close(goOn) })
			f := newFixture(t, Options{Dial: d.Dial, Limits: Limits{Body: 1 << 20, ByteRate: 100 << 20, Write: 300 * time.Millisecond}})
			ended := make(chan string, 1)
			go func() {
				if transport == "BOSH" {
					created := f.post(createBody(`wait="1" hold="1"`))
					c := &boshClient{fixture: f, sid: value(created, "sid"), rid: 1000}
					for range 40 {
						if got := c.ask("", big); strings.Contains(got, "terminate") {
							ended <- got
							return
						}
					}
					ended <- "40 MB went nowhere"
					return
				}
				c := dialWebSocket(t, f)
				c.say(openMessage)
				go func() {
					for range 40 {
						if c.conn.Write(context.Background(), websocket.MessageText, []byte(big)) != nil {
							return
						}
					}
				}()
				var all strings.Builder
				for {
					got, err := c.hear()
					all.WriteString(got)
					if err != nil {
						ended <- all.String()
						return
					}
				}
			}()
			select {
			case got := <-ended:
				if !strings.Contains(got, "system-shutdown") {
					t.Errorf("got %.300s", got)
				}
			case <-time.After(30 * time.Second):
				t.Fatal("the session goes on")
			}
			f.noSeats()
		})
	}
}

// A server that sends more than its client fetches is slowed down: what waits
// in the proxy stays bounded, and nothing is lost.
func TestServerFloodsASlowClient(t *testing.T) {
	stanza := "<message><body>" + strings.Repeat("a", 10<<10) + "</body></message>"
	sent := make(chan int, 1)
	d := &xmpp.Dialer{Domain: domain, Security: xmpp.Plain, Server: spiteful(t, opened(func(conn net.Conn) {
		n := 0
		for n < 2000 {
			_ = conn.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
			if _, err := io.WriteString(conn, stanza); err != nil {
				break
			}
			n++
		}
		sent <- n
	}))}
	f := newFixture(t, Options{Dial: d.Dial, Limits: Limits{Queue: 64 << 10}})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	created := f.post(createBody(`wait="1" hold="1"`))
	f.post(requestBody(value(created, "sid"), "1001", "", trigger)) // and then the client fetches nothing
	n := <-sent
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n >= 2000 {
		t.Error("the server was not slowed down")
	}
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 4<<20 {
		t.Errorf("%d bytes are held of the %d that were sent", held, n*len(stanza))
	}
	f.expect(created, "sid=")
}

// A server that takes the connection and then says nothing. A WebSocket client
// is told in time. A BOSH client has its session, as one whose features are
// late, and is answered within its own wait; the session ends as any does.
func TestServerSaysNothing(t *testing.T) {
	silent := func(t *testing.T) *fixture {
		d := &xmpp.Dialer{Domain: domain, Security: xmpp.Plain, Server: spiteful(t, drained)}
		return newFixture(t, Options{Dial: d.Dial, Limits: Limits{Handshake: 300 * time.Millisecond, Inactivity: time.Second}})
	}
	leavesNothing(t, "WebSocket", sessionMemory, func(t *testing.T) {
		f := silent(t)
		if got := webOutcome(t, f); !matches(got, "<open …<system-shutdown …<close …1001") {
			t.Errorf("got %s", got)
		}
		f.noSeats()
	})
	leavesNothing(t, "BOSH", sessionMemory, func(t *testing.T) {
		f := silent(t)
		created := f.post(createBody(`wait="1" hold="1"`))
		if got := f.post(requestBody(value(created, "sid"), "1001", "", "")); strings.Contains(got, "terminate") || strings.Contains(got, "features") {
			t.Errorf("got %s", got)
		}
		f.noSeats()
	})
}

// Nobody listens, and nobody answers for the name.
func TestServerIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for name, dial := range map[string]func(context.Context) (*xmpp.Stream, error){
		"refused": (&xmpp.Dialer{Domain: domain, Server: l.Addr().String()}).Dial,
		"no name": failing(&net.DNSError{Err: "no such host", Name: domain, IsNotFound: true}),
		"no DNS":  failing(errors.New("the name server does not answer")),
	} {
		leavesNothing(t, name, sessionMemory, func(t *testing.T) {
			f := newFixture(t, Options{Dial: dial})
			if status, _, got := f.status(createBody(`wait="1" hold="1"`)); status != http.StatusServiceUnavailable {
				t.Errorf("BOSH: %d %s", status, got)
			}
			if got := webOutcome(t, f); !strings.HasSuffix(got, "1013") {
				t.Errorf("WebSocket: %s", got)
			}
			f.noSeats()
		})
	}
}

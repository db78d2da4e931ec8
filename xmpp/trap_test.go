package xmpp

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// The traps are numbered as in bosh/conformance/Trap.txt. Here are those that
// a stream can fall into; each has a control, where the same attack or slip
// has its effect on something that has not our defence.

// plainStream dials a stub server without TLS and opens a stream.
func plainStream(t *testing.T, lim Limits, script func(net.Conn)) *Stream {
	t.Helper()
	d := &Dialer{Domain: "a.example", Security: Plain, Limits: lim, Server: listen(t, func(conn net.Conn) {
		until(conn, "streams\">")
		io.WriteString(conn, serverHead)
		script(conn)
	})}
	s, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Abort)
	if err := s.Open(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Next(t.Context()); err != nil || !st.Is(NSStream, "stream") {
		t.Fatalf("got %v, %v, want the header", st.Name, err)
	}
	return s
}

func next(t *testing.T, s *Stream) string {
	t.Helper()
	st, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(st.XML)
}

// A restart opens a stream on the same connection; the client's side of the
// proxy sees neither its header nor an offer of STARTTLS in the new features.
func TestTrap09RestartHidesTheStream(t *testing.T) {
	var connections atomic.Int32
	s := plainStream(t, Limits{}, func(conn net.Conn) {
		connections.Add(1)
		io.WriteString(conn, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
		until(conn, "streams\">")
		io.WriteString(conn, strings.Replace(serverHead, "s1", "s2", 1)+
			"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>")
		until(conn, "never")
	})
	if got := next(t, s); !strings.HasPrefix(got, "<success") {
		t.Fatalf("got %s", got)
	}
	if err := s.Open(t.Context(), "de"); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Next(t.Context()); err != nil || !st.Is(NSStream, "stream") || st.XML != nil {
		t.Fatalf("the header: %v %q, %v", st.Name, st.XML, err)
	}
	if s.Header().ID != "s2" {
		t.Errorf("header %+v", s.Header())
	}
	if got := next(t, s); strings.Contains(got, "starttls") || !strings.Contains(got, "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>") {
		t.Errorf("features %s", got)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// Bytes that come in the clear behind <proceed/> are not the beginning of the
// secured stream. Control: a reader that goes on with its buffer takes them.
func TestTrap10BytesBeforeTLSAreDropped(t *testing.T) {
	const injected = "<message><body>from the man in the middle</body></message>"
	cert, pool := certificate(t, "a.example")
	d := &Dialer{Domain: "a.example", RootCAs: pool, Server: listen(t, startTLSServer(cert, offer, proceed+injected))}
	if s, err := d.Dial(t.Context()); !errors.Is(err, ErrTLSInjection) {
		t.Errorf("got %v, %v, want ErrTLSInjection", s, err)
	}
	s := plainStream(t, Limits{}, func(conn net.Conn) { io.WriteString(conn, proceed+injected) })
	next(t, s)
	if got := next(t, s); !strings.Contains(got, "man in the middle") {
		t.Errorf("the control: got %s", got)
	}
}

// The certificate is verified against the XMPP domain: whoever can forge SRV
// records cannot choose the name. Control: the same server and the same
// certificate pass for the domain that it is for.
func TestTrap10VerifiedAgainstTheDomain(t *testing.T) {
	cert, pool := certificate(t, "target.example")
	for domain, passes := range map[string]bool{"a.example": false, "target.example": true} {
		port, conns := accepting(t, "127.0.0.1:0")
		go func() {
			conn := <-conns
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake()
		}()
		z := zone{addresses: map[string][]string{"target.example": {"127.0.0.1"}},
			srv: map[string][]dnsmessage.SRVResource{"_xmpps-client._tcp." + domain: {srv(1, 1, "target.example", port)}}}
		d := &Dialer{Domain: domain, RootCAs: pool, Security: DirectTLS, Resolver: z.serve(t)}
		s, err := d.Dial(t.Context())
		var verification *tls.CertificateVerificationError
		switch {
		case passes && err != nil:
			t.Errorf("the control: %v", err)
		case !passes && !errors.As(err, &verification):
			t.Errorf("%s: got %v, want a verification error", domain, err)
		}
		if s != nil {
			s.Abort()
		}
	}
}

// A server, or a man in the middle, that does not offer STARTTLS gets no
// password. Control: a dialer that was told to do without goes on.
func TestTrap10FailsClosed(t *testing.T) {
	server := func() string {
		return listen(t, func(conn net.Conn) {
			until(conn, "streams\">")
			io.WriteString(conn, serverHead+"<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></stream:features>")
			until(conn, "never")
		})
	}
	d := &Dialer{Domain: "a.example", Server: server()}
	if s, err := d.Dial(t.Context()); !errors.Is(err, ErrNoStartTLS) {
		t.Errorf("got %v, %v, want ErrNoStartTLS", s, err)
	}
	d = &Dialer{Domain: "a.example", Server: server(), Security: Plain}
	s, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal("the control:", err)
	}
	s.Abort()
}

// A stanza stands alone: whatever the stream header declares, under whatever
// prefix, and whatever its attributes hold, is declared again where it is
// used, and nowhere else. The control is in FuzzSplitter: encoding/xml reads
// every stanza alone and inside of its stream.
func TestTrap11NamespacesAreRedeclared(t *testing.T) {
	header := `<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client' xmlns:p='urn:p&amp;q' xmlns:unused='urn:u' from="a>b" id='1'>`
	got, err := split(header+`<message><p:x/></message><s:features/><iq a="xmlns='>'"/>`, 0, Limits{})
	want := `HEADER|<message xmlns="jabber:client" xmlns:p="urn:p&amp;q"><p:x/></message>|` +
		`<s:features xmlns:s="http://etherx.jabber.org/streams"/>|<iq xmlns="jabber:client" a="xmlns='>'"/>`
	if all := strings.Join(got, "|"); err != nil || all != want {
		t.Errorf("got %s, %v\nwant %s", all, err, want)
	}
}

// What a client puts into the namespace of BOSH means jabber:client, by
// inheritance or by its own declaration; text that looks like one stays.
func TestTrap11ClientChildrenAreRewritten(t *testing.T) {
	for in, want := range map[string]string{
		`<message/>`: `<message xmlns="jabber:client"/>`,
		`<message xmlns='http://jabber.org/protocol/httpbind'/>`:                                                                      `<message xmlns="jabber:client" />`,
		`<message a='xmlns="http://jabber.org/protocol/httpbind"'><body>xmlns='http://jabber.org/protocol/httpbind'</body></message>`: `<message xmlns="jabber:client" a='xmlns="http://jabber.org/protocol/httpbind"'><body>xmlns='http://jabber.org/protocol/httpbind'</body></message>`,
		`<p:x/>`: `<p:x xmlns:p="urn:p"/>`,
	} {
		for _, head := range []string{
			`<body rid='1' xmlns='http://jabber.org/protocol/httpbind' xmlns:p='urn:p'>`,
			`<b:body rid='1' xmlns:b='http://jabber.org/protocol/httpbind' xmlns:p='urn:p'>`,
		} {
			tail := "</body>"
			if strings.HasPrefix(head, "<b:") {
				tail = "</b:body>"
			}
			body, err := SplitBody([]byte(head+in+tail), Limits{})
			if err != nil || len(body.Stanzas) != 1 || string(body.Stanzas[0].XML) != want {
				t.Errorf("%s%s: got %s, %v\nwant %s", head, in, body.Stanzas, err, want)
			}
		}
	}
}

// The header is there before the features, so a client can be answered; when
// they come they carry their namespace.
func TestTrap12FeaturesMayLagBehindTheHeader(t *testing.T) {
	goOn := make(chan struct{})
	s := plainStream(t, Limits{}, func(conn net.Conn) { // returns with the header
		<-goOn
		io.WriteString(conn, "<stream:features/>")
		until(conn, "never")
	})
	close(goOn)
	if got := next(t, s); got != `<stream:features xmlns:stream="http://etherx.jabber.org/streams"/>` {
		t.Errorf("got %s", got)
	}
}

// SASL mechanisms pass byte for byte, channel binding and its siblings too.
func TestTrap15MechanismsAreNotEdited(t *testing.T) {
	const mechanisms = `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256-PLUS</mechanism> <mechanism>SCRAM-SHA-256</mechanism></mechanisms>` +
		`<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>`
	s := plainStream(t, Limits{}, func(conn net.Conn) {
		io.WriteString(conn, "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"+mechanisms+"</stream:features>")
		until(conn, "never")
	})
	if got, want := next(t, s), `<stream:features xmlns:stream="http://etherx.jabber.org/streams">`+mechanisms+"</stream:features>"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// What is wrong with an <auth/> is told without a byte of it.
func TestTrap15SecretsAreNotQuoted(t *testing.T) {
	const secret = "AGFubgBzZWNyZXQ"
	for _, in := range []string{
		"<auth>" + secret + "&" + secret + ";</auth>", "<auth>" + secret + "</" + secret + ">",
		"<auth><" + secret + ":x/></auth>", "<auth " + secret + "/>", "<auth x=" + secret + "/>", "<auth>" + secret + "\x01</auth>",
		"<" + strings.Repeat(secret, 30) + "/>", secret, "<!" + secret + ">", "<?" + secret + "?>",
	} {
		_, err := split(head+in, 0, Limits{})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", in, err)
		}
		if _, err := SplitMessage([]byte(in), Limits{}); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s in a message: %v", in, err)
		}
	}
}

// A client that is lost is told to the server by nothing but the end of the
// connection; one that says goodbye by </stream:stream>.
func TestTrap16AbortLeavesTheStreamOpen(t *testing.T) {
	for _, proper := range []bool{false, true} {
		saw := make(chan string, 1)
		s := plainStream(t, Limits{}, func(conn net.Conn) {
			all, _ := io.ReadAll(io.LimitReader(conn, 16))
			saw <- string(all)
		})
		want := ""
		if proper {
			want = "</stream:stream>"
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		} else {
			s.Abort()
		}
		if got := <-saw; got != want {
			t.Errorf("the server saw %q, want %q", got, want)
		}
	}
}

// A stanza without end is refused at the cap, and no more of it is read; what
// was read does not stay in memory.
func TestTrap20StanzasAreCapped(t *testing.T) {
	const limit = 256 << 10
	for name, part := range map[string]string{"text": strings.Repeat("a", 4096), "elements": strings.Repeat("<a/>", 1024),
		"one tag": strings.Repeat(" ", 4096), "nesting": strings.Repeat("<a>", 1000), "a value": strings.Repeat("v>", 2048)} {
		t.Run(name, func(t *testing.T) {
			sent := make(chan int, 1)
			s := plainStream(t, Limits{StanzaBytes: limit}, func(conn net.Conn) {
				_ = conn.(*net.TCPConn).SetWriteBuffer(8 << 10)
				begin := map[string]string{"one tag": "<a", "a value": "<a b='"}[name]
				if begin == "" {
					begin = "<a>"
				}
				n, _ := io.WriteString(conn, begin)
				for n < 100<<20 {
					k, err := io.WriteString(conn, part)
					if n += k; err != nil {
						break
					}
				}
				sent <- n
			})
			_, err := s.Next(t.Context())
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Condition != "policy-violation" {
				t.Fatalf("got %v", err)
			}
			if got := cap(s.splitter.buf); got > 4*limit {
				t.Errorf("%d bytes are held for a cap of %d", got, limit)
			}
			s.Abort()
			if n := <-sent; n > 16<<20 { // what the kernel's buffers took is in it
				t.Errorf("the server could send %d bytes", n)
			}
		})
	}
}

// While nobody takes stanzas the server's are not read, so TCP slows it down.
func TestTrap20TheServerIsSlowedDown(t *testing.T) {
	blocked := make(chan int, 1)
	goOn := make(chan struct{})
	s := plainStream(t, Limits{}, func(conn net.Conn) {
		stanza := "<message><body>" + strings.Repeat("a", 60<<10) + "</body></message>"
		n := 0
		for n < 100<<20 {
			_ = conn.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
			k, err := io.WriteString(conn, stanza)
			if n += k; err != nil {
				break
			}
		}
		blocked <- n
		<-goOn
	})
	defer close(goOn)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := <-blocked
	runtime.ReadMemStats(&after)
	if n >= 100<<20 {
		t.Error("the server sent all of it to nobody")
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d bytes are held for a reader that does not read", grown)
	}
	if got := next(t, s); !strings.HasPrefix(got, "<message") {
		t.Errorf("got %.40s", got)
	}
}

package bosh

import (
	"io"
	"net"
	"strings"
	"time"

	"chatproxy/xmpp"

	"github.com/coder/websocket"
)

// mischief is all that is done in a soak.
func mischief(w *soak) (all []*kind) {
	add := func(name string, do func(*episode)) {
		all = append(all, &kind{name: name, do: do, at: w.place()})
	}
	for _, f := range faults {
		add("server: "+f.name+", BOSH", func(e *episode) {
			e.serverIs(f.server)
			e.told(boshOutcome(e.f), f.bosh)
		})
		add("server: "+f.name+", WebSocket", func(e *episode) {
			e.serverIs(f.server)
			e.told(webOutcome(e, e.f), f.web)
		})
	}
	for i, f := range connectionFaults(w.t) {
		for _, transport := range []string{"BOSH", "WebSocket"} {
			add("connection: "+f.name+", "+transport, func(e *episode) {
				f := connectionFaults(e)[i] // with certificates of today
				timeout := 5 * time.Second
				if strings.Contains(f.name, "stalls") || strings.Contains(f.name, "trickles") {
					timeout = time.Second
				}
				e.serves(f.dialer(e, timeout).Dial)
				want := f.bosh
				if transport == "WebSocket" {
					want = f.web
				}
				e.told(connectionOutcome(e, e.f, transport), want)
			})
		}
	}
	for _, one := range append(append(serverMischief, boshMischief...), socketMischief...) {
		add(one.name, one.do)
	}
	return all
}

type deed struct {
	name string
	do   func(*episode)
}

// serverIs lets the place have a server with a script.
func (e *episode) serverIs(script func(net.Conn)) {
	e.serves((&xmpp.Dialer{Domain: domain, Server: spiteful(e, script), Security: xmpp.Plain}).Dial)
}

// told checks what a client was told. "…" stands for whatever comes between.
func (e *episode) told(got, want string) {
	if !matches(got, want) {
		e.Errorf("got %.500s\nwant %s", got, want)
	}
}

// gone waits until the place has no session.
func (e *episode) gone() {
	s := e.f.bridge.BOSH.seats
	for deadline := time.Now().Add(time.Minute); s.takenBy(e.k.at.ip) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			e.Fatalf("%d sessions are left", s.takenBy(e.k.at.ip))
		}
	}
}

// started is a BOSH session.
func (e *episode) started(attributes string) *boshClient {
	created := e.f.post(createBody(`wait="4" hold="1"` + attributes))
	c := &boshClient{fixture: e.f, sid: value(created, "sid"), rid: 1000}
	if c.sid == "" || strings.Contains(created, "terminate") {
		e.Fatalf("no session: %s", created)
	}
	return c
}

// joined is a WebSocket session.
func (e *episode) joined() *wsClient {
	c := dialWebSocket(e, e.f)
	c.say(openMessage)
	c.expect("<open ")
	c.expect("<stream:features")
	return c
}

// speaks is a server that never stops.
func speaks(conn net.Conn) {
	stanza := "<message><body>" + strings.Repeat("a", 10<<10) + "</body></message>"
	for {
		if _, err := io.WriteString(conn, stanza); err != nil {
			return
		}
	}
}

// deaf is a server that stops reading.
func deaf(over <-chan struct{}) func(net.Conn) {
	return func(conn net.Conn) {
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		if heard(conn, "streams\">") {
			io.WriteString(conn, stubHead+features)
			<-over
		}
	}
}

// serverMischief is what servers do besides the tables of faults.
var serverMischief = []deed{
	{"server stalls in a stanza, BOSH", func(e *episode) {
		e.serverIs(sends("<message><body>whole</body></message><message><body>hal"))
		c := e.started("")
		got := c.ask("", trigger)
		if strings.Contains(got, "terminate") {
			e.Errorf("got %s", got)
		}
		e.linger()
	}},
	{"server stalls in a stanza, WebSocket", func(e *episode) {
		e.serverIs(sends("<message><body>whole</body></message><message><body>hal"))
		c := e.joined()
		c.say(trigger)
		c.expect("<message")
		patience := e.while() // in which no ping is answered
		if time.Sleep(patience); patience < time.Second {
			c.say(closeFrame)
			c.expect(closeFrame)
			c.expectClosed(websocket.StatusNormalClosure)
		}
	}},
	{"server says nothing, BOSH", func(e *episode) {
		e.serverIs(drained)
		c := e.started("")
		if e.linger(); e.coin() {
			e.told(c.ask(`type="terminate"`, ""), "terminate")
			e.gone()
		}
	}},
	{"server says nothing, WebSocket", func(e *episode) {
		e.serverIs(drained)
		c := dialWebSocket(e, e.f)
		c.say(openMessage)
		if e.while() > time.Second {
			c.expect("<open ")
			c.expect("<stream:error ")
			c.expect(closeFrame)
			c.expectClosed(websocket.StatusGoingAway)
		}
	}},
	{"server does not read, BOSH", func(e *episode) {
		over := make(chan struct{})
		e.serverIs(deaf(over))
		e.Cleanup(func() { close(over) })
		c := e.started("")
		big := numbered(strings.Repeat("a", 200<<10))
		for begun, patience := time.Now(), e.while(); time.Since(begun) < patience; {
			if got := c.ask("", big); strings.Contains(got, "terminate") {
				e.told(got, "terminate")
				return
			}
		}
	}},
	{"server does not read, WebSocket", func(e *episode) {
		over := make(chan struct{})
		e.serverIs(deaf(over))
		e.Cleanup(func() { close(over) })
		c := e.joined()
		big := numbered(strings.Repeat("a", 200<<10))
		done := make(chan struct{})
		go func() {
			defer close(done)
			for c.conn.Write(e.Context(), websocket.MessageText, []byte(big)) == nil {
			}
		}()
		e.linger()
		_ = c.conn.CloseNow()
		<-done
	}},
	{"server floods who does not fetch, BOSH", func(e *episode) {
		e.serverIs(opened(speaks))
		c := e.started("")
		c.ask("", trigger)
		if e.linger(); e.coin() {
			e.told(c.ask(`type="terminate"`, ""), "terminate")
			e.gone()
		}
	}},
	{"server floods who does not read, WebSocket", func(e *episode) {
		e.serverIs(opened(speaks))
		c := dialRaw(e, e.f)
		c.open()
		_ = c.conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		c.text(trigger)
		if e.while() > time.Second {
			e.gone() // by its own time-out
		}
	}},
	{"server floods who fetches, and he leaves, BOSH", func(e *episode) {
		e.serverIs(opened(speaks))
		c := e.started("")
		c.ask("", trigger)
		for begun, patience := time.Now(), e.while()/4; time.Since(begun) < patience; {
			c.ask("", "")
		}
	}},
	{"server is killed while sessions are in every state", func(e *episode) {
		address := spiteful(e, opened(func(conn net.Conn) { drained(conn) })) // killed when the episode is over
		e.serves((&xmpp.Dialer{Domain: domain, Server: address, Security: xmpp.Plain}).Dial)
		e.joined()
		dialWebSocket(e, e.f)
		e.started("")
		e.f.later(requestBody(e.started("").sid, "1001", "", ""))
		e.f.later(requestBody(e.started("").sid, "1002", "", trigger))
		e.started("").ask(`pause="2"`, "")
		e.linger()
	}},
}

package bosh

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// boshMischief is what clients do over BOSH.
var boshMischief = []deed{
	{"BOSH: a flood of sessions", func(e *episode) {
		codes := make(chan int, 3*soakSeats)
		var all sync.WaitGroup
		for range cap(codes) {
			all.Go(func() {
				rsp, err := e.f.do(context.Background(), createBody(`wait="1" hold="1"`))
				if err != nil {
					e.Errorf("%v", err)
					return
				}
				defer rsp.Body.Close()
				b, _ := io.ReadAll(rsp.Body)
				codes <- rsp.StatusCode
				if sid := value(string(b), "sid"); sid != "" && e.w.short() {
					_, _ = e.f.try(context.Background(), requestBody(sid, "1001", `type="terminate"`, ""))
				}
			})
		}
		all.Wait()
		close(codes)
		got := map[int]int{}
		for code := range codes {
			got[code]++
		}
		if got[200] < soakSeats || got[429]+got[200] != cap(codes) || !e.w.short() && got[200] != soakSeats {
			e.Errorf("%v, where %d sessions may be", got, soakSeats)
		}
	}},
	{"BOSH: a flood of stanzas", func(e *episode) {
		c := e.started("")
		many := strings.Repeat(numbered("x"), 1000)
		for range 100 {
			if got := c.ask("", many); strings.Contains(got, "terminate") {
				e.told(got, `condition="policy-violation"`)
				e.gone()
				return
			}
		}
		e.Error("it may go on for ever")
	}},
	{"BOSH: a body that comes slowly", func(e *episode) {
		conn := e.post(1000, `<body xmlns="`)
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		go func() {
			for i := 0; i < 900; i++ {
				time.Sleep(20 * time.Millisecond)
				if _, err := io.WriteString(conn, "a"); err != nil {
					return
				}
			}
		}()
		if e.while() < time.Second {
			e.linger()
			conn.Close()
			return
		}
		begun := time.Now()
		got, _ := io.ReadAll(conn)
		if time.Since(begun) > 30*time.Second || !strings.Contains(string(got), " 400 ") {
			e.Errorf("after %v: %.200s", time.Since(begun), got)
		}
	}},
	{"BOSH: half a body, and gone", func(e *episode) {
		c := e.started("")
		conn := e.post(5000, requestBody(c.sid, "1001", "", "<message>"))
		e.linger()
		conn.Close()
		e.told(c.ask(`type="terminate"`, ""), "terminate") // it never came
	}},
	{"BOSH: a bomb of gzip", func(e *episode) {
		r, _ := http.NewRequest("POST", e.f.url+"/http-bind", bytes.NewReader(gzipBomb()))
		r.Header.Set("Origin", site)
		r.Header.Set("Content-Encoding", "gzip")
		rsp, err := e.f.client.Do(r)
		if err != nil {
			e.Fatal(err)
		}
		rsp.Body.Close()
		if rsp.StatusCode != http.StatusRequestEntityTooLarge {
			e.Errorf("status %d", rsp.StatusCode)
		}
	}},
	{"BOSH: a huge body", func(e *episode) {
		rsp, err := e.f.do(context.Background(), requestBody("x", "1", "", strings.Repeat("a", 10<<20)))
		if err == nil { // or the proxy hung up while it was still being sent
			rsp.Body.Close()
			if rsp.StatusCode != http.StatusRequestEntityTooLarge {
				e.Errorf("status %d", rsp.StatusCode)
			}
		}
	}},
	{"BOSH: payloads that are none", func(e *episode) {
		for _, bad := range badPayloads {
			c := e.started("")
			if got := c.ask("", bad); !strings.Contains(got, `condition="bad-request"`) && !strings.Contains(got, `condition="policy-violation"`) {
				e.Errorf("%.50s got %.200s", bad, got)
			}
		}
		e.gone()
	}},
	{"BOSH: a RID outside of the window", func(e *episode) {
		c := e.started("")
		held := e.f.later(requestBody(c.sid, "1001", "", ""))
		e.f.waitHeld(c.sid)
		far := []string{"1005", "9007199254740991", "2000"}[e.rng.IntN(3)]
		e.told(e.f.post(requestBody(c.sid, far, "", trigger)), `condition="item-not-found"`)
		e.told(<-held, `condition="other-request"`)
		e.told(e.f.post(requestBody(c.sid, "1", "", "")), `condition="item-not-found"`)
		e.gone()
	}},
	{"BOSH: RIDs that are none", func(e *episode) {
		for _, rid := range []string{"", "0", "-1", "1.5", "x", "9007199254740992", "9223372036854775808", "99999999999999999999"} {
			c := e.started("")
			e.told(e.f.post(requestBody(c.sid, rid, "", "")), `condition="bad-request"`)
		}
		e.gone()
	}},
	{"BOSH: RIDs that come again and again", func(e *episode) {
		c, id := e.account()
		for n := 1; n <= 5; n++ {
			c.rid++
			body := requestBody(c.sid, itoa(c.rid), "", countedMessage(id, n))
			var all sync.WaitGroup
			for range 1 + e.rng.IntN(6) {
				all.Go(func() { _, _ = e.f.try(context.Background(), body) })
			}
			all.Wait()
		}
		if e.told(c.ask(`type="terminate"`, ""), "terminate"); e.w.echo.received(id) != 5 {
			e.Errorf("%d of 5 messages arrived", e.w.echo.received(id))
		}
		e.gone()
	}},
	{"BOSH: gaps between RIDs", func(e *episode) {
		c, id := e.account()
		later := e.f.later(requestBody(c.sid, itoa(c.rid+2), "", countedMessage(id, 2)))
		e.linger()
		if e.coin() {
			return // it waits in vain
		}
		_, _ = e.f.try(context.Background(), requestBody(c.sid, itoa(c.rid+1), "", countedMessage(id, 1)))
		<-later
	}},
	{"BOSH: guesses at a session", func(e *episode) {
		c := e.started("")
		for range 20 {
			e.told(e.f.post(requestBody(newSID(), itoa(e.rng.IntN(1e6)+1), "", trigger)), `condition="item-not-found"`)
		}
		e.told(e.f.post(requestBody(c.sid[:len(c.sid)-1], "1001", "", "")), `condition="item-not-found"`)
		e.told(c.ask(`type="terminate"`, ""), "terminate") // which was not ended by it
		e.gone()
	}},
	{"BOSH: long polls that are given up", func(e *episode) {
		c := e.started("")
		for range 1 + e.rng.IntN(6) {
			if e.coin() {
				c.rid++
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(e.rng.IntN(100))*time.Millisecond)
			_, _ = e.f.try(ctx, requestBody(c.sid, itoa(max(c.rid, 1001)), "", ""))
			cancel()
		}
	}},
	{"BOSH: clients that vanish in every state", func(e *episode) {
		e.started("")
		ctx, cancel := context.WithCancel(context.Background())
		c := e.started("")
		lost := make(chan struct{})
		go func() {
			defer close(lost)
			_, _ = e.f.try(ctx, requestBody(c.sid, "1001", "", numbered("x")))
		}()
		e.started("").ask(`pause="3"`, "")
		e.started("").ask("", plain("ann", "x")) // in the middle of a log-in
		e.linger()
		cancel()
		<-lost
		if !e.w.short() {
			e.gone() // after the inactivity
		}
	}},
	{"BOSH: goodbyes in every state", func(e *episode) {
		const bye = `type="terminate"`
		e.told(e.started("").ask(bye, `<presence xmlns="jabber:client" type="unavailable"/>`), "terminate")

		c := e.started("") // with a request held
		held := e.f.later(requestBody(c.sid, "1001", "", ""))
		e.f.waitHeld(c.sid)
		second := e.f.later(requestBody(c.sid, "1002", bye, ""))
		e.told(<-held, "terminate")
		<-second
		e.told(e.f.post(requestBody(c.sid, "1003", bye, "")), `condition="item-not-found"`)

		c = e.started("") // before a request that is missing
		early := e.f.later(requestBody(c.sid, "1002", bye, ""))
		first := e.f.post(requestBody(c.sid, "1001", "", trigger))
		e.told(first+<-early, "terminate")

		c = e.started("") // in a pause
		c.ask(`pause="2"`, "")
		e.told(c.ask(bye, ""), "terminate")

		c = e.started("") // twice at once
		again := e.f.later(requestBody(c.sid, "1001", bye, ""))
		e.told(e.f.post(requestBody(c.sid, "1001", bye, ""))+<-again, "terminate")
		e.gone()
	}},
	{"BOSH: pauses that are too long", func(e *episode) {
		e.told(e.started("").ask(`pause="1000"`, ""), `condition="policy-violation"`)
		e.gone()
	}},
	{"BOSH: polls that are too many", func(e *episode) {
		created := e.f.post(createBody(`wait="0" hold="0"`))
		c := &boshClient{fixture: e.f, sid: value(created, "sid"), rid: 1000}
		got := ""
		for i := 0; i < 50 && !strings.Contains(got, "terminate"); i++ {
			c.rid++
			e.f.later(requestBody(c.sid, itoa(c.rid), "", ""))
			got = e.f.post(requestBody(c.sid, itoa(c.rid+1), "", ""))
			c.rid++
		}
		e.told(got, "terminate")
		e.gone()
	}},
	{"BOSH: streams without end", func(e *episode) {
		c := e.started("")
		for range 6 { // two more than it may have, which are over at once
			if got := c.ask(`to="a.example"`, ""); !strings.Contains(got, "stream=") {
				e.Fatalf("got %s", got)
			}
		}
		if e.linger(); e.coin() {
			e.told(c.ask(`type="terminate"`, ""), "terminate")
			e.gone()
		}
	}},
	{"BOSH: wrong keys", func(e *episode) {
		k := sequence(fmt.Sprint(e.rng.Uint64()), 9)
		c := e.started(newkey(k[0]))
		c.ask(key(k[1]), trigger)
		e.told(c.ask(key(k[4]), trigger), `condition="item-not-found"`)
		e.gone()
	}},
	{"BOSH: a foreign origin", func(e *episode) {
		r, _ := http.NewRequest("POST", e.f.url+"/http-bind", strings.NewReader(createBody(`wait="1" hold="1"`)))
		r.Header.Set("Origin", "https://evil.example")
		rsp, err := e.f.client.Do(r)
		if err != nil {
			e.Fatal(err)
		}
		if rsp.Body.Close(); rsp.StatusCode != http.StatusForbidden {
			e.Errorf("status %d", rsp.StatusCode)
		}
	}},
}

// badPayloads are what no client may send, over either transport.
var badPayloads = []string{
	strings.Repeat("<a>", 50<<10), strings.Repeat("<a>", 2000) + strings.Repeat("</a>", 2000),
	"<message", "<message></presence>", "<message>&nbsp;</message>", "<message><!-- x --></message>", "<message><?x?></message>",
	"<message a='" + strings.Repeat("x", 200<<10), "<a:message/>", "</stream:stream>", "<message>\x00</message>",
}

var gzipBomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for range 100 {
		_, _ = z.Write(zeros)
	}
	_ = z.Close()
	return b.Bytes()
})

// post begins a request whose body is said to be of a size.
func (e *episode) post(size int, begin string) net.Conn {
	address := strings.TrimPrefix(e.f.url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		e.Fatal(err)
	}
	e.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST /http-bind HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nContent-Length: %d\r\n\r\n%s", address, site, size, begin)
	return conn
}

// account is a session whose messages the server counts.
func (e *episode) account() (*boshClient, string) {
	id := fmt.Sprintf("m%d", e.rng.Uint64())
	e.Cleanup(func() { e.w.echo.forget(id) })
	c := e.started("")
	e.told(c.ask("", resumption(id, 0)), "have")
	return c, id
}

package bosh

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"chatproxy/xmpp"
)

// §5 and §6: HTTP and the body. What is refused is compared with its neighbour that
// passes, so that a manager which refuses everything fails too.

func TestXEP0124_5_HTTP(t *testing.T) {
	f := newFixture(t, Options{Dial: newStub(t, true).dialer()})
	rsp, err := f.do(t.Context(), createBody(`wait="59"`))
	if err != nil {
		t.Fatal(err)
	}
	defer rsp.Body.Close()
	body := make([]byte, 1<<16)
	n, _ := rsp.Body.Read(body)
	if rsp.StatusCode != 200 || rsp.ContentLength != int64(n) || rsp.TransferEncoding != nil || rsp.ProtoMajor != 1 {
		t.Errorf("%s, %d bytes with length %d, %v", rsp.Status, n, rsp.ContentLength, rsp.TransferEncoding)
	}
}

func TestXEP0124_5_OnlyPOST(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		l.rid++
		body := requestBody(l.sid, itoa(l.rid), "", numbered("1"))
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH"} {
			r := httptest.NewRequest(method, "/http-bind?"+l.sid, strings.NewReader(body))
			r.Header.Set("Origin", site)
			if got := l.raw(r).body(); strings.Contains(got, "<body") {
				t.Errorf("%s: %s", method, got)
			}
		}
		if got := l.peers[0].got(); strings.Contains(got, "<message") {
			t.Errorf("the server got %s", got)
		}
		l.send(body) // the control
		l.once(numbered("1"))
	})
}

// refusedPayload checks that a request with this inside its body is refused, and that
// nothing of the request reaches the server; and that without it the same request
// passes.
func refusedPayload(t *testing.T, before, bad string) {
	t.Helper()
	for _, test := range []struct {
		inside, before string
		condition      Condition
	}{{bad, before, BadRequest}, {"", "", ""}} {
		inLab(t, Options{}, func(l *lab) {
			l.create(usual)
			c := l.send(test.before + requestBody(l.sid, "1001", "", numbered("1")+test.inside+numbered("2")))
			if test.condition == "" {
				l.once(numbered("1"))
				l.once(numbered("2"))
				return
			}
			l.is(c.body(), ended(test.condition))
			if got := l.peers[0].got(); strings.Contains(got, "<message") {
				t.Errorf("the server got %s", got)
			}
		})
	}
}

// A client that is told so has no session any more, nor has the server a user who
// seems to be there, nor the address a seat less.
func TestRefusedPayloadEndsItsSession(t *testing.T) {
	for _, bad := range []string{"<message>", "<a></b>", "</message>", "<message><!-- --></message>", "text", strings.Repeat("<a>", 2000)} {
		inLab(t, Options{}, func(l *lab) {
			l.create(usual)
			held := l.next("", "")
			if got := l.next("", bad).body(); !strings.Contains(got, over) {
				t.Errorf("%.20s got %s", bad, got)
			}
			l.is(held.body(), ended(OtherRequest))
			if got := l.peers[0].got(); !strings.HasSuffix(got, "EOF") || l.b.BOSH.seats.total > 0 {
				t.Errorf("%.20s: the session goes on: %s", bad, got)
			}
		})
	}
	inLab(t, Options{}, func(l *lab) { // what names no session ends none
		l.create(usual)
		held := l.next("", "")
		l.send(`<body xmlns="` + binding + `" rid="1002"><message></body>`)
		l.send("<!-- -->" + requestBody(l.sid, "1002", "", ""))
		l.send(strings.Replace(requestBody(l.sid, "1002", "", ""), binding, "urn:other", 1))
		if held.answered() || isOver(l.session()) {
			t.Error("the session is over")
		}
	})
}

func TestXEP0124_6_WellFormed(t *testing.T) {
	refusedPayload(t, "", "<a></b>")
	refusedPayload(t, "", "<a b=c/>")
	refusedPayload(t, "", "<a>\x00</a>")
	refusedPayload(t, "", "<p:a/>")
}

func TestXEP0124_6_NoPartialElements(t *testing.T) {
	refusedPayload(t, "", "<message>")
	refusedPayload(t, "", "</message>")
	refusedPayload(t, "", "</body><body xmlns='"+binding+"'>")
}

func TestXEP0124_6_NoComments(t *testing.T) {
	refusedPayload(t, "", "<!-- -->")
	refusedPayload(t, "", "<message><!-- --></message>")
	refusedPayload(t, "<!-- -->", "")
}

func TestXEP0124_6_NoProcessingInstructions(t *testing.T) {
	refusedPayload(t, "", "<?a?>")
	refusedPayload(t, "<?xml-stylesheet href='a'?>", "")
}

func TestXEP0124_6_NoDTD(t *testing.T) {
	refusedPayload(t, `<!DOCTYPE body [<!ENTITY a "b">]>`, "")
	refusedPayload(t, `<!DOCTYPE body SYSTEM "http://evil.example/">`, "")
}

func TestXEP0124_6_NoEntities(t *testing.T) {
	refusedPayload(t, "", "<message><body>&a;</body></message>")
	refusedPayload(t, "", "<message to='&nbsp;'/>")
	inLab(t, Options{}, func(l *lab) { // the predefined ones pass
		l.create(usual)
		l.next("", numbered("&lt;&#65;&quot;"))
		l.once(numbered("&lt;&#65;&quot;"))
	})
}

func TestXEP0124_6_NoCharacterData(t *testing.T) {
	refusedPayload(t, "", "text")
	refusedPayload(t, "", "<![CDATA[text]]>")
}

func TestXEP0124_6_CompletePayloads(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		var all string
		for n := range 20 {
			all += `<message xmlns="jabber:client" id="` + itoa(n) + `"><a xmlns="urn:a"><b/>text</a></message>`
		}
		l.next("", all)
		l.once(all)
	})
}

func TestXEP0124_6_RIDRequired(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.is(l.send(`<body xmlns="`+binding+`" to="a.example" `+usual+`/>`).body(), ended(BadRequest))
		l.create(usual)
		l.is(l.send(`<body xmlns="`+binding+`" sid="`+l.sid+`"/>`).body(), ended(BadRequest))
	})
}

func TestXEP0124_7_1_VersionIsTwoIntegers(t *testing.T) {
	for asked, want := range map[string]string{"1.6": "1.6", "1.10": "1.10", "1.11": "1.11", "1.9": "1.9", "1.100": "1.11", "2.0": "1.11"} {
		inLab(t, Options{}, func(l *lab) {
			created := l.create(`wait="1" ver="` + asked + `"`)
			if got := value(created, "ver"); got != want {
				t.Errorf("ver %s: got %s, want %s", asked, got, want)
			}
		})
	}
}

func TestXEP0124_7_1_RouteIsNoURI(t *testing.T) {
	for _, route := range []string{"xmpp:evil.example:9999", "xmpp://evil.example:9999/?a", ":::"} {
		inLab(t, Options{}, func(l *lab) {
			l.want(l.create(usual+` route="`+route+`"`), `from="a.example"`)
			if len(l.peers) != 1 || strings.Contains(l.peers[0].got(), "evil") {
				t.Errorf("route %s reached the server", route)
			}
		})
	}
}

func TestXEP0124_7_1_ContentOfTheClient(t *testing.T) {
	for _, content := range []string{"text/html", "text/plain; charset=UTF-8", "application/xml", "text/xml; charset=utf-8"} {
		inLab(t, Options{}, func(l *lab) {
			l.rid = 1000
			create := l.send(createBody(`wait="59" content="` + content + `"`))
			l.sid = value(create.wait(), "sid")
			held, bye := l.next("", ""), l.next(over, "")
			lost := l.at(1002, over, "")
			wrong := l.at(2000, "", "")
			for name, c := range map[string]*call{"creation": create, "held": held, "last": bye, "repeated": lost, "after the end": wrong} {
				c.body()
				h := c.w.Header()
				if h.Get("Content-Type") != content || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != contentPolicy {
					t.Errorf("%s: %v, want %s and no way to run it", name, h, content)
				}
			}
		})
	}
	inLab(t, Options{}, func(l *lab) { // what would be a lie, or no text, is refused
		for _, content := range []string{"text/html; charset=utf-7", "image/svg+xml", "application/javascript", "text/xml; charset=iso-8859-1", "text", "a/b\nc: d"} {
			l.is(l.send(createBody(`wait="59" content="`+xmpp.Escape(content)+`"`)).body(), ended(BadRequest))
		}
	})
}

func TestXEP0124_7_1_DefaultContent(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		created := l.send(createBody(`wait="59"`))
		l.sid, l.rid = value(created.wait(), "sid"), 1000
		for _, c := range []*call{created, l.next(over, ""), l.send("nonsense"), l.send(requestBody("x", "1", "", ""))} {
			c.body()
			if got := c.w.Header().Get("Content-Type"); got != "text/xml; charset=utf-8" {
				t.Errorf("Content-Type: %s", got)
			}
		}
	})
}

func TestXEP0124_7_1_SIDRequired(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		for _, sid := range []string{"guess", l.sid + "x", strings.ToUpper(l.sid)} {
			l.is(l.send(requestBody(sid, "1001", "", numbered("1"))).body(), ended(ItemNotFound))
		}
		if l.next("", "").answered() || strings.Contains(l.peers[0].got(), "<message") {
			t.Error("a wrong sid did something to a session")
		}
	})
}

func TestXEP0124_7_1_FirstHasNoSID(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.is(l.send(createBody(usual[len(`ver="1.11" `):]+` sid="mine"`)).body(), ended(ItemNotFound))
		if len(l.b.BOSH.sessions) != 0 {
			t.Error("a client chose its own sid")
		}
	})
}

func TestXEP0124_7_2_SIDIsUnpredictable(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		l.create(usual)
		if len(l.sid) < 22 { // 128 bits in base64
			t.Errorf("sid %s is short", l.sid)
		}
		var ones [64]int // how often each letter's place has each value; none may be fixed
		for range 400 {
			for i, c := range []byte(newSID()) {
				if c&1 == 1 {
					ones[i%64]++
				}
			}
		}
		for i, n := range ones[:32] {
			if n < 100 || n > 300 {
				t.Errorf("letter %d of a sid is nearly always the same (%d of 400)", i, n)
			}
		}
	})
}

func TestXEP0124_7_2_SIDIsUnique(t *testing.T) {
	inLab(t, Options{Limits: Limits{SessionsPerAddress: 100}}, func(l *lab) {
		seen := map[string]bool{}
		for range 20 {
			l.create(usual)
			seen[l.sid] = true
		}
		if len(seen) != 20 || len(l.b.BOSH.sessions) != 20 {
			t.Errorf("20 sessions have %d sids", len(seen))
		}
	})
}

func TestXEP0124_7_2_CreationResponse(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		created := l.create(usual)
		for name, want := range map[string]string{"sid": l.sid, "wait": "59", "requests": "2", "hold": "1", "inactivity": "60",
			"polling": "2", "maxpause": "120", "accept": "gzip,deflate", "charsets": "ISO-8859-1 US-ASCII", "ver": "1.11", "from": "a.example", "ack": "", "secure": "true"} {
			if got := value(created, name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	})
}

func TestXEP0124_7_2_WaitIsNotLonger(t *testing.T) {
	for _, test := range []struct{ asked, want int }{{1, 1}, {59, 59}, {60, 60}, {61, 60}, {86400, 60}, {0, 0}} {
		inLab(t, Options{}, func(l *lab) {
			created := l.create(`ver="1.11" hold="1" wait="` + itoa(test.asked) + `"`)
			if got := value(created, "wait"); got != itoa(test.want) {
				t.Errorf("wait %d: got %s, want %d", test.asked, got, test.want)
			}
			l.next("", "").wait() // the features, in a polling session
			c := l.next("", numbered("1"))
			c.wait()
			if limit := test.want; int(c.took.Seconds()) > limit {
				t.Errorf("wait %d: held for %v", test.asked, c.took)
			}
		})
	}
}

func TestXEP0124_7_2_RequestsAboveHold(t *testing.T) {
	for _, asked := range []int{0, 1, 2, 4} {
		inLab(t, Options{Limits: Limits{Hold: 2}}, func(l *lab) {
			created := l.create(`ver="1.11" wait="59" hold="` + itoa(asked) + `"`)
			if requests, _ := strconv.Atoi(value(created, "requests")); requests <= asked {
				t.Errorf("hold %d: requests %d", asked, requests)
			}
		})
	}
}

func TestXEP0124_7_2_HoldIsNotMore(t *testing.T) {
	for _, test := range []struct{ asked, limit, want int }{{0, 3, 0}, {1, 3, 1}, {2, 3, 2}, {9, 3, 3}, {9, 1, 1}} {
		inLab(t, Options{Limits: Limits{Hold: test.limit}}, func(l *lab) {
			created := l.create(`ver="1.11" wait="59" hold="` + itoa(test.asked) + `"`)
			if got := value(created, "hold"); got != itoa(test.want) {
				t.Errorf("hold %d: got %s, want %d", test.asked, got, test.want)
			}
			if test.asked == 0 {
				return
			}
			var calls []*call
			for range test.want {
				calls = append(calls, l.next("", numbered("x")))
			}
			for _, c := range calls {
				if c.answered() {
					t.Errorf("hold %d: a request was not held", test.asked)
				}
			}
			if l.next("", numbered("x")); !calls[0].answered() {
				t.Errorf("hold %d: one more than that is held", test.asked)
			}
		})
	}
}

var _ http.Handler = (*Manager)(nil)

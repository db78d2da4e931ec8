package bosh

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"chatproxy/xmpp"
)

// judgeFunc is a policy made of a function.
type judgeFunc func(StanzaFacts) string

func (f judgeFunc) Judge(facts StanzaFacts) string { return f(facts) }

// onlySupport lets clients write to support and its own server, and be written to by
// them.
var onlySupport = judgeFunc(func(f StanzaFacts) string {
	other := f.To
	if !f.FromClient {
		other = f.From
	}
	switch {
	case !f.Authenticated:
		return "not-authorized"
	case slices.Contains(f.Namespaces, "jabber:iq:register"):
		return "not-allowed"
	case other == "support@a.example" || other == domain:
		return ""
	}
	return "policy-violation"
})

// talker is a client over either transport with a stream to a stub server.
type talker struct {
	say  func(string)
	hear func(wanted string) string // reads until something has it
	p    *peer
}

func webSocketTalker(t *testing.T, o Options) talker {
	c, p := open(t, o)
	return talker{c.say, c.until, p}
}

func boshTalker(t *testing.T, o Options) talker {
	s := newStub(t, true)
	o.Dial = s.dialer()
	c := &boshClient{fixture: newFixture(t, o), rid: 1000}
	c.sid = value(c.post(createBody(`wait="1" hold="1"`)), "sid")
	var unheard strings.Builder
	var open []<-chan string // requests without an answer, of which a client may have two
	next := func() {
		unheard.WriteString(<-open[0])
		open = open[1:]
	}
	say := func(payload string) {
		if len(open) == 2 {
			next()
		}
		c.rid++
		open = append(open, c.later(requestBody(c.sid, itoa(c.rid), "", payload)))
	}
	return talker{
		say: say,
		hear: func(wanted string) string {
			t.Helper()
			for range 20 {
				if strings.Contains(unheard.String(), wanted) {
					return unheard.String()
				}
				if len(open) == 0 {
					say("")
				}
				next()
			}
			t.Fatalf("no %s in %s", wanted, unheard.String())
			return ""
		},
		p: s.peer(),
	}
}

func overBoth(t *testing.T, o Options, test func(*testing.T, talker)) {
	t.Run("WebSocket", func(t *testing.T) { test(t, webSocketTalker(t, o)) })
	t.Run("BOSH", func(t *testing.T) { test(t, boshTalker(t, o)) })
}

// logIn has the stub let the client in and bind a resource.
func (c talker) logIn(t *testing.T) {
	t.Helper()
	c.say(plain("ann", "x"))
	c.p.wait(t, "</auth>")
	io.WriteString(c.p, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
	c.hear("<success")
	c.say(bind("r"))
	c.p.wait(t, "xmpp-bind")
	io.WriteString(c.p, "<iq type='result' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>ann@a.example/r</jid></bind></iq>")
	c.hear("<jid>")
}

func TestDeniedStanzasAreAnswered(t *testing.T) {
	overBoth(t, Options{Stanzas: onlySupport}, func(t *testing.T, c talker) {
		c.logIn(t)
		for _, test := range []struct{ in, want string }{
			{`<message xmlns="jabber:client" id="1&quot;" to="eve@a.example/'"><body>denied</body></message>`,
				`<message xmlns="jabber:client" type="error" id="1&quot;" from="eve@a.example/&apos;" to="ann@a.example/r"><error type="modify"><policy-violation xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`},
			{`<presence xmlns="jabber:client" id="2" to="room@a.example/denied"/>`,
				`<presence xmlns="jabber:client" type="error" id="2" from="room@a.example/denied" to="ann@a.example/r"><error type="modify"><policy-violation `},
			{`<iq xmlns="jabber:client" id="3" type="get"><query xmlns="jabber:iq:register">denied</query></iq>`,
				`<iq xmlns="jabber:client" type="error" id="3" to="ann@a.example/r"><error type="cancel"><not-allowed `},
			{`<iq xmlns="jabber:client" id="4" type="set" to="eve@a.example"><query xmlns="denied"/></iq>`,
				`<iq xmlns="jabber:client" type="error" id="4" from="eve@a.example" `},
		} {
			c.say(test.in)
			got := c.hear(test.want)
			if err := xml.Unmarshal([]byte("<x>"+got+"</x>"), new(struct{})); err != nil {
				t.Errorf("%s: %v", got, err)
			}
		}
		// What must not be answered: errors and results (RFC 6120 §8.3.1, §8.2.3).
		for _, in := range []string{
			`<message xmlns="jabber:client" id="5" type="error" to="eve@a.example"><body>denied</body></message>`,
			`<iq xmlns="jabber:client" id="6" type="result" to="eve@a.example"><query xmlns="denied"/></iq>`,
			`<iq xmlns="jabber:client" id="7" type="error" to="eve@a.example"><query xmlns="denied"/></iq>`,
			`<presence xmlns="jabber:client" id="8" type="error" to="eve@a.example/denied"/>`,
		} {
			c.say(in)
		}
		c.say(`<message xmlns="jabber:client" to="support@a.example"><body>allowed</body></message>`)
		if got := c.p.wait(t, "allowed"); strings.Contains(got, "denied") || strings.Contains(got, "eve@") || strings.Contains(got, "urn:xmpp:ping") {
			t.Errorf("the server got %s", got)
		}
		io.WriteString(c.p, "<message from='a.example' id='end'/>")
		got := c.hear("id='end'")
		for _, id := range []string{`id="5"`, `id="6"`, `id="7"`, `id="8"`} {
			if strings.Contains(got, id) {
				t.Errorf("an error or a result was answered: %s", got)
			}
		}
	})
}

func TestDeniedStanzasOfTheServerAreDropped(t *testing.T) {
	overBoth(t, Options{Stanzas: onlySupport}, func(t *testing.T, c talker) {
		c.logIn(t)
		io.WriteString(c.p, `<message from='eve@a.example'><body>denied</body></message>`+
			`<presence from='eve@a.example/denied'/>`+
			`<message from='eve@a.example' type='error'><body>denied by another name</body></message>`+
			`<presence from='eve@a.example/denied' type='error'/>`+
			`<iq from='eve@a.example/denied' id='q1' type='get'><query xmlns='jabber:iq:version'/></iq>`+
			`<iq from='eve@a.example/denied' id='q2' type='set'><query xmlns='x'/></iq>`+
			`<iq from='support@a.example' id='q3' type='get'><query xmlns='jabber:iq:version'/></iq>`)
		if got := c.hear("q3"); strings.Contains(got, "denied") {
			t.Errorf("the client got %s", got)
		}
		got := c.p.wait(t, `id="q2"`)
		for _, want := range []string{
			`<iq xmlns="jabber:client" type="error" id="q1" to="eve@a.example/denied"><error type="modify"><policy-violation `,
			`<iq xmlns="jabber:client" type="error" id="q2" to="eve@a.example/denied">`,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("the server got %s, want %s", got, want)
			}
		}
		if strings.Contains(got, "<message") || strings.Contains(got, "<presence") || strings.Contains(got, "q3") {
			t.Errorf("the server got %s", got)
		}
	})
}

func TestNothingButTheLogInPassesBeforeIt(t *testing.T) {
	register := `<iq xmlns="jabber:client" id="1" type="get"><query xmlns="jabber:iq:register"/></iq>`
	overBoth(t, Options{Stanzas: onlySupport}, func(t *testing.T, c talker) {
		c.say(register)
		c.hear("<not-authorized ")
		// That the client says it has logged in, or binds, is no log-in.
		c.say(`<iq xmlns="jabber:client" id="2" type="set"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`)
		c.hear(`id="2"`)
		c.logIn(t)
		if got := c.p.wait(t, "xmpp-bind"); strings.Contains(got, "register") || strings.Count(got, "xmpp-bind") != 1 {
			t.Errorf("the server got %s", got)
		}
	})
	// The control: without a policy it is the server's business.
	overBoth(t, Options{}, func(t *testing.T, c talker) {
		c.say(register)
		c.p.wait(t, "register")
	})
}

// A stanza by its name is one in whatever namespace, also where that is for other things.
func TestStanzasInForeignNamespacesAreJudged(t *testing.T) {
	guard := testGuard()
	guard.o.Stanzas = judgeFunc(func(StanzaFacts) string { return "not-allowed" })
	g := guard.gate("192.0.2.1")
	defer g.close()
	for _, space := range []string{xmpp.NSClient, "jabber:server", "urn:x", nsSASL, nsSASL2, nsSM2, nsSM3} {
		for _, kind := range []string{"message", "presence", "iq"} {
			on, _, err := g.up(saslStanza(t, `<`+kind+` xmlns="`+space+`" type="get" id="1"><body xmlns="jabber:client">t</body></`+kind+`>`))
			if err != nil || on.XML != nil {
				t.Errorf("%s of %s passes: %s %v", kind, space, on.XML, err)
			}
		}
	}
}

// Bindings pass, whatever a policy says; what only looks like one does not.
func TestBindingIsNoStanzaToJudge(t *testing.T) {
	nothing := judgeFunc(func(StanzaFacts) string { return "not-allowed" })
	overBoth(t, Options{Stanzas: nothing}, func(t *testing.T, c talker) {
		c.logIn(t)
		for _, in := range []string{
			`<iq xmlns="jabber:client" id="s1" type="set"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/><query xmlns="denied"/></iq>`,
			`<iq xmlns="jabber:client" id="s2" type="set">text<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`,
			`<iq xmlns="jabber:client" id="s3" type="set" to="eve@a.example"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`,
			`<iq xmlns="jabber:server" id="s4" type="set"><query xmlns="denied"/></iq>`,
			`<x:message xmlns:x="jabber:client" id="s5" to="eve@a.example"><x:body>denied</x:body></x:message>`,
		} {
			c.say(in)
			c.hear(value(in, "id"))
		}
		if got := c.p.wait(t, "xmpp-bind"); strings.Contains(got, "denied") || strings.Contains(got, "eve") || strings.Contains(got, `"s2"`) {
			t.Errorf("the server got %s", got)
		}
	})
}

// What a policy is asked.
func TestStanzaFacts(t *testing.T) {
	var mu sync.Mutex
	var asked []StanzaFacts
	record := judgeFunc(func(f StanzaFacts) string {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, f)
		return ""
	})
	c := webSocketTalker(t, Options{Stanzas: record})
	c.logIn(t)
	c.say(`<message xmlns="jabber:client" from="boss@a.example" to="Bob@A.example/x" type="strange"><body/><x:y xmlns:x="urn:y"><z xmlns="urn:z"/></x:y></message>`)
	c.say(`<presence xmlns="jabber:client"/>`)
	c.say(`<iq xmlns="jabber:client" type="get"> mixed <q xmlns="q"/></iq>`)
	c.p.wait(t, "mixed")
	// Somebody else's binding does not tell the client who it is.
	io.WriteString(c.p, `<iq type='result' from='eve@a.example'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>root@a.example/r</jid></bind></iq>`+
		`<iq type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>root@a.example/r</jid></bind></iq>`+
		`<message><body/></message><presence from='a.example' to='x@y'/>`)
	c.hear("<presence")
	want := []StanzaFacts{
		{FromClient: true, Authenticated: true, Kind: "message", Type: "normal", To: "Bob@A.example/x", From: "ann@a.example/r", Namespaces: []string{"jabber:client", "urn:y"}},
		{FromClient: true, Authenticated: true, Kind: "presence", Type: "available", To: "a.example", From: "ann@a.example/r"},
		{FromClient: true, Authenticated: true, Kind: "iq", Type: "get", To: "a.example", From: "ann@a.example/r", Opaque: true},
		{Authenticated: true, Kind: "message", Type: "normal", To: "ann@a.example/r", From: "ann@a.example/r", Namespaces: []string{"jabber:client"}},
		{Authenticated: true, Kind: "presence", Type: "available", To: "x@y", From: "a.example"},
	}
	mu.Lock()
	defer mu.Unlock()
	for i, f := range asked {
		if i >= len(want) || f.Kind != want[i].Kind || f.Type != want[i].Type || f.To != want[i].To || f.From != want[i].From ||
			f.Opaque != want[i].Opaque || f.FromClient != want[i].FromClient || f.Authenticated != want[i].Authenticated || !slices.Equal(f.Namespaces, want[i].Namespaces) {
			t.Errorf("%d: asked %+v", i, f)
		}
	}
	if len(asked) != len(want) {
		t.Errorf("asked %d times", len(asked))
	}
}

// Somebody else's answer does not tell a client who it is, not even before it has its
// own.
func TestNobodyElseBinds(t *testing.T) {
	froms := make(chan string, 1)
	c := webSocketTalker(t, Options{Stanzas: judgeFunc(func(f StanzaFacts) string {
		if f.FromClient {
			froms <- f.From
		}
		return ""
	})})
	c.say(plain("ann", "x"))
	c.p.wait(t, "</auth>")
	io.WriteString(c.p, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"+
		"<iq type='result' from='eve@a.example'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>root@a.example/r</jid></bind></iq>")
	c.hear("root@")
	c.say(numbered("x"))
	if from := <-froms; from != "ann@a.example" { // as the log-in had it
		t.Errorf("the client is taken for %s", from)
	}
	io.WriteString(c.p, "<iq type='result' from='a.example'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>ann2@a.example/r</jid></bind></iq>")
	c.hear("ann2@")
	c.say(numbered("x"))
	if from := <-froms; from != "ann2@a.example/r" {
		t.Errorf("the client is taken for %s", from)
	}
}

package bosh

import (
	"encoding/xml"
	"strings"
	"testing"

	"chatproxy/xmpp"
)

// notToEve is a policy under which nobody writes to eve, and eve to nobody.
var notToEve = judgeFunc(func(f StanzaFacts) string {
	if strings.HasPrefix(f.To, "eve@") || !f.FromClient && strings.HasPrefix(f.From, "bob@") && f.Kind == "message" {
		return "policy-violation"
	}
	return ""
})

// The counts of XEP-0198 against a real server: after stanzas were denied in both
// directions, what each side has counted is still what the other has sent, and after
// a resumption nothing comes twice and nothing is lost.
func TestDeniedStanzasAreCounted(t *testing.T) {
	f := newFixture(t, Options{Dial: realDialer(), Stanzas: notToEve})
	free := realFixture(t)
	ann, bob := loginWebSocket(t, f, "ann", "secret-a"), loginWebSocket(t, free, "bob", "secret-b")
	ann.say(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`)
	id := between(ann.until("<enabled"), "id='", "'")
	received := 0 // by ann, as her client counts
	hear := func(wanted string) string {
		t.Helper()
		for range 20 {
			got, err := ann.hear()
			if err != nil {
				t.Fatalf("no %s: %v", wanted, err)
			}
			for _, kind := range []string{"<message", "<presence", "<iq"} {
				if strings.HasPrefix(got, kind) {
					received++
				}
			}
			if strings.Contains(got, wanted) {
				return got
			}
		}
		t.Fatalf("no %s", wanted)
		return ""
	}

	ann.say(`<message xmlns="jabber:client" id="m1" to="eve@a.example"><body>no</body></message>`)
	if got := hear(`id="m1"`); !strings.Contains(got, "<policy-violation ") || strings.Contains(got, "ping") {
		t.Errorf("got %s", got)
	}
	ann.say(`<iq xmlns="jabber:client" id="i1" type="get" to="eve@a.example"><query xmlns="jabber:iq:version"/></iq>`)
	hear(`id="i1"`)
	ann.say(`<message xmlns="jabber:client" id="m2" type="error" to="eve@a.example"><body>no</body></message>`) // no answer
	ann.say(`<message xmlns="jabber:client" id="m3" to="bob@a.example/ws"><body>yes</body></message>`)
	bob.until("yes")
	// The server has counted as many as ann has sent, and says so.
	ann.say(`<r xmlns="urn:xmpp:sm:3"/>`)
	if got := hear("<a "); !strings.Contains(got, "h='4'") {
		t.Errorf("ann has sent 4 stanzas, the server says %s", got)
	}

	bob.say(`<message xmlns="jabber:client" to="ann@a.example/ws"><body>denied 1</body></message>`)
	bob.say(`<message xmlns="jabber:client" to="ann@a.example/ws"><body>denied 2</body></message>`)
	bob.say(`<iq xmlns="jabber:client" id="v1" type="get" to="ann@a.example/ws"><query xmlns="jabber:iq:version"/></iq>`)
	if got := hear("jabber:iq:version"); strings.Contains(got, "denied") {
		t.Errorf("got %s", got)
	}

	// Lost, and resumed: the server sends again what ann has not counted, which is
	// nothing; and what came meanwhile.
	_ = ann.conn.CloseNow()
	bob.say(`<iq xmlns="jabber:client" id="v2" type="get" to="ann@a.example/ws"><query xmlns="jabber:iq:version"/></iq>`)
	again := dialWebSocket(t, f)
	again.say(openMessage)
	again.until("<stream:features")
	again.say(plain("ann", "secret-a"))
	again.expect("<success")
	again.say(openMessage)
	again.until("<stream:features")
	again.say(`<resume xmlns="urn:xmpp:sm:3" h="` + itoa(received) + `" previd="` + id + `"/>`)
	if got := again.expect("<resumed"); !strings.Contains(got, "h='4'") {
		t.Errorf("the server says %s", got)
	}
	if got := again.until("<iq"); !strings.Contains(got, "v2") {
		t.Errorf("after %d stanzas the server sends again %s", received, got)
	}
}

// A denied request of somebody else is emptied, so that the client answers it.
func TestWithheldRequestsCanBeAnswered(t *testing.T) {
	st := func(s string) xmpp.Stanza {
		st, err := xmpp.SplitMessage([]byte(s), xmpp.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	for in, want := range map[string]string{
		`<iq type="set" id="&lt;1" from="eve@a.example/&quot;"><secret/></iq>`:    "get",
		`<iq type="result" id="1"><secret/></iq>`:                                 "result",
		`<message id="1"><secret/></message>`:                                     "result",
		`<iq type="get" id="` + strings.Repeat("x", maxID+1) + `"><secret/></iq>`: "result",
	} {
		stanza := st(in)
		attributes := stanza.StartAttributes()
		got := withheld(stanza, StanzaFacts{Kind: stanza.Name.Local, Type: attributes["type"]})
		var iq struct {
			XMLName xml.Name `xml:"jabber:client iq"`
			Type    string   `xml:"type,attr"`
			ID      string   `xml:"id,attr"`
			From    string   `xml:"from,attr"`
		}
		if err := xml.Unmarshal(got.XML, &iq); err != nil || iq.Type != want || strings.Contains(string(got.XML), "secret") {
			t.Errorf("%.60s: %s, %v", in, got.XML, err)
		}
		if want == "get" && (iq.ID != attributes["id"] || iq.From != attributes["from"]) {
			t.Errorf("%s: %s", in, got.XML)
		}
	}
}

// Pings that nobody answers are bounded.
func TestUnansweredPingsAreBounded(t *testing.T) {
	var c counted
	for range maxWaiting {
		if _, err := c.replace(xmpp.Stanza{}, true); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.replace(xmpp.Stanza{}, true); err == nil {
		t.Error("there is no bound")
	}
}

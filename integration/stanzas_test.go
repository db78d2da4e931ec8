package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatproxy/demo/prosody"
	"chatproxy/integration/servers/ejabberd"
)

// A stanza policy in the file of the real program, before real servers: what is denied
// is answered and does not arrive, and what client and server count of each other's
// stanzas (XEP-0198) stays true over a resumption, in both directions.
func TestStanzaPolicy(t *testing.T) {
	accounts := map[string]string{"ann": "secret-a", "bob": "secret-b", "eve": "secret-e"}
	t.Run("Prosody", func(t *testing.T) {
		server, err := prosody.Start(t.Context(), prosody.Config{Domain: "a.example", Accounts: accounts})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Stop)
		stanzaPolicy(t, server)
	})
	t.Run("ejabberd", func(t *testing.T) {
		server, err := ejabberd.Start(t.Context(), ejabberd.Config{Domain: "a.example", Accounts: accounts})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Stop)
		stanzaPolicy(t, server)
	})
}

func stanzaPolicy(t *testing.T, server xmppServer) {
	serve := func(more string) (address string) {
		address = freeAddress(t)
		policy := filepath.Join(t.TempDir(), "policy.yaml")
		if err := os.WriteFile(policy, fmt.Appendf(nil, `version: 1
listen: [%q]
site: {upstream: "http://127.0.0.1:1", hosts: [%q]}
xmpp:
  domain: a.example
  server: %q
  ca: %q
%s`, address, address, server.Addr(), server.CAFile(), more), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, "serve", "--policy", policy).waitFor(t, "msg=listening")
		return address
	}
	address := serve(`  stanzas:
    rules:
      - {name: not to eve, match: {to: [eve@a.example], direction: client}, action: deny}
      - {name: bob sends no messages, match: {kind: [message], from: [bob@a.example], direction: server}, action: deny}
      - {name: no registration, match: {namespace: ["jabber:iq:register"]}, action: deny, error: not-allowed}
`)
	free := serve("") // where no policy is

	// Before the log-in: denied here, the server's business there.
	register := `<iq xmlns="jabber:client" id="r1" type="get"><query xmlns="jabber:iq:register"/></iq>`
	early := &drained{t: t, address: address}
	early.connect()
	early.say(register)
	early.hear("<not-authorized ")

	bob, eve := &drained{t: t, address: free, user: "bob", password: "secret-b"}, &drained{t: t, address: free, user: "eve", password: "secret-e"}
	for resource, c := range map[string]*drained{"b": bob, "e": eve} {
		c.dial()
		c.logIn(resource)
	}
	ann := newDrained(t, address)
	ann.logIn("a")
	received := 0 // stanzas, as ann's client counts
	hear := func(wanted string) string {
		t.Helper()
		for {
			got, err := ann.read()
			if err != nil {
				t.Fatalf("waiting for %s: %v", wanted, err)
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
	}
	ann.say(`<message xmlns="jabber:client" id="m1" to="EVE@a.example/e" type="chat"><body>denied</body></message>`)
	if got := hear("m1"); !strings.Contains(got, "<policy-violation ") {
		t.Errorf("got %s", got)
	}
	ann.say(`<iq xmlns="jabber:client" id="i1" type="get" to="eve@a.example/e"><query xmlns="denied"/></iq>`)
	if got := hear("i1"); !strings.Contains(got, "<service-unavailable ") {
		t.Errorf("got %s", got)
	}
	ann.say(strings.Replace(register, "r1", "r2", 1))
	if got := hear("r2"); !strings.Contains(got, "<not-allowed ") {
		t.Errorf("got %s", got)
	}
	ann.say(`<message xmlns="jabber:client" id="m2" to="eve@a.example/e" type="error"><body>denied</body></message>`)
	ann.say(`<message xmlns="jabber:client" id="m3" to="bob@a.example/b" type="chat"><body>allowed</body></message>`)
	bob.hear("allowed")
	ann.say(`<r xmlns="urn:xmpp:sm:3"/>`)
	if got := hear("<a "); !strings.Contains(got, "h='5'") {
		t.Errorf("ann has sent 5 stanzas, the server says %s", got)
	}

	for i := range 2 {
		bob.say(fmt.Sprintf(`<message xmlns="jabber:client" to="ann@a.example/a" type="chat"><body>denied %d</body></message>`, i))
	}
	bob.say(`<iq xmlns="jabber:client" id="v1" type="get" to="ann@a.example/a"><query xmlns="urn:q"/></iq>`)
	if got := hear("urn:q"); strings.Contains(got, "denied") {
		t.Errorf("got %s", got)
	}
	_ = ann.conn.CloseNow()
	bob.say(`<iq xmlns="jabber:client" id="v2" type="get" to="ann@a.example/a"><query xmlns="urn:q"/></iq>`)
	ann.dial()
	ann.say(fmt.Sprintf(`<resume xmlns="urn:xmpp:sm:3" h="%d" previd="%s"/>`, received, ann.id))
	if got := ann.hear("<resumed"); !strings.Contains(got, "h='5'") {
		t.Errorf("the server says %s", got)
	}
	for {
		got, err := ann.read()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(got, "<iq") || strings.HasPrefix(got, "<message") {
			if !strings.Contains(got, "v2") {
				t.Errorf("after %d stanzas the server sends again %s", received, got)
			}
			break
		}
	}

	// What came to eve is nothing but her own.
	bob.say(`<message xmlns="jabber:client" to="eve@a.example/e" type="chat"><body>the end</body></message>`)
	for {
		got, err := eve.read()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got, "denied") {
			t.Errorf("eve got %s", got)
		}
		if strings.Contains(got, "the end") {
			break
		}
	}
}

package integration

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chatproxy/demo/site"
	"chatproxy/integration/browsers"
)

// The proxy is killed while somebody writes, and started again: Converse comes
// back by itself and shows what was written meanwhile. Then the XMPP server is
// started again: Converse does not give up.
func TestConverseComesBack(t *testing.T) {
	for _, over := range []transport{overBOSH, overWebSocket} {
		t.Run(string(over), func(t *testing.T) {
			server := newXMPP(t)
			_, vendor := newVendor(t)
			upstream := httptest.NewServer(site.NewSite(site.Options{Vendor: vendor, ExtraHead: "<script>" + recorder + "</script>"}))
			t.Cleanup(upstream.Close)
			address := freeAddress(t)
			policy := filepath.Join(t.TempDir(), "policy.yaml")
			text := fmt.Sprintf(`version: 1
listen: [%q]
site: {upstream: %q, hosts: [%q]}
xmpp:
  domain: %s
  server: %q
  ca: %q
  bosh: {enabled: %t}
  websocket: {enabled: %t}
scripts: {rules: [{name: recorder, match: {digest: [%q]}, action: allow}]}
`, address, upstream.URL, address, domain, server.Addr(), server.CAFile(), over == overBOSH, over == overWebSocket, digest(recorder))
			if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			serve := func() *process {
				p := run(t, "serve", "--verbose", "--policy", policy)
				p.waitFor(t, "msg=listening")
				return p
			}
			proxy := serve()
			bob := newPeer(t, server, server.CA, "bob", accounts["bob"])
			var left atomic.Int32 // how often alice did, for her contacts
			there := false
			bob.presence = func(from, kind string) {
				if !strings.HasPrefix(from, "alice@") {
					return
				}
				if there && kind == "unavailable" {
					left.Add(1)
				}
				there = kind == ""
			}
			heard := make(chan string, 10)
			go func() { _ = bob.receive(func(body string) { heard <- body }) }() // until the server ends
			alice := newPerson(t, browsers.Chromium, "alice", "http://"+address+"/")
			alice.logIn()
			alice.openChat("bob")
			say := func(text string) {
				t.Helper()
				if err := bob.write("<message type='chat' to='alice@" + domain + "'><body>" + text + "</body></message>"); err != nil {
					t.Fatal(err)
				}
			}
			say("before")
			alice.sees("before")

			proxy.kill(t)
			say("while there is no proxy")
			proxy = serve()
			alice.seesSoon("while there is no proxy")
			say("after the proxy")
			alice.seesSoon("after the proxy")
			alice.say("alice is back")
			select {
			case body := <-heard:
				if body != "alice is back" {
					t.Errorf("bob heard %q", body)
				}
			case <-time.After(patience):
				t.Error("bob did not hear that alice is back")
			}
			// All that alice's server did before this message has come to bob too.
			if resumed := left.Load() == 0; over == overWebSocket && !resumed {
				t.Error("the stream was not resumed with XEP-0198: alice left in between")
			}

			if err := server.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			bob = newPeer(t, server, server.CA, "bob", accounts["bob"])
			alice.isBack(say)
			select {
			case <-proxy.exited:
				t.Error("chatproxy ended with its server")
			default:
			}
		})
	}
}

// kill ends the program as a crash does.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.exited
}

// backOff is how long Converse may wait before it tries again: it doubles its
// pauses.
const backOff = 90 * time.Second

// seesSoon waits until the message stands in the conversation of a client that has
// to connect again first.
func (p *person) seesSoon(text string) {
	p.t.Helper()
	p.Wait(`[...document.querySelectorAll("converse-chat-message-body")].some((e) => e.textContent.includes(arguments[0]))`, backOff, text)
}

// isBack waits until a message that is sent to the person arrives. A server that was
// started again has no session to keep messages for, so they are sent until one does.
func (p *person) isBack(say func(string)) {
	p.t.Helper()
	deadline := time.Now().Add(backOff)
	for n := 1; ; n++ {
		text := fmt.Sprintf("after the server, %d", n)
		say(text)
		if p.Eval(`
			const until = Date.now() + 1000;
			const there = () => [...document.querySelectorAll("converse-chat-message-body")].some((e) => e.textContent.includes(arguments[0]));
			while (!there() && Date.now() < until) await new Promise((later) => setTimeout(later, 50));
			return there();`, text) == true {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s has not come back within %v of the server's restart", p.name, backOff)
		}
	}
}

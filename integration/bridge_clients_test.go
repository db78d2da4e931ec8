package integration

import (
	"crypto/x509"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"chatproxy/demo/prosody"
	"chatproxy/integration/relay"
	"chatproxy/integration/servers/ejabberd"
)

// seed is what faults and bursts are drawn from.
var seed = flag.Uint64("seed", 1, "what the faults of TestClients are drawn from")

// resilience is what a client's own stack can live through.
type resilience int

const (
	// repeats: it repeats BOSH requests whose connection broke.
	repeats resilience = iota
	// fragile: over BOSH, a broken connection is the end of its session, but
	// requests that arrive twice, or in another order, or late, are none.
	fragile
	// resumes: over WebSocket, it connects again and resumes its stream with
	// XEP-0198.
	resumes
	// lost: over WebSocket, a broken connection is the end of its session.
	lost
)

// aClient is one row of the table.
type aClient struct {
	name     string
	over     transport
	survives resilience
	start    func(*testing.T, login, chan happening) chatClient
}

func inNode(script string) func(*testing.T, login, chan happening) chatClient {
	return func(t *testing.T, l login, to chan happening) chatClient {
		return startDriver(t, l, to, "node", filepath.Join("clients", script))
	}
}

// clients are independent clients, each over every transport that it has.
//
// Missing, because the client lacks the transport: BOSH in @xmpp/client and in
// nbxmpp, WebSocket in gloox. The strophe of the tests has no XEP-0198 (in
// Converse it has, from a plugin of Converse), so over WebSocket it has nothing to
// live through faults with. Converse resumes a stream once and not again, and counts
// its stanzas from <enabled/> on where XEP-0198 §3 has <enable/>, so that it takes some
// of its own messages for acknowledged; what it does is tried in
// bridge_reconnect_test.go.
func clients(t *testing.T, pages *converseSite) []aClient {
	return []aClient{
		{"converse", overBOSH, repeats, pages.start},
		{"converse", overWebSocket, lost, pages.start},
		{"strophe", overBOSH, repeats, inNode("strophe.mjs")},
		{"strophe", overWebSocket, lost, inNode("strophe.mjs")},
		{"xmppjs", overWebSocket, resumes, inNode("xmppjs.mjs")},
		{"stanza", overBOSH, repeats, inNode("stanza.mjs")},
		{"stanza", overWebSocket, resumes, inNode("stanza.mjs")},
		{"gloox", overBOSH, fragile, compiled(t, "gloox.cpp", "-lgloox")},
		{"nbxmpp", overWebSocket, resumes, func(t *testing.T, l login, to chan happening) chatClient {
			// Debian's own Python, which Debian's packages are for.
			return startDriver(t, l, to, "/usr/bin/python3", filepath.Join("clients", "nbxmpp_driver.py"))
		}},
	}
}

// compiled compiles a driver in C++.
func compiled(t *testing.T, source string, libraries ...string) func(*testing.T, login, chan happening) chatClient {
	t.Helper()
	binary := filepath.Join(t.TempDir(), strings.TrimSuffix(source, ".cpp"))
	args := append([]string{"-O1", "-Wall", "-Werror", "-o", binary, filepath.Join("clients", source)}, libraries...)
	if out, err := exec.Command("g++", args...).CombinedOutput(); err != nil {
		t.Fatalf("compiling %s: %v\n%s", source, err, out)
	}
	return func(t *testing.T, l login, to chan happening) chatClient {
		return startDriver(t, l, to, binary)
	}
}

// faults are what a client of this kind is put through.
func (r resilience) faults(target string) relay.Options {
	o := relay.Options{Target: target, Seed: *seed, Most: 15}
	switch r {
	case repeats:
		o.BOSH = map[relay.Kind]float64{
			relay.AbortBefore: .05, relay.AbortHeld: .05, relay.LoseResponse: .05, relay.AbortMiddle: .05,
			relay.Duplicate: .1, relay.Reorder: .25, relay.Delay: .1,
		}
	case fragile:
		o.BOSH = map[relay.Kind]float64{relay.Duplicate: .15, relay.Reorder: .25, relay.Delay: .15}
	case resumes:
		o.Frames = map[relay.Kind]float64{relay.SplitFrame: .05, relay.DelayFrame: .02}
		o.Cuts = 4
	}
	return o
}

// Independent clients log in through chatproxy to Prosody and to ejabberd, and
// each exchanges a thousand messages both ways with a peer on the server, of
// which none is lost, doubled or out of order: over a good network, and over one
// that breaks as much as the client's own stack can mend.
func TestClients(t *testing.T) {
	var pages converseSite
	all := clients(t, &pages)
	accounts := map[string]string{}
	for _, c := range all {
		for _, network := range []string{"good", "bad"} {
			accounts[c.account(network)] = "pass-" + c.name
			accounts[c.account(network)+".peer"] = "pass-peer"
		}
	}
	t.Run("prosody", func(t *testing.T) {
		t.Parallel()
		server, err := prosody.Start(t.Context(), prosody.Config{Domain: domain, Accounts: accounts, Groups: map[string][]string{}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Stop)
		exchangeAll(t, server, server.CA, &pages, all, accounts)
	})
	t.Run("ejabberd", func(t *testing.T) {
		t.Parallel()
		server, err := ejabberd.Start(t.Context(), ejabberd.Config{Domain: domain, Accounts: accounts})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Stop)
		exchangeAll(t, server, server.CA, &pages, all, accounts)
	})
}

func (c aClient) account(network string) string { return c.name + "." + string(c.over) + "." + network }

// exchangeAll puts chatproxy in front of the server and runs the table.
func exchangeAll(t *testing.T, server xmppServer, roots *x509.CertPool, pages *converseSite, all []aClient, accounts map[string]string) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server said:\n%s", server.Log())
		}
	})
	proxy := bridgedSite(t, server, pages)
	for _, c := range all {
		for _, network := range []string{"good", "bad"} {
			if network == "bad" && c.survives == lost {
				continue
			}
			t.Run(c.name+"/"+string(c.over)+"/"+network, func(t *testing.T) {
				t.Parallel()
				o := relay.Options{Target: proxy}
				if network == "bad" {
					o = c.survives.faults(proxy)
				}
				between, err := relay.Start(o)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(between.Close)
				l := login{site: between.Addr(), over: c.over, domain: domain, user: c.account(network),
					password: accounts[c.account(network)], resource: "test"}
				happenings := make(chan happening, 4*inFlight)
				other := newPeer(t, server, roots, l.user+".peer", "pass-peer")
				client := c.start(t, l, happenings)
				events := exchange(t, *seed, client, other, happenings)
				judge(t, between, o, events)
				go func() { // what it still says is not of interest, but it must be able to
					for range happenings {
					}
				}()
				client.stop()
			})
		}
	}
}

// judge looks at what the relay did and saw.
func judge(t *testing.T, r *relay.Relay, o relay.Options, events map[string]int) {
	t.Helper()
	injected := r.Injected()
	t.Logf("seed %d, faults %v, events %v", o.Seed, injected, events)
	for _, v := range r.Violations() {
		t.Error(v)
	}
	for _, likely := range []map[relay.Kind]float64{o.BOSH, o.Frames} {
		for kind := range likely {
			if injected[kind] == 0 {
				t.Errorf("there was no %s", kind)
			}
		}
	}
	if o.Cuts == 0 {
		return
	}
	cuts := 0
	for _, kind := range []relay.Kind{relay.CutBetweenUp, relay.CutBetweenDown, relay.CutInsideUp, relay.CutInsideDown} {
		if injected[kind] == 0 {
			t.Errorf("there was no %s", kind)
		}
		cuts += injected[kind]
	}
	if events["resumed"] < cuts {
		t.Errorf("%d connections were cut and the stream was resumed %d times", cuts, events["resumed"])
	}
}

// bridgedSite starts chatproxy in front of a server and a site and returns its
// address. Pages at /driver.html pass as they are.
func bridgedSite(t *testing.T, server xmppServer, site http.Handler) (address string) {
	t.Helper()
	upstream := httptest.NewServer(site)
	t.Cleanup(upstream.Close)
	address = freeAddress(t)
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	text := fmt.Sprintf(`version: 1
listen: [%q]
site: {upstream: %q, hosts: [%q]}
xmpp: {domain: %s, server: %q, ca: %q}
pages: [{match: /driver.html, mode: "off"}]
limits: {sessions_per_address: 1000} # all clients come from this machine
`, address, upstream.URL, address, server.Domain(), server.Addr(), server.CAFile())
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "serve", "--policy", policy).waitFor(t, "msg=listening")
	return address
}

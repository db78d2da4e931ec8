package main

import (
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatproxy/policies"
)

// What the policy says of BOSH is what clients are told.
func TestBOSHOfThePolicy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // a server that says hello
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:features/>")
		}
	}()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	text := "version: 1\nsite: {upstream: \"http://127.0.0.1:3000\", hosts: [www.example.com]}\n" +
		"xmpp: {domain: example.com, tls: none, server: \"" + l.Addr().String() + "\", bosh: {wait: 30s, hold: 2, inactivity: 50s, polling: 3s, " +
		"max_pause: 1m, streams: 1, replay: 1MiB, compress: true, former_domains: [old.example], see_other_uri: \"https://www.example.com/http-bind\"}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	policy, err := policies.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	bridge, err := newBridge(policy, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bridge.Close(t.Context()) }()
	served, err := newSite(policy, bridge, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer served.Close()
	ask := func(url, to string) string {
		r := httptest.NewRequest("POST", url, strings.NewReader(`<body xmlns="http://jabber.org/protocol/httpbind" rid="1" ver="1.11" wait="60" hold="3" to="`+to+`"/>`))
		r.Header.Set("Origin", url[:strings.LastIndex(url, "/")])
		w := httptest.NewRecorder()
		served.ServeHTTP(w, r)
		return w.Body.String()
	}
	if got := bridgeLimits(policy).Replay; got != 1<<20 {
		t.Errorf("replay %d", got)
	}
	for _, test := range []struct{ url, to, want string }{
		{"https://www.example.com/http-bind", "example.com", `wait="30" requests="4" hold="2" inactivity="50" polling="3" maxpause="60"`},
		{"https://www.example.com/http-bind", "old.example", `condition="host-gone"`},
		{"http://www.example.com/http-bind", "example.com", `<uri>https://www.example.com/http-bind</uri>`},
	} {
		if got := ask(test.url, test.to); !strings.Contains(got, test.want) || strings.Contains(got, " stream=") {
			t.Errorf("%s to %s: got %s", test.url, test.to, got)
		}
	}
}

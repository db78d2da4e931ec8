package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder is as many sites as it has files. A new file is a new site, and one that
// claims another's host is refused.
func TestAFolderOfSites(t *testing.T) {
	dir := t.TempDir()
	upstreamOf := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "the site "+name)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	add := func(name, host string) {
		writePolicy(t, filepath.Join(dir, name+".yaml"), fmt.Sprintf(
			"version: 1\nlisten: [\"127.0.0.1:0\"]\nsite: {upstream: %s, hosts: [%s]}\nxmpp: {domain: %s}\n", upstreamOf(name), host, host))
	}
	add("one", "one.example")
	add("two", "two.example")
	r, err := start(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.stop() }()
	expect := func(host, want string) {
		t.Helper()
		request, _ := http.NewRequest("GET", "http://"+r.addresses[0]+"/", nil)
		request.Host = host
		res, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		if got := fmt.Sprint(res.StatusCode, " ", string(body)); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %.60s, want %s", host, got, want)
		}
	}
	expect("one.example", "200 the site one")
	expect("two.example", "200 the site two")
	expect("three.example", "421 ")

	add("three", "three.example")
	if !r.changed() {
		t.Error("the new file is not seen")
	}
	if err := r.reload(); err != nil {
		t.Fatal(err)
	}
	expect("three.example", "200 the site three")
	expect("one.example", "200 the site one")
	if r.changed() {
		t.Error("nothing has changed since")
	}

	add("four", "ONE.example:80")
	if err := r.reload(); err == nil || !strings.Contains(err.Error(), "one.yaml") {
		t.Errorf("two sites with one host: %v", err)
	}
	expect("one.example", "200 the site one")
	for _, name := range []string{"four", "two"} {
		if err := os.Remove(filepath.Join(dir, name+".yaml")); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.reload(); err != nil {
		t.Fatal(err)
	}
	expect("two.example", "421 ")
}

// Chat sessions go on over a reload, as long as the XMPP server is the same.
func TestTheBridgeGoesOn(t *testing.T) {
	const upstream = "http://127.0.0.1:1"
	r := startFrom(t, policyOf(upstream, true))
	before := r.serving[0].bridge
	for _, tt := range []struct {
		name, policy string
		same         bool
	}{
		{"another rule", policyOf(upstream, false), true},
		{"another XMPP server", strings.Replace(policyOf(upstream, true), "{domain: example.com}", "{domain: example.com, server: \"127.0.0.1:5222\"}", 1), false},
		{"the one before", policyOf(upstream, true), false},
		{"other limits", policyOf(upstream, true) + "limits: {sessions_per_address: 3}\n", false},
	} {
		writePolicy(t, r.file, tt.policy)
		if err := r.reload(); err != nil {
			t.Fatal(err)
		}
		after := r.serving[0].bridge
		if same := after == before; same != tt.same {
			t.Errorf("%s: the same bridge: %t", tt.name, same)
		}
		before = after
	}
}

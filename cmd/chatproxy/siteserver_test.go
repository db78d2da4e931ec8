package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The whole program: discovery is merged with the site's own document, and BOSH goes
// to the endpoint that the policy names.
func TestDiscoveryAndPassingThrough(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/host-meta" || r.Host != "www.example.com" {
			page(w, r)
			return
		}
		_, _ = io.WriteString(w, "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='lrdd' template='https://www.example.com/?r={uri}'/>"+
			"<Link rel='urn:xmpp:alt-connections:xbosh' href='https://old.example/bind'/></XRD>")
	}))
	defer upstream.Close()
	asked := make(chan *http.Request, 1)
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		_, _ = io.WriteString(w, "<body xmlns='http://jabber.org/protocol/httpbind' sid='theirs' wait='60' requests='2' inactivity='60'/>")
	}))
	defer endpoint.Close()
	r := startFrom(t, fmt.Sprintf(`version: 1
listen: ["127.0.0.1:0"]
site: {upstream: %s, hosts: [www.example.com]}
xmpp: {domain: example.com, bosh: {upstream: "%s/own/http-bind"}}
`, upstream.URL, endpoint.URL))
	send := func(method, path, body string) string {
		t.Helper()
		q, err := http.NewRequest(method, "http://"+r.addresses[0]+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		q.Host = "www.example.com"
		q.Header.Set("Origin", "http://www.example.com")
		rsp, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer rsp.Body.Close()
		b, err := io.ReadAll(rsp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(rsp.StatusCode, " ", string(b))
	}
	meta := send("GET", "/.well-known/host-meta", "")
	for _, want := range []string{"200 ", "rel='lrdd'", "href='http://www.example.com/http-bind'", "href='ws://www.example.com/xmpp-websocket'"} {
		if !strings.Contains(meta, want) {
			t.Errorf("host-meta is %s\nwithout %s", meta, want)
		}
	}
	if strings.Contains(meta, "old.example") {
		t.Errorf("host-meta has the old endpoint: %s", meta)
	}
	if json := send("GET", "/.well-known/host-meta.json", ""); !strings.Contains(json, `"href":"http://www.example.com/http-bind"`) {
		t.Errorf("host-meta.json is %s", json) // the upstream's own is a web page
	}
	made := send("POST", "/http-bind", `<body xmlns="http://jabber.org/protocol/httpbind" rid="1" to="example.com" ver="1.6" wait="60" hold="1"/>`)
	if !strings.Contains(made, "sid='theirs'") {
		t.Fatalf("got %s", made)
	}
	if q := <-asked; q.URL.Path != "/own/http-bind" || q.Host != "example.com" || q.Header.Get("X-Forwarded-For") != "127.0.0.1" {
		t.Errorf("the endpoint was asked %s of %s, %v", q.URL, q.Host, q.Header)
	}
}

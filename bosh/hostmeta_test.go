package bosh

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"net/http/httptest"
	"testing"

	"chatproxy/xmpp"
)

func failing(err error) func(context.Context) (*xmpp.Stream, error) {
	return func(context.Context) (*xmpp.Stream, error) { return nil, err }
}

func TestRFC7395_4_HostMeta(t *testing.T) {
	for _, test := range []struct {
		name     string
		meta     HostMeta
		tls      bool
		bosh, ws string
	}{
		{"configured", HostMeta{Origin: "https://www.example.com/", BOSH: "/b", WebSocket: "/w"}, false, "https://www.example.com/b", "wss://www.example.com/w"},
		{"over TLS", HostMeta{BOSH: "/b", WebSocket: "/w"}, true, "https://site.example/b", "wss://site.example/w"},
		{"in the clear", HostMeta{BOSH: "/b", WebSocket: "/w"}, false, "http://site.example/b", "ws://site.example/w"},
		{"BOSH only", HostMeta{BOSH: "/b"}, true, "https://site.example/b", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "http://site.example/.well-known/host-meta", nil)
			// Whatever a client claims, it is not the scheme.
			r.Header.Set("X-Forwarded-Proto", "https")
			if test.tls {
				r.TLS = &tls.ConnectionState{}
			}
			want := map[string]string{relBOSH: test.bosh, relWebSocket: test.ws}
			var xrd struct {
				Link []struct {
					Rel  string `xml:"rel,attr"`
					Href string `xml:"href,attr"`
				}
			}
			w := httptest.NewRecorder()
			test.meta.XRD().ServeHTTP(w, r)
			if err := xml.Unmarshal(w.Body.Bytes(), &xrd); err != nil {
				t.Fatal(err)
			}
			for _, l := range xrd.Link {
				if want[l.Rel] != l.Href {
					t.Errorf("%s is %q", l.Rel, l.Href)
				}
			}
			var jrd struct{ Links []link }
			w = httptest.NewRecorder()
			test.meta.JSON().ServeHTTP(w, r)
			if err := json.Unmarshal(w.Body.Bytes(), &jrd); err != nil {
				t.Fatal(err)
			}
			if len(jrd.Links) != len(xrd.Link) || w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%v, %v", jrd, w.Header())
			}
			for _, l := range jrd.Links {
				if want[l.Rel] != l.Href {
					t.Errorf("%s is %q", l.Rel, l.Href)
				}
			}
		})
	}
}

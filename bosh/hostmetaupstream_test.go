package bosh

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// roundTrip is an upstream that answers as a test says.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func says(status int, header http.Header, body io.Reader) roundTrip {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body)}, nil
	}
}

func metaOf(upstream http.RoundTripper) HostMeta {
	return HostMeta{Origin: "https://www.example.com", BOSH: "/b", WebSocket: "/w", Upstream: upstream}
}

func get(h http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "http://www.example.com/.well-known/host-meta", nil))
	return w
}

const ourLinks = "  <Link xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0' rel='urn:xmpp:alt-connections:xbosh' href='https://www.example.com/b'/>\n" +
	"  <Link xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0' rel='urn:xmpp:alt-connections:websocket' href='wss://www.example.com/w'/>\n"

const oursAlone = "<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n" + ourLinks + "</XRD>\n"

// Everything of the upstream's stays where and as it was, but endpoints like
// ours; ours come last, since Converse takes the last link.
func TestHostMetaIsMerged(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"others are kept": {
			"<?xml version='1.0'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><!-- ours -->\n<Subject>x</Subject><Link rel='lrdd' template='https://a/?r={uri}'><Title>T</Title></Link></XRD>\n",
			"<?xml version='1.0'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><!-- ours -->\n<Subject>x</Subject><Link rel='lrdd' template='https://a/?r={uri}'><Title>T</Title></Link>" + ourLinks + "</XRD>\n"},
		"endpoints are replaced": {
			"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='urn:xmpp:alt-connections:xbosh' href='https://evil.example/b'/><Link rel='a'/><Link href='wss://evil.example/' rel=' urn:xmpp:alt-connections:websocket '><Title>x</Title></Link></XRD>",
			"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='a'/>" + ourLinks + "</XRD>"},
		"under a prefix": {
			"<x:XRD xmlns:x='http://docs.oasis-open.org/ns/xri/xrd-1.0'><x:Link rel='urn:xmpp:alt-connections:xbosh' href='https://evil.example/b'/></x:XRD>",
			"<x:XRD xmlns:x='http://docs.oasis-open.org/ns/xri/xrd-1.0'>" + ourLinks + "</x:XRD>"},
		"with a byte order mark": {
			"\ufeff<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'></XRD>",
			"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>" + ourLinks + "</XRD>"},
		"empty":            {"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'/>", oursAlone},
		"nothing":          {"", oursAlone},
		"a web page":       {"<!doctype html><html><body>404</body></html>", oursAlone},
		"another XML":      {"<html xmlns='http://www.w3.org/1999/xhtml'/>", oursAlone},
		"no namespace":     {"<XRD><Link rel='a'/></XRD>", oursAlone},
		"cut off":          {"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='a'/>", oursAlone},
		"two documents":    {strings.Repeat("<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'></XRD>", 2), oursAlone},
		"text behind":      {"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'></XRD>x", oursAlone},
		"entities":         {"<!DOCTYPE XRD [<!ENTITY a 'b'>]><XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>&a;</XRD>", oursAlone},
		"a style sheet":    {"<?xml-stylesheet href='/x'?><XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'></XRD>", oursAlone},
		"another encoding": {"<?xml version='1.0' encoding='iso-8859-1'?><XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'></XRD>", oursAlone},
		"too large":        {"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>" + strings.Repeat(" ", maxHostMeta) + "</XRD>", oursAlone},
	} {
		got := get(metaOf(says(200, nil, strings.NewReader(test.in))).XRD()).Body.String()
		if got != test.want {
			t.Errorf("%s: got %s\nwant %s", name, got, test.want)
		}
		var xrd struct {
			XMLName xml.Name `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 XRD"`
			Links   []struct {
				Rel  string `xml:"rel,attr"`
				Href string `xml:"href,attr"`
			} `xml:"Link"`
		}
		if err := xml.Unmarshal([]byte(got), &xrd); err != nil || strings.Contains(got, "evil.example") {
			t.Errorf("%s: %v: %s", name, err, got)
		}
		if last := xrd.Links[len(xrd.Links)-1]; last.Href != "wss://www.example.com/w" {
			t.Errorf("%s: the last link is %v", name, last)
		}
	}
}

func TestHostMetaJSONIsMerged(t *testing.T) {
	const ours = `{"rel":"urn:xmpp:alt-connections:xbosh","href":"https://www.example.com/b"},{"rel":"urn:xmpp:alt-connections:websocket","href":"wss://www.example.com/w"}`
	for in, want := range map[string]string{
		`{"subject":"x","links":[{"rel":"a","template":"t"},{"rel":"urn:xmpp:alt-connections:xbosh","href":"https://evil.example/"}]}`: `{"links":[{"rel":"a","template":"t"},` + ours + `],"subject":"x"}`,
		`{}`:                     `{"links":[` + ours + `]}`,
		`{"links":"x"}`:          `{"links":[` + ours + `]}`,
		`{"links":["x"]}`:        `{"links":[` + ours + `]}`,
		`[1]`:                    `{"links":[` + ours + `]}`,
		`null`:                   `{"links":[` + ours + `]}`,
		`<html>`:                 `{"links":[` + ours + `]}`,
		`{"links":[]} {"a":"b"}`: `{"links":[` + ours + `]}`,
		``:                       `{"links":[` + ours + `]}`,
	} {
		got := get(metaOf(says(200, nil, strings.NewReader(in))).JSON()).Body.String()
		if strings.TrimSpace(got) != want || !json.Valid([]byte(got)) {
			t.Errorf("%s: got %s\nwant %s", in, got, want)
		}
	}
}

// An upstream that has nothing, fails, or never ends its answer is done without.
func TestHostMetaWithoutUpstream(t *testing.T) {
	good := "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='a'/></XRD>"
	for name, upstream := range map[string]http.RoundTripper{
		"none":        nil,
		"not found":   says(404, nil, strings.NewReader(good)),
		"redirect":    says(301, http.Header{"Location": {"https://evil.example/"}}, strings.NewReader(good)),
		"compressed":  says(200, http.Header{"Content-Encoding": {"gzip"}}, strings.NewReader(good)),
		"unreachable": roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }),
		"hanging": roundTrip(func(r *http.Request) (*http.Response, error) {
			if deadline, ok := r.Context().Deadline(); !ok || time.Until(deadline) > hostMetaTimeout {
				t.Error("the upstream is waited for without end")
			}
			return nil, context.DeadlineExceeded
		}),
		"without end": says(200, nil, endless{}),
	} {
		w := get(metaOf(upstream).XRD())
		if w.Body.String() != oursAlone || w.Code != 200 {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: header %v", name, w.Header())
		}
	}
	if got := get(metaOf(says(200, nil, strings.NewReader(good))).XRD()).Body.String(); !strings.Contains(got, "<Link rel='a'/>") {
		t.Errorf("the control: got %s", got)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// The upstream is asked for the same document under the same name, and learns
// nothing of the client.
func TestHostMetaAsksTheUpstream(t *testing.T) {
	var got *http.Request
	h := metaOf(roundTrip(func(r *http.Request) (*http.Response, error) { got = r; return nil, io.EOF }))
	r := httptest.NewRequest("GET", "http://www.example.com/.well-known/host-meta.json", nil)
	r.Header.Set("Cookie", "a=b")
	h.Secure = func(*http.Request) bool { return true }
	h.JSON().ServeHTTP(httptest.NewRecorder(), r)
	if got.URL.Path != "/.well-known/host-meta.json" || got.Host != "www.example.com" || got.Header.Get("Cookie") != "" || got.Header.Get("X-Forwarded-Proto") != "https" {
		t.Errorf("the upstream was asked %s of %s, %v", got.URL, got.Host, got.Header)
	}
}

// FuzzMergeXRD: whatever an upstream has, what is served is XML in which our
// links are the last of their kind and the only ones.
func FuzzMergeXRD(f *testing.F) {
	f.Add([]byte("<?xml version='1.0'?><XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='urn:xmpp:alt-connections:xbosh' href='x'/></XRD>"))
	f.Add([]byte("<x:XRD xmlns:x='http://docs.oasis-open.org/ns/xri/xrd-1.0'><a/><![CDATA[<]]></x:XRD>"))
	links := metaOf(nil).links(httptest.NewRequest("GET", "/", nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, ok := mergeXRD(in, links)
		if !ok {
			return
		}
		var xrd struct {
			XMLName xml.Name `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 XRD"`
			Links   []struct {
				Rel  string `xml:"rel,attr"`
				Href string `xml:"href,attr"`
			} `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 Link"`
		}
		if err := xml.Unmarshal(out, &xrd); err != nil {
			t.Fatalf("%q became %q: %v", in, out, err)
		}
		n := len(xrd.Links)
		if n < 2 || xrd.Links[n-2].Href != "https://www.example.com/b" || xrd.Links[n-1].Href != "wss://www.example.com/w" {
			t.Fatalf("%q became %q", in, out)
		}
		for _, l := range xrd.Links[:n-2] {
			if isOurs(l.Rel) {
				t.Fatalf("%q became %q", in, out)
			}
		}
	})
}

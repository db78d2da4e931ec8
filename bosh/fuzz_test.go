package bosh

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"chatproxy/xmpp"
)

// FuzzBody gives a manager bodies of clients. Whatever comes in: the answer is a
// <body/> that encoding/xml reads, with a length; nothing is dialled for what is
// refused; what is accepted is well-formed and in the namespace of BOSH by
// encoding/xml's judgement too; and its payloads stand for themselves: put into
// another body they are the same payloads.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		createBody(`wait="59" hold="1"`), createBody(`wait="59" ack="1" newkey="ca393b51b682f61f98e7877d61146407f3d0a770" content="text/html"`),
		requestBody("x", "1001", `stream="s" ack="7" key="bfb06a6f113cd6fd3838ab9d300fdb4fe3da2f7d"`, numbered("1")+numbered("2")),
		requestBody("x", "1001", over, `<presence xmlns="jabber:client" type="unavailable"/>`),
		requestBody("x", "1001", restart, ""), requestBody("x", "1001", `pause="60"`, ""), requestBody("x", "1001", anotherStream, ""),
		`<b:body xmlns:b="` + binding + `" rid="1" sid="x" xmlns="jabber:client" xmlns:s="urn:s"><message s:a="1"><body/></message></b:body>`,
		`<body xmlns='` + binding + `' rid='1' sid='x'><message><![CDATA[a]]>&amp;</message></body>`,
		`<!DOCTYPE body [<!ENTITY a "b">]><body xmlns="` + binding + `"/>`,
	} {
		f.Add([]byte(seed))
	}
	dialled := false
	b, err := New(Options{Domain: domain, AllowOrigin: func(*http.Request) bool { return true },
		Dial: func(context.Context) (*xmpp.Stream, error) { dialled = true; return nil, io.EOF }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		limits := b.BOSH.o.Limits.stanzaLimits()
		q, err := parseRequest(document, limits)
		if err == nil {
			checkAccepted(t, document, q, limits)
			if q.create != nil {
				return // a session would wait for its server
			}
		}
		r := httptest.NewRequest("POST", "/http-bind", bytes.NewReader(document))
		r.Header.Set("Origin", site)
		w := httptest.NewRecorder()
		b.BOSH.ServeHTTP(w, r)
		var answer struct {
			XMLName   xml.Name
			Type      string `xml:"type,attr"`
			Condition string `xml:"condition,attr"`
		}
		if err := xml.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.XMLName != (xml.Name{Space: binding, Local: "body"}) ||
			answer.Type != "terminate" || answer.Condition == "" || w.Header().Get("Content-Length") != itoa(w.Body.Len()) {
			t.Errorf("%v: %d %v %s", err, w.Code, w.Header(), w.Body)
		}
		if dialled || len(b.BOSH.sessions) > 0 {
			t.Error("something began")
		}
	})
}

func checkAccepted(t *testing.T, document []byte, q *request, limits xmpp.Limits) {
	d := xml.NewDecoder(bytes.NewReader(document))
	first := true
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("accepted, but encoding/xml says %v", err)
		}
		if start, ok := token.(xml.StartElement); ok && first {
			if first = false; start.Name != (xml.Name{Space: binding, Local: "body"}) {
				t.Fatalf("accepted a %v", start.Name)
			}
		}
		switch token.(type) {
		case xml.Comment, xml.Directive:
			t.Fatalf("accepted %T", token)
		}
	}
	if q.rid < 1 || q.rid > maxRID || q.pause < 0 || q.ack < 0 {
		t.Fatalf("numbers: %+v", q)
	}
	if c := q.create; c != nil {
		if c.wait < 0 || c.hold < 0 || (c.contentType != defaultType && contentTypeOf(c.contentType) == "") {
			t.Fatalf("creation: %+v", c)
		}
	}
	// In one of our own bodies the payloads are the same.
	limits.StanzaBytes += 4096
	again, err := xmpp.SplitBody(makeBody([]attribute{{"rid", "1"}}, q.stanzas), limits)
	if err != nil || !slices.EqualFunc(again.Stanzas, q.stanzas, func(a, b xmpp.Stanza) bool { return a.Name == b.Name && bytes.Equal(a.XML, b.XML) }) {
		t.Fatalf("payloads changed: %v\n%s\n%s", err, q.stanzas, again)
	}
}

func contentTypeOf(s string) string { s, _ = contentType(s); return s }

package xmpp

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestSplitServerMessage(t *testing.T) {
	const framing = ` xmlns="urn:ietf:params:xml:ns:xmpp-framing"`
	const stream = ` xmlns:stream='http://etherx.jabber.org/streams'`
	for in, want := range map[string]string{
		`<message xmlns="jabber:client" to='a'/>`: `<message xmlns="jabber:client" to='a'/>`,
		` ` + "\n": ``,
		`<stream:features` + stream + `><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><a xmlns='b'/></stream:features>`: `<stream:features` + stream + `><a xmlns='b'/></stream:features>`,
	} {
		if st, h, err := SplitServerMessage([]byte(in), Limits{}); err != nil || h != nil || string(st.XML) != want {
			t.Errorf("%s: got %s, %v, %v", in, st.XML, h, err)
		}
	}
	st, h, err := SplitServerMessage([]byte(`<open`+framing+` id='i' from='a.example' xml:lang='de' version='1.0'/>`), Limits{})
	if err != nil || !st.Is(NSStream, "stream") || st.XML != nil || *h != (Header{"i", "a.example", "de"}) {
		t.Errorf("<open/>: got %v, %+v, %v", st, h, err)
	}
	if _, _, err := SplitServerMessage([]byte(`<close`+framing+` see-other-uri='wss://b.example/'/>`), Limits{}); err != io.EOF {
		t.Errorf("<close/>: got %v", err)
	}
	var said *StreamError
	_, _, err = SplitServerMessage([]byte(`<stream:error`+stream+`><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`), Limits{})
	if !errors.As(err, &said) || said.Condition != "conflict" {
		t.Errorf("an error: got %v", err)
	}
	for _, in := range []string{`<x` + framing + `/>`, `<a/><b/>`, `<a>`, `<!DOCTYPE a>`, `<stream:features/>`} {
		var syntax *SyntaxError
		if _, _, err := SplitServerMessage([]byte(in), Limits{}); !errors.As(err, &syntax) {
			t.Errorf("%s: got %v", in, err)
		}
	}
}

func TestReadBodyTag(t *testing.T) {
	document := []byte(`<?xml version='1.0'?><body xmlns='http://jabber.org/protocol/httpbind' sid="a&amp;b" note='>' xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'><message>` + strings.Repeat("x", 2000))
	for name, r := range map[string]io.Reader{"at once": bytes.NewReader(document), "bytewise": iotest.OneByteReader(bytes.NewReader(document)),
		"with its end": iotest.DataErrReader(bytes.NewReader(document))} {
		body, read, err := ReadBodyTag(r, Limits{})
		if err != nil {
			t.Fatal(name, err)
		}
		sid, _ := body.Attribute("sid")
		version, _ := body.Attribute("xmpp:version")
		rest, _ := io.ReadAll(r)
		if sid != "a&b" || version != "1.0" || !bytes.Equal(append(read, rest...), document) {
			t.Errorf("%s: sid %q, version %q, %d and %d bytes of %d", name, sid, version, len(read), len(rest), len(document))
		}
	}
	for _, in := range []string{"", "<html>", "<body", "<body/>", "<body xmlns='jabber:client'/>", "<body xmlns='http://jabber.org/protocol/httpbind' a='" + strings.Repeat("x", 4096), strings.Repeat(" ", 1<<20)} {
		if _, read, err := ReadBodyTag(strings.NewReader(in), Limits{StanzaBytes: 2048}); err == nil || len(read) > 3000 {
			t.Errorf("%.20s: got %v after %d bytes", in, err, len(read))
		}
	}
}

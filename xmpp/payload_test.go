package xmpp

import (
	"errors"
	"io"
	"strings"
	"testing"
)

const bodyHead = `<body rid='1' xmlns='http://jabber.org/protocol/httpbind'>`

var payloads = []struct{ name, in, want string }{
	{"none", `<body rid='1' xmlns='http://jabber.org/protocol/httpbind'/>`, ``},
	{"inherits the namespace of BOSH", bodyHead + `<presence/></body>`, `<presence xmlns="jabber:client"/>`},
	{"declares the namespace of BOSH", bodyHead + `<message to='a' xmlns='http://jabber.org/protocol/httpbind'><body/></message></body>`,
		`<message xmlns="jabber:client" to='a' ><body/></message>`},
	{"prefixed body", `<b:body xmlns:b='http://jabber.org/protocol/httpbind'><presence/></b:body>`, `<presence xmlns="jabber:client"/>`},
	{"two", bodyHead + `<a xmlns='u'/> <b xmlns='v'/></body> `, `<a xmlns='u'/>|<b xmlns='v'/>`},
	{"declaration", `<?xml version="1.0" encoding="UTF-8"?>` + bodyHead + `</body>`, ``},
	{"auth", bodyHead + `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AGE=</auth></body>`, `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AGE=</auth>`},
}

func TestSplitBody(t *testing.T) {
	for _, test := range payloads {
		t.Run(test.name, func(t *testing.T) {
			body, err := SplitBody([]byte(test.in), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, st := range body.Stanzas {
				got = append(got, string(st.XML))
			}
			if all := strings.Join(got, "|"); all != test.want {
				t.Errorf("got  %s\nwant %s", all, test.want)
			}
		})
	}
}

func TestSplitBodyRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":             ``,
		"not a body":          `<bodi xmlns='http://jabber.org/protocol/httpbind'/>`,
		"other namespace":     `<body xmlns='jabber:client'/>`,
		"cut short":           bodyHead + `<presence/>`,
		"something after":     bodyHead + `</body><body/>`,
		"text":                bodyHead + `a</body>`,
		"ends the stream":     bodyHead + `</stream:stream></body>`,
		"stream error":        bodyHead + `<e:error xmlns:e='http://etherx.jabber.org/streams'/></body>`,
		"opens a stream":      bodyHead + `<stream xmlns='http://etherx.jabber.org/streams'/></body>`,
		"starttls":            bodyHead + `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></body>`,
		"compress":            bodyHead + `<compress xmlns='http://jabber.org/protocol/compress'/></body>`,
		"framing":             bodyHead + `<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/></body>`,
		"prefixed BOSH":       `<b:body xmlns:b='http://jabber.org/protocol/httpbind'><b:a/></b:body>`,
		"good then bad":       bodyHead + `<presence/><presence></body>`,
		"too many":            bodyHead + strings.Repeat(`<a/>`, 257) + `</body>`,
		"billion laughs":      `<!DOCTYPE a [<!ENTITY b "c">]>` + bodyHead + `&b;</body>`,
		"UTF-16 announced":    `<?xml version='1.0' encoding='UTF-16'?>` + bodyHead + `</body>`,
		"second declaration":  `<?xml version='1.0'?><?xml version='1.0'?>` + bodyHead + `</body>`,
		"declaration between": bodyHead + `<?xml version='1.0'?></body>`,
	} {
		t.Run(name, func(t *testing.T) {
			if body, err := SplitBody([]byte(in), Limits{}); err == nil {
				t.Errorf("passed as %v", body.Stanzas)
			}
		})
	}
}

func TestBodyAttributes(t *testing.T) {
	body, err := SplitBody([]byte(`<body xmlns='http://jabber.org/protocol/httpbind' xmlns:q='urn:xmpp:xbosh' xmlns:o='urn:o'
		q:restart='true' o:restart='no' xml:lang='de' to='a&amp;b' rid='7'/>`), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"xmpp:restart": "true", "xml:lang": "de", "to": "a&b", "rid": "7"} {
		if got, _ := body.Attribute(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if _, ok := body.Attribute("restart"); ok {
		t.Error("an attribute of another namespace was taken for one of BOSH")
	}
}

func TestSplitMessage(t *testing.T) {
	st, err := SplitMessage([]byte(`<message><body>a</body></message>`), Limits{})
	if err != nil || string(st.XML) != `<message xmlns="jabber:client"><body>a</body></message>` {
		t.Errorf("got %s, %v", st.XML, err)
	}
	open, err := SplitMessage([]byte(`<?xml version='1.0'?><open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="a.example" version="1.0"/>`), Limits{})
	if err != nil || !open.Is(NSFraming, "open") || open.StartAttributes()["to"] != "a.example" {
		t.Errorf("got %v, %v", open, err)
	}
	if _, err := SplitMessage([]byte(" \n"), Limits{}); !errors.Is(err, io.EOF) {
		t.Errorf("white space: %v", err)
	}
	for _, in := range []string{`<a/><b/>`, `<a>`, `</a>`, `</stream:stream>`, `a`, `<a/>b`, `<stream:a/>`,
		`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, `<?xml version='1.0'?>`} {
		if st, err := SplitMessage([]byte(in), Limits{}); err == nil {
			t.Errorf("%s passed as %s", in, st.XML)
		}
	}
	if _, err := SplitMessage([]byte(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`), Limits{}); !errors.Is(err, ErrForbiddenStanza) {
		t.Errorf("starttls: %v", err)
	}
}

func TestHideFeatures(t *testing.T) {
	features := func(inside string) Stanza {
		st := Stanza{XML: []byte(`<stream:features xmlns:stream="` + NSStream + `">` + inside + `</stream:features>`)}
		st.Name.Space, st.Name.Local = NSStream, "features"
		return st
	}
	sasl := `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1-PLUS</mechanism></mechanisms>`
	st, err := hideFeatures(features(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>`+
		`<compression xmlns='http://jabber.org/features/compress'><method>zlib</method></compression>`+sasl), Limits{})
	if err != nil || string(st.XML) != string(features(sasl).XML) {
		t.Errorf("got %s, %v", st.XML, err)
	}
	untouched := features(" " + sasl + " ")
	if st, err := hideFeatures(untouched, Limits{}); err != nil || string(st.XML) != string(untouched.XML) {
		t.Errorf("got %s, %v", st.XML, err)
	}
}

package xmpp

import (
	"errors"
	"strings"
	"testing"
)

// A response of Prosody's own mod_bosh offers STARTTLS to clients that cannot
// have it; nothing else of the response changes.
func TestHideFeaturesInABody(t *testing.T) {
	const head = `<body xmlns='http://jabber.org/protocol/httpbind' xmlns:stream='http://etherx.jabber.org/streams' sid="a">`
	const tls = `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>`
	for in, want := range map[string]string{
		head + ` <stream:features xmlns='jabber:client'>` + tls + `<a xmlns='b'/></stream:features> <message xmlns='jabber:client'/></body>`: head +
			` <stream:features xmlns:stream="http://etherx.jabber.org/streams" xmlns='jabber:client'><a xmlns='b'/></stream:features> <message xmlns='jabber:client'/></body>`,
		head + `<stream:features><a xmlns='b'/></stream:features></body>`:            "",
		head + `<message xmlns='jabber:client'>` + tls + `</message></body>`:         "", // somebody's words
		"<?xml version='1.0'?>\n" + head + `<message/></body>` + "\n":                "",
		`<body xmlns='http://jabber.org/protocol/httpbind' type='terminate'/>`:       "",
		head + `<stream:features><starttls xmlns='urn:x'/></stream:features></body>`: "",
	} {
		if want == "" {
			want = in
		}
		if got, err := HideFeatures([]byte(in), Limits{}); err != nil || string(got) != want {
			t.Errorf("got %s, %v\nwant %s", got, err, want)
		}
	}
	for _, in := range []string{head, head + "<message></body>", "<html/>", strings.Replace(head, "sid", "<", 1), head + "<!-- --></body>"} {
		var syntax *SyntaxError
		if _, err := HideFeatures([]byte(in), Limits{}); !errors.As(err, &syntax) {
			t.Errorf("%s: got %v", in, err)
		}
	}
}

package xmpp

import (
	"bytes"
	"errors"
	"slices"
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

// FuzzHideFeatures: what is served can be read, offers nothing that must not be
// negotiated, and is else what it was.
func FuzzHideFeatures(f *testing.F) {
	const head = `<body xmlns='http://jabber.org/protocol/httpbind' xmlns:stream='http://etherx.jabber.org/streams'>`
	for _, features := range []string{
		`<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><a xmlns='b'>c</a></stream:features>`,
		`<features xmlns='http://etherx.jabber.org/streams'><t:starttls xmlns:t='urn:ietf:params:xml:ns:xmpp-tls'/></features>`,
		`<stream:features><compression xmlns='http://jabber.org/features/compress'><method>zlib</method></compression></stream:features>`,
	} {
		f.Add([]byte(head + features + "<message/> </body>"))
	}
	hidden := []string{"<" + nsTLS + " starttls ", "<" + nsCompressFeature + " compression "}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := HideFeatures(in, Limits{})
		if err != nil || !asciiNames(in) {
			return
		}
		before, err := resolved(in)
		if err != nil {
			t.Fatalf("accepted, but encoding/xml says %v: %q", err, in)
		}
		after, err := resolved(out)
		if err != nil {
			t.Fatalf("encoding/xml cannot read what came out: %v: %q of %q", err, out, in)
		}
		if again, err := HideFeatures(out, Limits{}); err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%q became %q, and that %q, %v", in, out, again, err)
		}
		depth, inFeatures, offers := 0, false, false
		for _, token := range after {
			switch {
			case strings.HasPrefix(token, "end "):
				depth--
			case strings.HasPrefix(token, "<"):
				if depth++; depth == 2 {
					inFeatures = strings.HasPrefix(token, "<"+NSStream+" features ")
				}
				offers = offers || depth == 3 && inFeatures &&
					slices.ContainsFunc(hidden, func(h string) bool { return strings.HasPrefix(token, h) })
			}
		}
		if offers {
			t.Fatalf("%q became %q", in, out)
		}
		if len(after) == len(before) && !bytes.Equal(in, out) {
			t.Fatalf("%q was rewritten as %q for nothing", in, out)
		}
	})
}

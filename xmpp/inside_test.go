package xmpp

import (
	"strings"
	"testing"
)

func stanzaOf(t *testing.T, message string) Stanza {
	t.Helper()
	st, err := SplitMessage([]byte(message), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestChildNames(t *testing.T) {
	for _, test := range []struct {
		in, want string
		ok       bool
	}{
		{`<iq/>`, "", true},
		{`<iq><query xmlns="a"/></iq>`, "a query", true},
		{`<iq><x:query xmlns:x="a"><in xmlns="b"/></x:query> <y xmlns='c'>t</y></iq>`, "a query, c y", true},
		{`<message><body>t</body></message>`, "jabber:client body", true},
		{`<message xmlns:p="q"><p:x/></message>`, "q x", true},
		// What stands behind the text is not known: it must not pass for nothing.
		{`<iq>text<query xmlns="a"/></iq>`, "", false},
		{`<iq><b xmlns="b"/>text<query xmlns="a"/></iq>`, "b b", false},
		{`<iq><![CDATA[ ]]><query xmlns="a"/></iq>`, "", false},
	} {
		names, ok := stanzaOf(t, test.in).ChildNames()
		var got []string
		for _, name := range names {
			got = append(got, name.Space+" "+name.Local)
		}
		if strings.Join(got, ", ") != test.want || ok != test.ok {
			t.Errorf("%s: %q, %v", test.in, got, ok)
		}
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		in, want string
		ok       bool
	}{
		{`<auth/>`, "", true},
		{`<auth></auth>`, "", true},
		{`<auth a=">" b='>'>AG &amp;=</auth>`, "AG &=", true},
		{`<auth><x/></auth>`, "", false},
		{`<auth>a<x/></auth>`, "", false},
		{`<auth><![CDATA[AG]]></auth>`, "", false},
	} {
		if got, ok := stanzaOf(t, test.in).Text(); got != test.want || ok != test.ok {
			t.Errorf("%s: %q, %v", test.in, got, ok)
		}
	}
}

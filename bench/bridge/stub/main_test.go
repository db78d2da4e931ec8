package main

import "testing"

func TestElement(t *testing.T) {
	for _, c := range []struct {
		in, name, rest string
	}{
		{`<?xml version='1.0'?><stream:stream to="a">`, "?xml", `<stream:stream to="a">`},
		{`<stream:stream to="a"><iq/>`, "stream:stream", `<iq/>`},
		{`<iq id="1"/><iq/>`, "iq", `<iq/>`},
		{`<iq id="1"><bind/></iq> `, "iq", ` `},
		{`<auth>`, "", `<auth>`},
		{`<message to="a`, "", `<message to="a`},
		{`<message><body>1</body></mess`, "", `<message><body>1</body></mess`},
		{`</stream:stream>`, "/stream:stream", ``},
	} {
		name, end := element([]byte(c.in))
		if name != c.name || c.in[end:] != c.rest {
			t.Errorf("%s: %q and %q", c.in, name, c.in[end:])
		}
	}
}

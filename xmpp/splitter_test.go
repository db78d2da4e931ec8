package xmpp

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const head = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:x='urn:x' id='1'>`

// split runs a whole document through a splitter in chunks of size n (0: at
// once) and returns the stanzas, "HEADER" and "END" among them.
func split(document string, n int, lim Limits) ([]string, error) {
	if n == 0 {
		n = len(document) + 1
	}
	return splitBy(document, func() int { return n }, lim)
}

// splitBy is split with a size for each chunk.
func splitBy(document string, size func() int, lim Limits) ([]string, error) {
	s := newSplitter(lim, 1, "")
	s.headers.Store(9)
	var found []string
	for len(document) > 0 {
		chunk := []byte(document[:min(size(), len(document))])
		document = document[len(chunk):]
		for len(chunk) > 0 {
			k, ev, err := s.feed(chunk)
			if err != nil {
				return found, err
			}
			chunk = chunk[k:]
			switch {
			case ev.header != nil:
				found = append(found, "HEADER")
			case ev.stanza != nil:
				found = append(found, string(ev.stanza.XML))
			case ev.end:
				found = append(found, "END")
			}
		}
	}
	return found, nil
}

var accepted = []struct{ name, in, want string }{
	{"inherits the default", `<message to='a'/>`, `<message xmlns="jabber:client" to='a'/>`},
	{"inherits a prefix", `<stream:features><a xmlns='b'/></stream:features>`,
		`<stream:features xmlns:stream="http://etherx.jabber.org/streams"><a xmlns='b'/></stream:features>`},
	{"a prefix deep inside", `<iq xmlns='jabber:client'><q><x:y/></q></iq>`,
		`<iq xmlns:x="urn:x" xmlns='jabber:client'><q><x:y/></q></iq>`},
	{"a prefix on an attribute", `<a xmlns='' x:b='1'/>`, `<a xmlns:x="urn:x" xmlns='' x:b='1'/>`},
	{"declares its own", `<x:a xmlns:x='urn:other'/>`, `<x:a xmlns:x='urn:other'/>`},
	{"inside declares its own, outside does not", `<x:a><x:b xmlns:x='urn:o'/></x:a>`, `<x:a xmlns:x="urn:x"><x:b xmlns:x='urn:o'/></x:a>`},
	{"nothing borrowed", `<a xmlns='u'><b/></a>`, `<a xmlns='u'><b/></a>`},
	{"CDATA, references, quotes", "<a xmlns='u' q='\">'><![CDATA[<&]>]]>&lt;&#x1F600;\"</a>", "<a xmlns='u' q='\">'><![CDATA[<&]>]]>&lt;&#x1F600;\"</a>"},
	{"names beyond ASCII", `<é xmlns='u'/>`, `<é xmlns='u'/>`},
	{"xml:lang", `<a xmlns='u' xml:lang='de'/>`, `<a xmlns='u' xml:lang='de'/>`},
	{"keepalives", " \n<a xmlns='u'/>\n ", `<a xmlns='u'/>`},
	{"end", `<a xmlns='u' /></stream:stream >`, `<a xmlns='u' />|END`},
	{"restart", head + `<x:b/>`, `HEADER|<x:b xmlns:x="urn:x"/>`},
	{"restart without declaration", strings.TrimPrefix(head, `<?xml version='1.0'?>`) + `<b/>`, `HEADER|<b xmlns="jabber:client"/>`},
}

func TestSplitAtEveryChunkSize(t *testing.T) {
	for _, test := range accepted {
		t.Run(test.name, func(t *testing.T) {
			for n := range len(head+test.in) + 1 {
				got, err := split(head+test.in, n, Limits{})
				if all := strings.Join(got, "|"); err != nil || all != "HEADER|"+test.want {
					t.Fatalf("chunks of %d: got %s, %v\nwant %s", n, all, err, test.want)
				}
			}
		})
	}
}

var refused = []struct{ name, in, condition string }{
	{"comment", `<a><!-- --></a>`, "restricted-xml"},
	{"comment between stanzas", `<!-- -->`, "restricted-xml"},
	{"DTD", `<!DOCTYPE a [<!ENTITY b "c">]>`, "restricted-xml"},
	{"processing instruction", `<a><?b?></a>`, "restricted-xml"},
	{"stylesheet", `<?xml-stylesheet version='1.0'?>`, "restricted-xml"},
	{"own entity", `<a>&b;</a>`, "restricted-xml"},
	{"own entity in an attribute", `<a b='&c;'/>`, "restricted-xml"},
	{"bare ampersand", `<a>b & c</a>`, "not-well-formed"},
	{"reference to NUL", `<a>&#0;</a>`, "not-well-formed"},
	{"control character", "<a>\x01</a>", "not-well-formed"},
	{"control character in CDATA", "<a><![CDATA[&\x01]]></a>", "not-well-formed"},
	{"U+FFFF", "<a>\uffff</a>", "not-well-formed"},
	{"not UTF-8", "<a>\xff</a>", "unsupported-encoding"},
	{"CDATA end in text", `<a>]]></a>`, "not-well-formed"},
	{"mismatch", `<a></b>`, "not-well-formed"},
	{"prefix mismatch", `<x:a></a>`, "not-well-formed"},
	{"attribute twice", `<a b='1' b='2'/>`, "not-well-formed"},
	{"attribute twice by namespace", `<a xmlns:y='urn:x' x:b='1' y:b='2'/>`, "not-well-formed"},
	{"no quotes", `<a b=c/>`, "not-well-formed"},
	{"no space", `<a b='1'c='2'/>`, "not-well-formed"},
	{"< in a value", `<a b='<'/>`, "not-well-formed"},
	{"space before a name", `< a/>`, "not-well-formed"},
	{"empty tag", `<>`, "not-well-formed"},
	{"two colons", `<x:a:b/>`, "not-well-formed"},
	{"attributes on an end tag", `<a></a b='c'>`, "not-well-formed"},
	{"unbound prefix", `<y:a/>`, "bad-namespace-prefix"},
	{"unbound prefix on an attribute", `<a y:b=''/>`, "bad-namespace-prefix"},
	{"prefix bound to nothing", `<a xmlns:y=''/>`, "bad-namespace-prefix"},
	{"xml redefined", `<a xmlns:xml='u'/>`, "bad-namespace-prefix"},
	{"xmlns as a prefix", `<xmlns:a/>`, "bad-namespace-prefix"},
	{"text between stanzas", `a`, "bad-format"},
	{"CDATA between stanzas", `<![CDATA[a]]>`, "bad-format"},
	{"deep", strings.Repeat("<a>", 65), "policy-violation"},
	{"large", "<a>" + strings.Repeat("b", 4096) + "</a>", "policy-violation"},
	{"large tag that never ends", "<a b='" + strings.Repeat("b", 4096), "policy-violation"},
	{"long name", "<" + strings.Repeat("a", 257) + "/>", "policy-violation"},
	{"after the end", `</stream:stream><a/>`, "not-well-formed"},
}

func TestRefusedAtEveryChunkSize(t *testing.T) {
	for _, test := range refused {
		t.Run(test.name, func(t *testing.T) {
			for _, n := range []int{0, 1, 2, 3, 7} {
				_, err := split(head+test.in, n, Limits{StanzaBytes: 2048})
				var syntax *SyntaxError
				if !errors.As(err, &syntax) || syntax.Condition != test.condition {
					t.Fatalf("chunks of %d: got %v, want %s", n, err, test.condition)
				}
			}
		})
	}
}

func TestAttributesAreCapped(t *testing.T) {
	var b strings.Builder
	b.WriteString("<a")
	for i := range 65 {
		b.WriteString(" b" + strings.Repeat("c", i) + "=''")
	}
	if _, err := split(head+b.String()+"/>", 0, Limits{}); err == nil {
		t.Error("65 attributes passed")
	}
	nested := strings.Repeat("<a xmlns:b='c' xmlns:d='e' xmlns:f='g'>", 60)
	if _, err := split(head+nested, 0, Limits{}); err == nil {
		t.Error("180 namespace declarations passed")
	}
}

func TestHeaderNobodyAskedFor(t *testing.T) {
	s := newSplitter(Limits{}, 1, "")
	s.headers.Store(1)
	document := []byte(head + head)
	for len(document) > 0 {
		n, _, err := s.feed(document)
		if err != nil {
			return
		}
		document = document[n:]
	}
	t.Error("a second stream header passed without a restart")
}

var manyAttributes = func() string {
	var b strings.Builder
	for i := range 60 {
		b.WriteString(" " + strings.Repeat("c", i+1) + "=''")
	}
	return b.String()
}()

// Doubling the input must about double the time, for shapes that have made
// other parsers quadratic. The bound is generous: the machine is shared.
func TestLinearTime(t *testing.T) {
	shapes := map[string]func(n int) string{
		"text":       func(n int) string { return "<a>" + strings.Repeat("b]]", n) + "</a>" },
		"elements":   func(n int) string { return "<a>" + strings.Repeat("<b/>", n) + "</a>" },
		"references": func(n int) string { return "<a>" + strings.Repeat("&lt;", n) + "</a>" },
		"CDATA":      func(n int) string { return "<a><![CDATA[" + strings.Repeat("]]&>", n) + "]]></a>" },
		"namespaces": func(n int) string {
			return "<a>" + strings.Repeat("<x:b xmlns:y='urn:y' y:c='' x:d=''/>", n) + "</a>"
		},
		"attributes": func(n int) string { return "<a>" + strings.Repeat("<b"+manyAttributes+"/>", n/64) + "</a>" },
		"deep":       func(n int) string { return strings.Repeat(strings.Repeat("<a>", 60)+strings.Repeat("</a>", 60), n/32) },
		"stanzas":    func(n int) string { return strings.Repeat("<a/>", n) },
		"keepalives": func(n int) string { return strings.Repeat(" ", n) },
		"open tag":   func(n int) string { return "<a b='" + strings.Repeat("c>c\"", n) + "'/>" },
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			run := func(n int) time.Duration {
				in, best := head+shape(n), time.Hour
				for range 3 {
					start := time.Now()
					if _, err := split(in, 61, Limits{StanzaBytes: 1 << 30}); err != nil {
						t.Fatal(err)
					}
					best = min(best, time.Since(start))
				}
				return best
			}
			// Somebody else's work may be in a measurement, but not in all.
			var small, large time.Duration
			for range 5 {
				if small, large = run(1<<12), run(1<<15); large <= 40*small {
					return
				}
			}
			t.Errorf("8 times the input took %v instead of %v", large, small)
		})
	}
}

package xmpp

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// tooMuchInside are stanzas as anybody can have a server deliver them.
func tooMuchInside() map[string]string {
	var attributes, declarations strings.Builder
	for i := range 300 {
		attributes.WriteString(" a" + strings.Repeat("b", i%100) + string(rune('c'+i/100)) + "='&lt;'")
		declarations.WriteString(" xmlns:a" + strings.Repeat("b", i%100) + string(rune('c'+i/100)) + "='u'")
	}
	name := strings.Repeat("n", 300)
	return map[string]string{
		"depth":                `<message from='m'>` + strings.Repeat("<a>", 2000) + "t" + strings.Repeat("</a>", 2000) + `<b/></message>`,
		"more than once":       `<message from='m'><p:a xmlns:p='q'>` + strings.Repeat(strings.Repeat("<a>", 70)+strings.Repeat("</a>", 70)+`<p:b><c/></p:b>`, 3) + `</p:a><d/></message>`,
		"depth and CDATA":      `<message from='m'>` + strings.Repeat("<a>", 70) + "<![CDATA[</a>]]>" + strings.Repeat("</a>", 70) + `</message>`,
		"attributes":           `<message from='m'><a` + attributes.String() + `/></message>`,
		"its own attributes":   `<message` + attributes.String() + ` from='m'/>`,
		"a name":               `<message from='m'><` + name + `>t</` + name + `></message>`,
		"an attribute's name":  `<message from='m' ` + name + `='t'/>`,
		"its own name":         `<` + name + ` from='m'/>`,
		"declarations":         `<message from='m'>` + strings.Repeat(`<a xmlns:p='q' xmlns:r='s' xmlns:t='u'>`, 60) + `<z:z xmlns:z='z'/>` + strings.Repeat(`</a>`, 60) + `</message>`,
		"its own declarations": `<message from='m'` + declarations.String() + `/>`,
		"a namespace":          `<message from='m'><p:a xmlns:p='` + strings.Repeat("u", 1000) + `'><p:b p:c='d'/></p:a></message>`,
		"its own namespace":    `<p:message from='m' xmlns:p='` + strings.Repeat("u", 1000) + `'><p:b/></p:message>`,
	}
}

// stanzasIn are the stanzas of a stream, cut into chunks of n bytes.
func stanzasIn(document string, n int, lim Limits) (found []Stanza, err error) {
	s := newSplitter(lim, 1, "")
	s.headers.Store(1)
	for chunk := range slices.Chunk([]byte(document), n) {
		for len(chunk) > 0 {
			k, ev, err := s.feed(chunk)
			if err != nil {
				return found, err
			}
			if chunk = chunk[k:]; ev.stanza != nil {
				found = append(found, *ev.stanza)
			}
		}
	}
	return found, nil
}

func TestStanzaWithTooMuchIsLeftOut(t *testing.T) {
	const after = `<message to='a'><body>after</body></message>`
	for name, stanza := range tooMuchInside() {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []int{1 << 20, 1, 7} {
				got, err := stanzasIn(head+stanza+after+stanza+after, chunk, Limits{}.ofServer())
				if err != nil || len(got) != 4 {
					t.Fatalf("in chunks of %d: %d stanzas, %v", chunk, len(got), err)
				}
				for i, st := range got {
					text := string(st.XML)
					if i%2 == 1 && (!strings.Contains(text, "<body>after</body>") || !st.Is(NSClient, "message")) {
						t.Errorf("the next one is %s", text)
					}
					if i%2 == 0 && (!st.Is(NSClient, "iq") || len(text) > 100 || !strings.Contains(text, `type="result"`) || strings.Contains(text, "from")) {
						t.Errorf("in its place: %s", text)
					}
				}
			}
			// The control: with the limits of a client it is refused.
			if _, err := stanzasIn(head+stanza, 1<<20, Limits{}); !isTooMuch(err) {
				t.Errorf("from a client: %v", err)
			}
			if st, _, err := SplitServerMessage([]byte(stanza), Limits{}); err != nil || !st.Is(NSClient, "iq") {
				t.Errorf("in a WebSocket message: %s, %v", st.XML, err)
			}
			document := `<body xmlns='` + NSHTTPBind + `' xmlns:stream='` + NSStream + `'><stream:features><starttls xmlns='` + nsTLS + `'/></stream:features>` + stanza + `</body>`
			shown, err := HideFeatures([]byte(document), Limits{})
			if err != nil || !strings.Contains(string(shown), stanza) || strings.Contains(string(shown), "starttls") {
				t.Errorf("passed through: %v", err)
			}
		})
	}
}

// What is left out has to be well-formed and within the size, or what comes after it
// could not be trusted.
func TestWhatIsLeftOutIsStillChecked(t *testing.T) {
	deep := strings.Repeat("<a>", 70)
	for _, bad := range []string{
		`<message>` + deep + strings.Repeat("</a>", 69) + `</message>`,
		`<message>` + deep + `<!-- -->`,
		`<message>` + deep + `&bomb;`,
		`<message>` + deep + `<b c='<'/>`,
		`<message>` + deep + `<b c='d' c='d'/>`,
		`<message>` + deep + strings.Repeat("t", 2<<20),
	} {
		if _, err := stanzasIn(head+bad+" <", 1<<20, Limits{}.ofServer()); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%.300s: no error", bad)
		}
	}
}

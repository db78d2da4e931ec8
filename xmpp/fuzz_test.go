package xmpp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// resolved returns what encoding/xml makes of a document: every token with
// its namespaces resolved, declarations and empty text left out.
func resolved(document []byte) ([]string, error) {
	d := xml.NewDecoder(bytes.NewReader(document))
	var tokens []string
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			tokens = append(tokens, "text "+text.String())
			text.Reset()
		}
	}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			flush()
			return tokens, nil
		}
		if err != nil {
			return tokens, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			flush()
			var attrs []string
			for _, a := range token.Attr {
				if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
					attrs = append(attrs, fmt.Sprintf("%s %s=%q", a.Name.Space, a.Name.Local, a.Value))
				}
			}
			slices.Sort(attrs)
			tokens = append(tokens, fmt.Sprintf("<%s %s %v>", token.Name.Space, token.Name.Local, attrs))
		case xml.EndElement:
			flush()
			tokens = append(tokens, "end "+token.Name.Local)
		case xml.CharData:
			text.Write(token)
		}
	}
}

func asciiNames(document []byte) bool {
	for _, c := range document {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// fuzzLimits are small, so that a short input meets all of them.
var fuzzLimits = Limits{StanzaBytes: 600, Depth: 6, Attributes: 5, NameBytes: 24}

// cutBy runs a document through a splitter in chunks whose sizes are the bytes
// of cuts, one after the other and again; 0 is a size of 1.
func cutBy(document string, cuts []byte, lim Limits) ([]string, error) {
	if len(cuts) == 0 {
		return split(document, 0, lim)
	}
	i := 0
	return splitBy(document, func() int { i++; return max(1, int(cuts[(i-1)%len(cuts)])) }, lim)
}

// FuzzSplitter holds the splitter to three properties: the result does not
// depend on where the chunks end; encoding/xml reads everything that is
// accepted; and a stanza standing alone means what it meant inside of the
// stream.
func FuzzSplitter(f *testing.F) {
	seeds := 0
	for _, test := range accepted {
		f.Add([]byte(test.in), []byte{3})
		seeds++
	}
	for _, test := range refused {
		f.Add([]byte(test.in), []byte{5, 1, 200})
		seeds++
	}
	if seeds < 40 {
		f.Fatal("the seeds are gone")
	}
	f.Fuzz(func(t *testing.T, in, cuts []byte) {
		document := head + string(in)
		for _, lim := range []Limits{{}, fuzzLimits} {
			whole, err := split(document, 0, lim)
			for _, cuts := range [][]byte{cuts, {1}} {
				cut, errCut := cutBy(document, cuts, lim)
				if fmt.Sprint(err) != fmt.Sprint(errCut) || !slices.Equal(whole, cut) {
					t.Fatalf("the chunks matter: %q, %v and %q, %v", whole, err, cut, errCut)
				}
			}
		}
		agree(t, in)
	})
}

// agree runs the input through a splitter and asks encoding/xml about every
// stanza that it accepts before an error.
func agree(t *testing.T, in []byte) {
	t.Helper()
	if !asciiNames(in) {
		return // the oracle's tables of letters are an older edition's
	}
	s := newSplitter(Limits{}, 1, "")
	s.headers.Store(1)
	if _, _, err := s.feed([]byte(head)); err != nil {
		t.Fatal(err)
	}
	for rest := in; len(rest) > 0; {
		n, ev, err := s.feed(rest)
		if err != nil {
			return
		}
		if ev.stanza != nil {
			compare(t, rest[:n], ev.stanza.XML)
		}
		rest = rest[n:]
	}
}

// compare reads a stanza inside of the stream and by itself.
func compare(t *testing.T, inside, alone []byte) {
	t.Helper()
	want, err := resolved([]byte(head + strings.TrimLeft(string(inside), " \t\r\n") + "</stream:stream>"))
	if err != nil {
		t.Fatalf("accepted, but encoding/xml says %v: %q", err, inside)
	}
	got, err := resolved(alone)
	if err != nil {
		t.Fatalf("encoding/xml cannot read what came out: %v: %q", err, alone)
	}
	if want = want[1 : len(want)-1]; !slices.Equal(got, want) {
		t.Fatalf("%q\nmeans %q\nbut %q\nmeant %q", alone, got, inside, want)
	}
}

// compareBody reads the children of a client's body inside of it and each by
// itself. What is in the namespace of BOSH means jabber:client there.
func compareBody(t *testing.T, in []byte, stanzas []Stanza) {
	t.Helper()
	if !asciiNames(in) {
		return
	}
	document, err := resolved(in)
	if err != nil {
		t.Fatalf("accepted, but encoding/xml says %v: %q", err, in)
	}
	var want, got []string
	depth := 0
	for _, token := range document {
		closing := strings.HasPrefix(token, "end ")
		if depth > 1 || depth == 1 && strings.HasPrefix(token, "<") {
			want = append(want, token)
		}
		switch {
		case closing:
			depth--
		case strings.HasPrefix(token, "<"):
			depth++
		}
	}
	for _, st := range stanzas {
		alone, err := resolved(st.XML)
		if err != nil {
			t.Fatalf("encoding/xml cannot read what came out: %v: %q", err, st.XML)
		}
		got = append(got, alone...)
	}
	if want, got = meaning(want), meaning(got); !slices.Equal(got, want) {
		t.Fatalf("%q\nmeans %q\nbut came out as %q", in, want, got)
	}
}

// meaning takes no namespace for one too: that is how a body under a prefix
// leaves its children.
func meaning(tokens []string) []string {
	for i, token := range tokens {
		for _, space := range []string{NSHTTPBind, ""} {
			if rest, ok := strings.CutPrefix(token, "<"+space+" "); ok {
				tokens[i] = "<" + NSClient + " " + rest
			}
		}
	}
	return tokens
}

// compareMessage is compareBody for a WebSocket message. A message without a
// namespace gets the one that everybody means.
func compareMessage(t *testing.T, in []byte, st Stanza) {
	t.Helper()
	if !asciiNames(in) {
		return
	}
	document := bytes.TrimSpace(in)
	if bytes.HasPrefix(document, []byte("<?xml")) {
		document = document[bytes.Index(document, []byte("?>"))+2:]
	}
	want, err := resolved([]byte("<x xmlns='" + NSClient + "'>" + string(bytes.TrimSpace(document)) + "</x>"))
	if err != nil {
		t.Fatalf("accepted, but encoding/xml says %v: %q", err, in)
	}
	got, err := resolved(st.XML)
	if err != nil {
		t.Fatalf("encoding/xml cannot read what came out: %v: %q", err, st.XML)
	}
	if want, got = meaning(want[1:len(want)-1]), meaning(got); !slices.Equal(got, want) {
		t.Fatalf("%q\nmeans %q\nbut came out as %q", in, want, got)
	}
}

// FuzzClientPayload holds what clients send to the same oracle, and makes
// sure that nothing which ends or changes the server's stream gets through.
func FuzzClientPayload(f *testing.F) {
	for _, test := range accepted {
		f.Add([]byte(`<body rid='1' xmlns='http://jabber.org/protocol/httpbind'>` + test.in + `</body>`))
		f.Add([]byte(test.in))
	}
	for _, test := range payloads {
		f.Add([]byte(test.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var stanzas []Stanza
		if body, err := SplitBody(in, Limits{}); err == nil {
			stanzas = body.Stanzas
			compareBody(t, in, stanzas)
		}
		if st, err := SplitMessage(in, Limits{}); err == nil && st.Name.Space != NSFraming {
			stanzas = append(stanzas, st)
			compareMessage(t, in, st)
		}
		up := []byte(head)
		for _, st := range stanzas {
			up = append(up, st.XML...)
		}
		// The server sees a stream with exactly these stanzas in it.
		server := newSplitter(Limits{StanzaBytes: 4 << 20}, 1, "")
		server.headers.Store(1)
		count := 0
		for len(up) > 0 {
			n, ev, err := server.feed(up)
			if err != nil || ev.end {
				t.Fatalf("the server's stream breaks: %v", err)
			}
			up = up[n:]
			if ev.stanza != nil {
				if ev.stanza.Name != stanzas[count].Name {
					t.Fatalf("sent %v, the server sees %v", stanzas[count].Name, ev.stanza.Name)
				}
				count++
			}
		}
		if count != len(stanzas) || !server.idle() {
			t.Fatalf("%d stanzas became %d", len(stanzas), count)
		}
	})
}

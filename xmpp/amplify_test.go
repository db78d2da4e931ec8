package xmpp

import (
	"runtime"
	"strings"
	"testing"
)

// allocated is how many bytes f allocates in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What stands in scope of a long namespace is written out with that namespace each time
// that it is taken out of its place. A client must not make much of little so
// (CWE-409): without the bounds, these documents of 256 KiB take from 45 MiB to 10 GiB.
func TestInheritedNamespacesDoNotMultiply(t *testing.T) {
	const size = 256 << 10
	fill := func(before, unit, after string) string {
		return before + strings.Repeat(unit, (size-len(before)-len(after))/len(unit)) + after
	}
	quotes := strings.Repeat("'", maxNamespaceBytes) // six times as long when it is escaped
	var declared, used strings.Builder
	for i := range 60 {
		prefix := string(rune('a'+i/26)) + string(rune('a'+i%26))
		declared.WriteString(` xmlns:` + prefix + `="` + quotes[2:] + prefix + `"`)
		used.WriteString(` ` + prefix + `:x=""`)
	}
	bodyOf := func(attributes, stanza string) string {
		return `<body rid='1' xmlns='` + NSHTTPBind + `'` + attributes + `>` + strings.Repeat(stanza, 250) + `</body>`
	}
	for name, document := range map[string]string{
		"a default of 100 KiB":           fill(`<message xmlns="urn:`+strings.Repeat("a", 100<<10)+`">`, `<a/>`, `</message>`),
		"a default as long as it may be": fill(`<message xmlns="`+quotes+`">`, `<a/>`, `</message>`),
		"many prefixes":                  fill(`<message`+declared.String()+`>`, `<a`+used.String()+`/>`, `</message>`),
		"many children":                  fill(`<message>`, `<a/>`, `</message>`),
		"a body with 100 KiB":            bodyOf(` xmlns:p="`+strings.Repeat("a", 100<<10)+`"`, `<p:a/>`),
		"a body with many prefixes":      bodyOf(declared.String(), `<a`+used.String()+`/>`),
	} {
		t.Run(name, func(t *testing.T) {
			used := allocated(func() {
				if strings.HasPrefix(document, "<body") {
					_, _ = SplitBody([]byte(document), Limits{StanzaBytes: size})
				} else if st, err := SplitMessage([]byte(document), Limits{StanzaBytes: size}); err == nil {
					_, _ = st.ChildNames()
				}
			})
			if t.Logf("%d KiB", used>>10); used > 64*size {
				t.Errorf("%d KiB of a document take %d KiB", len(document)>>10, used>>10)
			}
		})
	}
}

// The bounds are far from what clients write.
func TestUsualNamespacesPass(t *testing.T) {
	namespace := strings.Repeat("n", maxNamespaceBytes)
	st := stanzaOf(t, `<message xmlns:p="`+namespace+`">`+strings.Repeat(`<p:a/>`, 5)+strings.Repeat(`<b/>`, 200)+`</message>`)
	names, ok := st.ChildNames()
	if !ok || len(names) != 205 || names[0].Space != namespace {
		t.Errorf("%d names, %v", len(names), ok)
	}
	// One stanza more than may be looked into is never taken for known.
	st = stanzaOf(t, `<message>`+strings.Repeat(`<b/>`, maxChildren+1)+`</message>`)
	if names, ok := st.ChildNames(); ok || len(names) != maxChildren {
		t.Errorf("%d names, %v", len(names), ok)
	}
}

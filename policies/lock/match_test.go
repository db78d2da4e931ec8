package lock

import (
	"fmt"
	"strings"
	"testing"
)

func inlineEntry(place, text string, template bool) Entry {
	e := Entry{Kind: Inline, Page: "/", Place: place, Digest: Digest([]byte(text)), Size: len(text), FirstSeen: "2025-01-02", Excerpt: excerpt([]byte(text)), Lines: hashLines([]byte(text))}
	if template { // with all values open
		e.text = []byte(text)
		holes, _ := findHoles(e.text)
		var open []int
		for i := range holes {
			open = append(open, i)
		}
		e.setOpen(open)
		if e.Template == "" {
			panic(text)
		}
		e.text = nil
	}
	return e
}

func TestCompiledMatches(t *testing.T) {
	module := inlineEntry("module", `import "a"`, false)
	module.Module = true
	l := &Lock{Entries: []Entry{
		inlineEntry("exact", "a()", false),
		inlineEntry("template", `var s = {"a":1};`, true),
		module,
		{Kind: External, URL: "https://a.example/b.js", Digest: Digest([]byte("b")), FirstSeen: "2025-01-02"},
		{Kind: Handler, Page: "/", Place: "handler", Digest: Digest([]byte("go()")), FirstSeen: "2025-01-02"},
		{Kind: JavaScriptURL, Page: "/", Place: "url", Digest: Digest([]byte("javascript:go()")), FirstSeen: "2025-01-02"},
		{Kind: Inline, Page: "/", Place: "broken", Digest: "sha384-", FirstSeen: "2025-01-02"},
	}}
	c := l.Compile()
	inline := func(text []byte) (*Entry, bool) { return c.Inline(text, false) }
	asModule := func(text []byte) (*Entry, bool) { return c.Inline(text, true) }
	for _, test := range []struct {
		name string
		ask  func([]byte) (*Entry, bool)
		text string
		want string // the entry's place or URL
	}{
		{"exact", inline, "a()", "exact"},
		{"exact as a module", asModule, "a()", ""},
		{"one byte more", inline, "a() ", ""},
		{"module", asModule, `import "a"`, "module"},
		{"module as a classic script", inline, `import "a"`, ""},
		{"template, the text that was pinned", inline, `var s = {"a":1};`, "template"},
		{"template, other data", inline, `var s = {"b":[2]};`, "template"},
		{"template as a module", asModule, `var s = {"b":[2]};`, ""},
		{"template, other code", inline, `var s = {"b":[f()]};`, ""},
		{"handler", c.Handler, "go()", "handler"},
		{"inline for a handler", c.Handler, "a()", ""},
		{"handler for an inline script", inline, "go()", ""},
		{"javascript: URL", c.JavaScriptURL, "javascript:go()", "url"},
		{"javascript: URL for a handler", c.Handler, "javascript:go()", ""},
		{"external", c.External, "https://a.example/b.js", "https://a.example/b.js"},
		{"external with a query", c.External, "https://a.example/b.js?", ""},
		{"empty", inline, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, ok := test.ask([]byte(test.text))
			got := ""
			if ok {
				got = e.URL + e.Place
			}
			if got != test.want || ok != (e != nil) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if len(c.Entries()) != 6 {
		t.Errorf("there are %d entries", len(c.Entries()))
	}
}

// A policy without a lock has a nil one.
func TestNilCompiledMatchesNothing(t *testing.T) {
	for _, c := range []*Compiled{nil, (&Lock{}).Compile()} {
		_, a := c.Inline(nil, false)
		_, b := c.External(nil)
		_, d := c.Handler(nil)
		_, e := c.JavaScriptURL(nil)
		_, _, f := c.Nearest([]byte("a"))
		if a || b || d || e || f || len(c.Entries()) > 0 {
			t.Error("it matches")
		}
	}
}

func TestNearest(t *testing.T) {
	long := "one()\ntwo()\nthree()\nfour()\nfive()\nsix()"
	c := (&Lock{Entries: []Entry{
		inlineEntry("long", long, false),
		inlineEntry("braces", "b1()\nb2()\nb3()\nb4()\nb5()"+strings.Repeat("\n}", 50), false),
		inlineEntry("short", "one()\nother()", false),
		inlineEntry("state", "var s = {\"a\":1};\nstart(s);\nend();", true),
	}}).Compile()
	for _, test := range []struct {
		name, text, want string // place:line
	}{
		{"the same", long, "long:7"},
		{"first line", strings.Replace(long, "one", "uno", 1), "long:1"},
		{"a middle line", strings.Replace(long, "four", "for", 1), "long:4"},
		{"the end", long + "\nseven()", "long:7"},
		{"cut", "one()\ntwo()", "long:3"},
		{"only the first line", "one()\nx()\ny()\nz()\nw()", "long:2"},
		{"half of the lines", "x()\ny()\nz()\nfour()\nfive()\nsix()", "long:1"},
		{"fewer lines", "x()\ny()\nz()\nw()\nfive()\nsix()", ""},
		{"many lines that say nothing", strings.Repeat("}\n", 50) + "x()\ny()\nz()", ""},
		{"nothing", "x()", ""},
		{"empty", "", ""},
		{"template", "var s = {\"b\":2};\nstop(s);\nend();", "state:2"},
		{"template with data of many lines", "var s = {\n\"b\":\n2};\nstart(s);\nbegin();", "state:5"},
		{"template that is none any more", "var s = {\"b\":f()};\nstart(s);\nend();", "state:1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if e, line, ok := c.Nearest([]byte(test.text)); ok {
				got = fmt.Sprintf("%s:%d", e.Place, line)
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLineOf(t *testing.T) {
	for _, test := range []struct {
		line int
		want string
	}{{1, "a"}, {2, "b"}, {3, ""}, {4, ""}} {
		if got := LineOf([]byte("a\n b\n"), test.line); got != test.want {
			t.Errorf("line %d is %q, want %q", test.line, got, test.want)
		}
	}
}

func TestInlineAllocates(t *testing.T) {
	text := []byte(strings.Repeat("a();\n", 100))
	c := (&Lock{Entries: []Entry{inlineEntry("x", string(text), false), inlineEntry("y", `var a = 1`, true)}}).Compile()
	url := []byte("https://a.example/none.js")
	if n := testing.AllocsPerRun(100, func() { c.Inline(text, false); c.External(url); c.Handler(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkInline(b *testing.B) {
	text := []byte(strings.Repeat("call(1, 2);\n", 170)) // 2 KiB
	state := []byte(`window.__STATE__ = {"items":[` + strings.TrimSuffix(strings.Repeat(`{"id":1,"name":"x"},`, 100), ",") + `]};`)
	other := []byte(strings.Replace(string(state), `"id":1`, `"id":2`, 1))
	c := (&Lock{Entries: []Entry{inlineEntry("x", string(text), false), inlineEntry("y", string(state), true)}}).Compile()
	for _, bench := range []struct {
		name string
		text []byte
		want bool
	}{{"exact", text, true}, {"template", other, true}, {"none", []byte(string(text) + "x()"), false}} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := c.Inline(bench.text, false); ok != bench.want {
					b.Fatal(ok)
				}
			}
		})
	}
}

func BenchmarkNearest(b *testing.B) {
	l := &Lock{}
	for i := range 1000 {
		l.Entries = append(l.Entries, inlineEntry(fmt.Sprint(i), strings.Repeat(fmt.Sprintf("call(%d);\n}\n", i), 40), false))
	}
	c := l.Compile()
	text := []byte(strings.Repeat("call(7);\n}\n", 39) + "x()")
	b.ReportAllocs()
	for b.Loop() {
		c.Nearest(text)
	}
}

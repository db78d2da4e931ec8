package lock

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func inlineFound(place, text string) Found {
	return Found{Kind: Inline, Page: "/", Place: place, Text: []byte(text)}
}

func TestPin(t *testing.T) {
	const state = `var s = {"t":%s};`
	external := func(url, text string) Found { return Found{Kind: External, URL: url, Page: "/", Text: []byte(text)} }
	for _, test := range []struct {
		name          string
		first, second []Found
		want          string // one line an entry or an unpinned script
	}{
		{"the same", []Found{inlineFound("script 1", "a()")}, []Found{inlineFound("script 1", "a()")}, "inline script 1 digest"},
		{"data differs", []Found{inlineFound("script 1", fmt.Sprintf(state, "1"))}, []Found{inlineFound("script 1", fmt.Sprintf(state, "[2]"))}, "inline script 1 template"},
		{"code differs", []Found{inlineFound("script 1", "a()")}, []Found{inlineFound("script 1", "b()")}, "inline of /, script 1 \"a()\": " + reasonChanges},
		{"data goes to a sink", []Found{inlineFound("script 1", `var a = "x"; eval(a)`)}, []Found{inlineFound("script 1", `var a = "y"; eval(a)`)}, "inline of /, script 1 \"var a = \\\"x\\\"; eval(a)\": " + reasonChanges},
		{"something came between", []Found{inlineFound("script 1", "a()"), inlineFound("script 2", fmt.Sprintf(state, "1"))},
			[]Found{inlineFound("script 1", "ad()"), inlineFound("script 2", "a()"), inlineFound("script 3", fmt.Sprintf(state, "2"))},
			"inline script 1 digest\ninline script 2 template\ninline of /, script 1 \"ad()\": " + reasonOnce},
		{"gone", []Found{inlineFound("script 1", "a()")}, nil, "inline of /, script 1 \"a()\": " + reasonOnce},
		{"a module now", []Found{inlineFound("script 1", "a()")}, []Found{{Kind: Inline, Module: true, Page: "/", Place: "script 1", Text: []byte("a()")}},
			"inline of /, script 1 \"a()\": " + reasonOnce + "\ninline of /, script 1 \"a()\": " + reasonOnce},
		{"external", []Found{external("https://a/b.js", "x")}, []Found{external("https://a/b.js", "x")}, "external https://a/b.js digest"},
		{"external differs", []Found{external("https://a/b.js", "x")}, []Found{external("https://a/b.js", "y")}, "https://a/b.js: " + reasonServer},
		{"external differs between pages", []Found{external("https://a/b.js", "x"), {Kind: External, URL: "https://a/b.js", Page: "/2", Text: []byte("y")}},
			[]Found{external("https://a/b.js", "x"), {Kind: External, URL: "https://a/b.js", Page: "/2", Text: []byte("y")}}, "external https://a/b.js digest\nhttps://a/b.js: " + reasonPages},
		{"handler", []Found{{Kind: Handler, Page: "/", Place: "p onclick", Text: []byte("a()")}}, []Found{{Kind: Handler, Page: "/", Place: "p onclick", Text: []byte("a()")}}, "handler p onclick digest"},
		{"handler differs", []Found{{Kind: Handler, Page: "/", Place: "p onclick", Text: []byte("x = 1")}}, []Found{{Kind: Handler, Page: "/", Place: "p onclick", Text: []byte("x = 2")}}, "handler of /, p onclick \"x = 1\": " + reasonChanges},
		{"twice on the page", []Found{inlineFound("script 1", "a()"), inlineFound("script 2", "a()")}, []Found{inlineFound("script 1", "a()"), inlineFound("script 2", "a()")}, "inline script 1 digest"},
		{"one template twice", []Found{inlineFound("script 1", fmt.Sprintf(state, "1")), inlineFound("script 2", fmt.Sprintf(state, "2"))},
			[]Found{inlineFound("script 1", fmt.Sprintf(state, "3")), inlineFound("script 2", fmt.Sprintf(state, "4"))}, "inline script 1 template"},
		{"a URL that is no text", []Found{external("https://a/"+strings.Repeat("b", maxText), "x")}, []Found{external("https://a/"+strings.Repeat("b", maxText), "x")},
			"https://a/" + strings.Repeat("b", maxText) + ": " + reasonText},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, unpinned := Pin(test.first, test.second, time.Date(2025, 2, 3, 23, 0, 0, 0, time.UTC))
			var got []string
			for _, e := range l.Entries {
				how := "digest"
				if e.Template != "" {
					how = "template"
				}
				got = append(got, fmt.Sprintf("%s %s%s %s", e.Kind, e.URL, e.Place, how))
				if e.FirstSeen != "2025-02-03" {
					t.Errorf("first seen is %s", e.FirstSeen)
				}
			}
			for _, u := range unpinned {
				got = append(got, u.String())
			}
			if strings.Join(got, "\n") != test.want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), test.want)
			}
			if _, err := Write(l); err != nil {
				t.Error(err)
			}
			if len(unpinned) > 0 {
				return
			}
			c := l.Compile()
			for _, f := range append(test.first, test.second...) {
				if _, ok := c.Inline(f.Text, f.Module); f.Kind == Inline && !ok {
					t.Errorf("%s does not match", f.Text)
				}
			}
		})
	}
}

// Only what differed is open: most literals of a script are constants of its code.
func TestPinOpensWhatDiffers(t *testing.T) {
	const text = `var map = {"a":%s}, name = "%s", rows = %s; x.y = [%s, f];`
	found := func(values ...any) []Found { return []Found{inlineFound("script 1", fmt.Sprintf(text, values...))} }
	l, unpinned := Pin(found("1", "n", "5", "1"), found("2", "n", "5", "3"), time.Now())
	if len(unpinned) > 0 || len(l.Entries) != 1 || fmt.Sprint(l.Entries[0].Open) != "[0 3]" {
		t.Fatalf("got %+v, %v", l, unpinned)
	}
	c := l.Compile()
	for _, test := range []struct {
		name string
		text string
		want bool
	}{
		{"the first", string(found("1", "n", "5", "1")[0].Text), true},
		{"the second", string(found("2", "n", "5", "3")[0].Text), true},
		{"a third", string(found(`[null]`, "n", "5", "-7")[0].Text), true},
		{"another constant", string(found("1", "m", "5", "1")[0].Text), false},
		{"another number", string(found("1", "n", "6", "1")[0].Text), false},
		{"another kind", string(found("1", "n", "5", `"1"`)[0].Text), false},
		{"code", string(found("alert(1)", "n", "5", "1")[0].Text), false},
	} {
		if _, ok := c.Inline([]byte(test.text), false); ok != test.want {
			t.Errorf("%s matches: %t", test.name, ok)
		}
	}
	// One that differs in a value that is fixed is told from a stranger.
	if e, line, ok := c.Nearest(found("\n9", "m", "5", "1")[0].Text); !ok || line != 1 {
		t.Errorf("got %v, %d", e, line)
	}
}

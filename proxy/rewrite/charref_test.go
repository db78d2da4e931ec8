package rewrite

import (
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// asTokenizer returns an attribute's value as the tokenizer of x/net reads it.
func asTokenizer(raw string) string {
	z := html.NewTokenizer(strings.NewReader(`<a b="` + raw + `">`))
	z.Next()
	z.TagName()
	_, value, _ := z.TagAttr()
	return string(value)
}

func TestCharacterReferences(t *testing.T) {
	for raw, want := range map[string]string{
		"a&amp;b":                            "a&b",
		"?a&copy=1":                          "?a&copy=1",
		"?a&copyx":                           "?a&copyx",
		"&copy":                              "©",
		"&copy;&copy&copy":                   "©©©",
		"&notit;":                            "&notit;",
		"&notin;":                            "∉",
		"&not":                               "¬",
		"&NotEqualTilde;":                    "≂̸",
		"&semi;&colon;":                      ";:",
		"&#60script&#x3E;":                   "<script>",
		"&#x;&#;&;&":                         "&#x;&#;&;&",
		"&#0;&#xD800;&#x110000;&#150;&#129;": "\uFFFD\uFFFD\uFFFD–\u0081",
		"&#4294967356;":                      "\uFFFD", // 2³²+60: html.UnescapeString makes "<" of it
		"a\r\nb\rc\x00":                      "a\nb\nc\uFFFD",
	} {
		if got := string(appendDecoded(nil, []byte(raw))); got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
}

func TestCharacterReferencesAgreeWithTheTokenizer(t *testing.T) {
	parts := []string{"&", "#", "x", "X", ";", "=", "amp", "AMP", "lt", "gt", "quot", "copy", "not", "notin", "nbsp", "Tab", "colon", "hellip", "1", "38", "3c", "150", "x110000", "a", "z", " ", "é", "&amp;", "&#", "&#x"}
	for name := range withoutSemicolon {
		parts = append(parts, name)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200_000 {
		var b strings.Builder
		for range 1 + rng.IntN(8) {
			b.WriteString(parts[rng.IntN(len(parts))])
		}
		raw := b.String()
		if got, want := string(appendDecoded(nil, []byte(raw))), asTokenizer(raw); got != want {
			t.Fatalf("%q: got %q, want %q", raw, got, want)
		}
	}
}

package site

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func zip(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestDecodeBody(t *testing.T) {
	const text = `{"event":"$pageview","properties":{"title":"Größe >>> ???"}}`
	standard := base64.StdEncoding.EncodeToString([]byte(text))
	zipped := zip(t, text)
	for name, test := range map[string]struct {
		raw    []byte
		want   string
		layers []string
	}{
		"plain":                {[]byte(text), text, nil},
		"empty":                {nil, "", nil},
		"gzip":                 {zipped, text, []string{"gzip"}},
		"gzip in gzip":         {zip(t, string(zipped)), text, []string{"gzip", "gzip"}},
		"base64":               {[]byte(standard), text, []string{"base64"}},
		"base64, URL alphabet": {[]byte(base64.RawURLEncoding.EncodeToString([]byte(text))), text, []string{"base64"}},
		"form":                 {[]byte("data=" + url.QueryEscape(text)), text, []string{"form"}},
		"form, base64":         {[]byte("data=" + url.QueryEscape(standard)), text, []string{"form", "base64"}},
		"form, base64, plus":   {[]byte("ip=1&data=" + standard), text, []string{"form", "base64"}},
		"base64, gzip":         {[]byte(base64.StdEncoding.EncodeToString(zipped)), text, []string{"base64", "gzip"}},
		"a word is not base64": {[]byte("chat"), "chat", nil},
		"gzip that is none":    {[]byte{0x1f, 0x8b, 8, 'x'}, "\x1f\uFFFD\bx", nil},
		"not text":             {[]byte{'a', 0xff, 'b'}, "a\uFFFDb", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, layers, truncated := decodeBody(test.raw)
			if got != test.want || !slices.Equal(layers, test.layers) || truncated {
				t.Errorf("got %q by %v (truncated %v), want %q by %v", got, layers, truncated, test.want, test.layers)
			}
		})
	}
}

func TestDecodeKeepsWhatCameOfACutBody(t *testing.T) {
	text := strings.Repeat("all that was sent ", 1000)
	zipped := zip(t, text)
	got, layers, truncated := decodeBody(zipped[:len(zipped)-12])
	if !truncated || got == "" || !strings.HasPrefix(text, got) || !slices.Equal(layers, []string{"gzip"}) {
		t.Errorf("got %d bytes by %v, truncated %v; want a beginning, by gzip, truncated", len(got), layers, truncated)
	}
}

func TestDecodeBoundsBombs(t *testing.T) {
	got, _, truncated := decodeBody(zip(t, strings.Repeat("a", maxText+100)))
	if len(got) != maxText || !truncated {
		t.Errorf("got %d bytes, truncated %v; want %d, truncated", len(got), truncated, maxText)
	}
}

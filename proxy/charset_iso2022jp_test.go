package proxy

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/transform"
)

// What the decoder must do is taken from the Encoding Standard, §12.2.1; that
// Chromium does the same was tried.
func TestISO2022JP(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"ASCII", "a\\~\n", "a\\~\n"},
		{"Roman", "\x1b(Ja\\~\x1b(B\\", "a¥‾\\"},
		{"katakana", "\x1b(I1\x1b(B1", "ｱ1"},
		{"JIS X 0208, both names", "\x1b$@4A\x1b$B;z\x1b(B", "漢字"},
		{"no such character", "\x1b$B)!", "\uFFFD"},
		{"JIS X 0212 is not known", "\x1b$(D0!", "\uFFFD$(D0!"},
		{"a line feed changes nothing", "\x1b$B4A\n;z", "漢\uFFFD字"},
		{"escape behind half a character", "\x1b$B4\x1b(B<b>", "\uFFFD<b>"},
		{"half a character at the end", "\x1b$B4", "\uFFFD"},
		{"two escapes", "a\x1b(B\x1b(Bb", "a\uFFFDb"},
		{"two escapes split a word", "<scr\x1b$B\x1b(Bipt>", "<scr\uFFFDipt>"},
		{"unknown escape", "\x1b(Ha", "\uFFFD(Ha"},
		{"escape alone", "\x1b", "\uFFFD"},
		{"escape cut off", "\x1b(", "\uFFFD("},
		{"escape before escape", "\x1b\x1b(Ba", "\uFFFDa"},
		{"shifts", "\x0e<\x0f", "\uFFFD<\uFFFD"},
		{"high bytes", "\xa4\x22", "\uFFFD\""},
		{"high byte as the second half", "\x1b$B4\xc1;z", "\uFFFD字"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := decodedAtEachSplit(t, tt.in, "iso-2022-jp"); got != tt.want {
				t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// Where RFC 2237 and the standard agree, so do the decoder of x/text and ours.
func TestISO2022JPAgreesOnEveryCharacter(t *testing.T) {
	characters := 0
	for lead := byte(0x21); lead <= 0x7e; lead++ {
		for trail := byte(0x21); trail <= 0x7e; trail++ {
			in := []byte{escape, '$', 'B', lead, trail, escape, '(', 'B', '!'}
			want, _, err := transform.Bytes(japanese.ISO2022JP.NewDecoder(), in)
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := transform.Bytes(&iso2022JP{}, in)
			if err != nil || string(got) != string(want) {
				t.Errorf("%q: got %q, want %q, %v", in, got, want, err)
			}
			if !strings.Contains(string(got), "\uFFFD") {
				characters++
			}
		}
	}
	if characters < 6879 { // as many as JIS X 0208 has
		t.Errorf("only %d characters", characters)
	}
}

package filters

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"testing/iotest"
)

func TestStats(t *testing.T) {
	for _, test := range []struct {
		text string
		want Stats
	}{
		{"", Stats{}},
		{"! comment\n[Adblock Plus 2.0]\n\n   \n# comment\n#\n#### comment\n!#if env_firefox", Stats{}},
		{"||a.example^\n/x/y$script", Stats{Active: 2}},
		{"||a.example^\r\n\t/x/y$script \r\n", Stats{Active: 2}},
		{"\ufeff[Adblock Plus 2.0]\n||a.example^", Stats{Active: 1}},
		{"@@||a.example^\n||a.example^", Stats{Active: 2, Exceptions: 1}},
		{"##.ad\na.example##.ad\na.example#@#.ad\na.example#?#.ad\na.example#$#x\na.example#@?#.ad\na.example##^script\na.example##+js(x)\na.example#%#//x\na.example#@$?#.ad\n~a.example,b.example#$?#x\na.example$$div\na.example$@$div\n*##.ad\n###ad", Stats{Cosmetic: 15}},
		{"||a.example/#/b\n/a#b\n||a.example^$script,domain=b.example", Stats{Active: 3}},
		{"/x\n/x$badfilter\n/y$badfilter", Stats{Disabled: 1}},
		{"/x$csp=script-src 'none'\n/x$removeparam=a\n/x$removeparam\n/x$redirect=noop.js,script", Stats{Inactive: map[string]int{"csp": 1, "removeparam": 2, "redirect": 1}}},
		{"/x$denyallow=a.example,domain=b.example\n/x$header=a:b\n@@/x$generichide\n@@/x$elemhide,generichide\n/x$to=a.example\n/x$strict3p", Stats{Inactive: map[string]int{"denyallow": 1, "header": 1, "generichide": 2, "to": 1, "strict3p": 1}}},
		{"/x$script,frobnicate\n/x$frobnicate=1", Stats{Inactive: map[string]int{"frobnicate": 2}}},
		{"/(?=x)/\n/(x)\\1/\n/(?<!x)y/$script\n/x(/", Stats{Inactive: map[string]int{RegexpOption: 4}}},
		{"/x$domain=/x/\n/x$domain=a.example/path\n/x$domain=a.example>>", Stats{Inactive: map[string]int{"domain": 3}}},
		{"x\n*\n@@\n|\n0.0.0.0 a.example\n/x y\n/x\x00y", Stats{Malformed: 7}},
		{"/x$script,,image\n/x$script,\n/x$script=1\n/x$domain=\n/x$script,domain\n/x$domain=a.example|\n/x$domain=~\n/x$domain=a b\n/x$~domain=a.example\n/x$domain=a.example,from=b.example", Stats{Malformed: 10}},
		{"/x$~important\n/x$~match-case\n/x$~badfilter\n/x$~all\n/x$~_\n@@/x$important\n/x$script,~script", Stats{Malformed: 7}},
		{"/x" + strings.Repeat("y", maxPattern), Stats{Malformed: 1}},
		{"||" + strings.Repeat("ä.", maxPattern/4) + "^", Stats{Malformed: 1}},
		{"/x$domain=" + strings.Repeat("a", maxHost+1), Stats{Malformed: 1}},
		{"/x$" + strings.Repeat("a", maxName+1), Stats{Active: 1}},
	} {
		s := parse(t, test.text).Stats()
		if !maps.Equal(s.Inactive, test.want.Inactive) {
			t.Errorf("%.80q: inactive %v, want %v", test.text, s.Inactive, test.want.Inactive)
		}
		if fmt.Sprintf("%+v", s) != fmt.Sprintf("%+v", test.want) {
			t.Errorf("%.80q: %+v, want %+v", test.text, s, test.want)
		}
	}
}

// The caller's map is its own, and a list of made-up options does not fill it.
func TestStatsAreBoundedAndCopied(t *testing.T) {
	var text strings.Builder
	for i := range 10 * maxNames {
		fmt.Fprintf(&text, "/x$made-up-%d\n", i)
	}
	l := parse(t, text.String())
	s, sum := l.Stats(), 0
	for _, n := range s.Inactive {
		sum += n
	}
	if len(s.Inactive) != maxNames+1 || sum != 10*maxNames {
		t.Errorf("%d names for %d filters", len(s.Inactive), sum)
	}
	clear(s.Inactive)
	if len(l.Stats().Inactive) == 0 {
		t.Error("the caller can change the list")
	}
}

func TestParseFails(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Parse(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	long := strings.Repeat("a", MaxLine)
	for text, want := range map[string]string{
		"! ok\n" + long + "a":     "line 2 ",
		"! ok\n" + long + "a\n/x": "line 2 ",
		long + "aaaaa":            "line 1 ",
	} {
		if _, err := Parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes: %v", len(text), err)
		}
	}
	for _, text := range []string{long, "/x\n" + long + "\n/y", long + "\r\n"} {
		if _, err := Parse(strings.NewReader(text)); err != nil {
			t.Errorf("%d bytes: %v", len(text), err)
		}
	}
	if testing.Short() {
		return
	}
	// A line of a comment for as long as the list may be, and one byte.
	endless := &comments{left: MaxList + 1}
	if _, err := Parse(endless); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("got %v", err)
	}
	if _, err := Parse(&comments{left: MaxLine * 10}); err != nil {
		t.Error(err)
	}
}

// comments reads as lines of comment.
type comments struct{ left int }

func (c *comments) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), c.left, 1<<16)
	copy(b, bytes.Repeat([]byte("!"), n))
	for i := 0; i < n; i += 1 << 12 {
		b[i] = '\n'
	}
	c.left -= n
	return n, nil
}

// The "$" of the options is found among those of patterns and values.
func TestSplitOptions(t *testing.T) {
	for _, test := range []struct{ filter, pattern, options string }{
		{"/x", "/x", ""},
		{"/x$script", "/x", "script"},
		{"/x$~script,image", "/x", "~script,image"},
		{"/price$/x", "/price$/x", ""},
		{"/price$/x$script", "/price$/x", "script"},
		{"/x$/", "/x$/", ""},
		{"/x$/$script", "/x$/", "script"},
		{"/x$domain=/a$/", "/x", "domain=/a$/"},
		{"/x$removeparam=/^a$b=/", "/x", "removeparam=/^a$b=/"},
		{"/x$replace=/a$/b/", "/x", "replace=/a$/b/"},
		{"$script", "", "script"},
		{"/x$", "/x$", ""},
		{"/x$,script", "/x$,script", ""},
		{"/x$foo=1", "/x", "foo=1"},
		{"/x$foo$script", "/x$foo", "script"},
	} {
		pattern, options := splitOptions([]byte(test.filter))
		if string(pattern) != test.pattern || string(options) != test.options {
			t.Errorf("%s: %q and %q", test.filter, pattern, options)
		}
	}
}

// Regular expressions of real lists are not run on every request: the certain
// tokens are taken out of them, and no other.
func TestLiteralsOf(t *testing.T) {
	for source, want := range map[string]string{
		`^https?:\/\/www\.ads\.com\/`: `*-http*---www-ads-com-*`,
		`\/[0-9a-f]{32}\/invoke\.js`:  `*-*-invoke-js*`,
		`(ads)\.(a|bb)x`:              `*ads-*x*`,
		`\bads\b`:                     `*-ads-*`,
		`ads$`:                        `*ads-*`,
		`a.ads.b`:                     `*a*ads*b*`,
		`a[-_]ads[^a-z0-9]b`:          `*a-ads-b*`,
		`a[^b]ads[k-]b`:               `*a*ads*b*`,
		`-ads?-`:                      `*-ad*-*`,
		`-(ads)?-`:                    `*-*-*`,
		`-ä-ads-`:                     `*-**`,
		`-(?i:ADS)-`:                  `*-ads-*`,
	} {
		if got := string(literalsOf(source, false)); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
}

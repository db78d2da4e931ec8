package proxy

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// readAll returns the page as UTF-8.
func readAll(t testing.TB, page, label string) string {
	t.Helper()
	text, err := toUTF8(strings.NewReader(page), label)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// decodedWhole returns what x/text makes of the whole page, or of a copy of it for
// UTF-8, of which only the bytes of UTF-16's marks are changed.
func decodedWhole(t testing.TB, page, name string) string {
	t.Helper()
	if name == "utf-8" {
		return strings.NewReplacer("\xfe", "\uFFFD", "\xff", "\uFFFD").Replace(page)
	}
	e, _ := charset.Lookup(name)
	if name == "gbk" {
		e, _ = charset.Lookup("gb18030")
	}
	got, _, err := transform.String(e.NewDecoder(), page)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// chunks gives out one chunk a Read.
type chunks struct {
	left []string
	read func() // before each Read
	err  error  // at the end; nil for io.EOF
}

func (c *chunks) Read(p []byte) (int, error) {
	if c.read != nil {
		c.read()
	}
	if len(c.left) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		return 0, io.EOF
	}
	n := copy(p, c.left[0])
	if c.left[0] = c.left[0][n:]; c.left[0] == "" {
		c.left = c.left[1:]
	}
	return n, nil
}

// decodedAtEachSplit cuts the page in two at every place, and into bytes, reads with
// buffers of several sizes, and fails unless the text is always the same.
func decodedAtEachSplit(t testing.TB, page, label string) string {
	t.Helper()
	whole := readAll(t, page, label)
	try := func(how string, src io.Reader, read func(io.Reader) io.Reader) {
		text, err := toUTF8(src, label)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(read(text)); err != nil || string(got) != whole {
			t.Errorf("label %q, page %q, %s: got %q, whole %q, %v", label, page, how, got, whole, err)
		}
	}
	same := func(r io.Reader) io.Reader { return r }
	for i := 1; i < len(page); i++ {
		try("in two", &chunks{left: []string{page[:i], page[i:]}}, same)
	}
	try("in bytes", iotest.OneByteReader(strings.NewReader(page)), same)
	try("in bytes, to bytes", iotest.OneByteReader(strings.NewReader(page)), iotest.OneByteReader)
	try("to bytes", strings.NewReader(page), iotest.OneByteReader)
	try("the end with the last bytes", iotest.DataErrReader(strings.NewReader(page)), same)
	return whole
}

func utf16(t testing.TB, order unicode.Endianness, text string) string {
	t.Helper()
	s, err := unicode.UTF16(order, unicode.IgnoreBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEverySplitOfAPageGivesTheSameText(t *testing.T) {
	const le, be = unicode.LittleEndian, unicode.BigEndian
	for _, tt := range []struct{ name, label, page, want string }{
		{"nothing", "", "", ""},
		{"nothing, labelled", "utf-16", "", ""},
		{"one <", "", "<", "<"},
		{"ASCII", "", "<p>a\x1b\x0e\x00b", "<p>a\x1b\x0e\x00b"},
		{"UTF-8", "utf-8", "<p>ü漢😀", "<p>ü漢😀"},
		{"broken UTF-8 stays", "utf-8", "\xc0\xbcb\xe6\xbc<\xf0", "\xc0\xbcb\xe6\xbc<\xf0"},
		{"UTF-8 by mark", "windows-1252", "\xef\xbb\xbfü", "ü"},
		{"nothing but a mark", "", "\xef\xbb\xbf", ""},
		{"part of a mark", "windows-1252", "\xef\xbb", "ï»"},
		{"guess: UTF-8", "", "<p>ü漢😀", "<p>ü漢😀"},
		{"guess: windows-1252", "", "<p>\xfc\xdf\xe9", "<p>üßé"},
		{"guess: windows-1252 at the end", "", "<p>\xe6", "<p>æ"},
		{"guess goes on", "", "<p>\xc3\xbc\xfc<b>", "<p>\xc3\xbc\xfc<b>"},
		{"declared, Shift_JIS", "", "<meta charset=shift_jis>\x95\\\x81<", "<meta charset=shift_jis>表\uFFFD<"},
		{"declared, ISO-2022-JP", "", "<meta charset=iso-2022-jp>\x1b$B4A\x1b(B", "<meta charset=iso-2022-jp>漢"},
		{"declared, GBK", "", "<meta charset=gbk>\xba\xba\x80\x810\x810", "<meta charset=gbk>汉€\u0080"},
		{"declared, EUC-JP", "", "<meta charset=euc-jp>\xb4\xc1\x8f\xb0\xa1\x8e\xb1", "<meta charset=euc-jp>漢丂ｱ"},
		{"declared, EUC-KR", "", "<meta charset=euc-kr>\xc7\xd1", "<meta charset=euc-kr>한"},
		{"declared, Big5", "", "<meta charset=big5>\xba\x7e\x88\x62", "<meta charset=big5>漢Ê̄"},
		{"UTF-16 LE", "utf-16", utf16(t, le, "<p>ü漢😀"), "<p>ü漢😀"},
		{"UTF-16 BE, mark", "utf-8", "\xfe\xff" + utf16(t, be, "<p>ü漢😀"), "<p>ü漢😀"},
		{"UTF-16 LE, XML", "", utf16(t, le, "<?xml?><p>ü"), "<?xml?><p>ü"},
		{"UTF-16 BE, XML", "", utf16(t, be, "<?xml?><p>ü"), "<?xml?><p>ü"},
		{"nearly XML in UTF-16", "", "<\x00?\x00y\x00", "<\x00?\x00y\x00"},
		{"UTF-16, lone surrogates and half a unit", "utf-16be", "\xd8\x00\x00<\xdc\x00\x00", "\uFFFD<\uFFFD\uFFFD"},
		{"UTF-8 under a label of UTF-16", "utf-16", "<script>x", "猼牣灩㹴\uFFFD"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := decodedAtEachSplit(t, tt.page, tt.label); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// All that can be read of what has come is given out before the upstream is asked
// for more.
func TestNothingWaitsForTheUpstream(t *testing.T) {
	const le = unicode.LittleEndian
	long := strings.Repeat("<p>text", 2000)
	for _, tt := range []struct {
		name, label string
		chunks      []string
		want        []string // what is out when the next chunk is asked for
	}{
		{"UTF-8", "utf-8", []string{"<", "p>ü", "\xc3"}, []string{"<", "p>ü", "\xc3"}},
		{"UTF-8 by mark", "", []string{"\xef\xbb\xbf<p>ü", "b"}, []string{"<p>ü", "b"}},
		{"unlabelled ASCII", "", []string{"<", "p>", "a"}, []string{"<", "p>", "a"}},
		{"unlabelled, a guess at UTF-8", "", []string{"<p>ü", "ö"}, []string{"<p>ü", "ö"}},
		{"unlabelled, a guess at windows-1252", "", []string{"<p>\xfc", "\xf6"}, []string{"<p>ü", "ö"}},
		{"unlabelled, half a character", "", []string{"<p>\xc3", "\xbc"}, []string{"<p>", "ü"}},
		{"windows-1252", "windows-1252", []string{"<p>\xfc", "\xf6"}, []string{"<p>ü", "ö"}},
		{"UTF-16", "utf-16", []string{utf16(t, le, "<p>ü"), utf16(t, le, "b") + "c", "\x00"}, []string{"<p>ü", "b", "c"}},
		{"Shift_JIS", "shift_jis", []string{"a\x95", "\\b"}, []string{"a", "表b"}},
		{"ISO-2022-JP", "iso-2022-jp", []string{"a\x1b", "$B4", "A"}, []string{"a", "", "漢"}},
		{"more than a buffer", "windows-1252", []string{long + "\xfc", "b"}, []string{"", "", "", long + "ü", "b"}},
		// The price of not waiting: illegible before the declaration, not behind it.
		{"declared late", "", []string{"<p>\x8a\xbf<br>", "\x83<meta charset=shift_jis>\x8a\xbf"}, []string{"<p>Š¿<br>", "\uFFFD<meta charset=shift_jis>漢"}},
		{"declared late, but in time", "", []string{"<p>\x8a\xbf<meta charset=shift_jis>", "\x8a\xbf"}, []string{"<p>漢<meta charset=shift_jis>", "漢"}},
		{"declared behind half a character", "", []string{"<p>ü\xe6", "\xbc\xa2<meta charset=koi8-r>"}, []string{"<p>ü\xe6", "╪╒<meta charset=koi8-r>"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got strings.Builder
			asked := 0
			src := &chunks{left: tt.chunks}
			src.read = func() {
				want := strings.Join(tt.want[:min(asked, len(tt.want))], "")
				if out := got.String(); len(tt.want) == len(tt.chunks) && out != want {
					t.Errorf("asked for answer %d with %q given out, want %q", asked, out, want)
				}
				asked++
			}
			text, err := toUTF8(src, tt.label)
			for p := make([]byte, 64<<10); err == nil; {
				var n int
				n, err = text.Read(p)
				got.Write(p[:n])
			}
			if want := strings.Join(tt.want, ""); err != io.EOF || got.String() != want {
				t.Errorf("got %q, want %q, %v", got.String(), want, err)
			}
		})
	}
}

// Each attack with its control: what a reader of plain ASCII would make of the page
// differs from what the decoded page says. The decoded page is what the rewriter and
// the browser read.
func TestHiddenMarkup(t *testing.T) {
	const le = unicode.LittleEndian
	const script = "<script>"
	for _, tt := range []struct {
		name, label, page string
		ascii             bool // a reader of ASCII sees the script
		want              string
	}{
		{"ISO-2022-JP escape in a tag", "iso-2022-jp", "<scr\x1b(Jipt>", false, script},
		{"ISO-2022-JP by declaration", "", "<meta charset=iso-2022-jp><scr\x1b(Jipt>", false, "<meta charset=iso-2022-jp>" + script},
		{"ISO-2022-JP: script in two-byte text", "iso-2022-jp", "\x1b$B<script>\x1b(B", true, "首竰蜷\uFFFD"},
		{"ISO-2022-JP nowhere declared", "", "<scr\x1b(Jipt>\xe9", false, "<scr\x1b(Jipt>é"},
		{"UTF-7", "utf-7", "+ADw-script+AD4-", false, "+ADw-script+AD4-"},
		{"UTF-7 by declaration", "", "<meta charset=utf-7>+ADw-script+AD4-", false, "<meta charset=utf-7>+ADw-script+AD4-"},
		{"UTF-16 under a label of ASCII", "us-ascii", utf16(t, le, script), false, "<\x00s\x00c\x00r\x00i\x00p\x00t\x00>\x00"},
		{"UTF-16 with its mark under a label of ASCII", "us-ascii", "\xff\xfe" + utf16(t, le, script), false, script},
		{"UTF-16 mark behind a UTF-8 mark", "utf-8", "\xef\xbb\xbf\xff\xfe<\x00", false, "\uFFFD\uFFFD<\x00"},
		{"UTF-16 mark behind a script that may go", "utf-8", script + "\xfe\xff", true, script + "\uFFFD\uFFFD"},
		{"overlong UTF-8", "utf-8", "\xc0\xbcscript>", false, "\xc0\xbcscript>"},
		{"ASCII under a label of UTF-16", "utf-16", script, true, "猼牣灩㹴"},
		{"HZ, which is no label to us", "x-hz", "~{<script>~}", true, "~{<script>~}"},
		{"Shift_JIS backslash", "shift_jis", "'\x95\\'<script>", true, "'表'<script>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Contains(tt.page, script); got != tt.ascii {
				t.Errorf("control: a reader of ASCII sees the script: %t", got)
			}
			if got := decodedAtEachSplit(t, tt.page, tt.label); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	// No invalid sequence of UTF-8 takes an ASCII byte with it, as a decoder of the
	// standard reads what we pass.
	for lead := 0x80; lead <= 0xff; lead++ {
		for second := 0x80; second <= 0x100; second++ {
			page := "a" + string([]byte{byte(lead), byte(second)}) + `"<`
			if second == 0x100 {
				page = "a" + string([]byte{byte(lead)}) + `"<`
			}
			if got := string([]rune(readAll(t, page, "utf-8"))); !strings.HasSuffix(got, `"<`) {
				t.Errorf("%q reads %q", page, got)
			}
		}
	}
}

// A lead byte swallows no byte that means something in markup, alone or behind a
// first half: the standard's decoders give back an ASCII byte that is no second half
// (§10.2.1, §11.1.1, §12, §13.1.1), and all that can be one are 0x40 and above, but for digits.
func TestALeadByteSwallowsNoMarkup(t *testing.T) {
	swallowed := 0
	out := make([]byte, 64)
	for _, name := range []string{"shift_jis", "euc-jp", "gbk", "gb18030", "big5", "euc-kr", "utf-8"} {
		for lead := 0x80; lead <= 0xff; lead++ {
			for c := byte(0); c < utf8.RuneSelf; c++ {
				for _, first := range []string{"", "\x81", "\x81\x30", "\x8f", "\x8f\xa1"} {
					page := first + string([]byte{byte(lead), c})
					n, _, err := decoderOf(name).Transform(out, []byte(page), true)
					if err != nil {
						t.Fatal(err)
					}
					kept := n > 0 && out[n-1] == c
					if !kept && (c < '0' || c > '9' && c < '@') {
						t.Errorf("%s: %q swallows it", name, page)
					}
					if !kept {
						swallowed++
					}
				}
			}
		}
	}
	if swallowed == 0 {
		t.Error("control: nothing was swallowed at all, so nothing was tested")
	}
}

func TestAPageThatBreaksOffKeepsWhatCame(t *testing.T) {
	broken := errors.New("broken")
	for label, want := range map[string]string{"": "<p>é", "utf-8": "<p>\xe9", "windows-1252": "<p>é", "shift_jis": "<p>\uFFFD"} {
		text, err := toUTF8(&chunks{left: []string{"<p>\xe9"}, err: broken}, label)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(text); !errors.Is(err, broken) || string(got) != want {
			t.Errorf("%q: got %q, %v", label, got, err)
		}
	}
	for _, label := range []string{"", "utf-8", "iso-2022-kr"} {
		if _, err := toUTF8(&chunks{err: broken}, label); !errors.Is(err, broken) {
			t.Errorf("%q: got %v", label, err)
		}
	}
}

// A page in the worst of chunks costs no more than its length and one prescan a
// byte of its start.
func BenchmarkText(b *testing.B) {
	ascii := strings.Repeat("<p>plain text of a page</p>\n", 40_000)
	for _, bb := range []struct{ name, label, page string }{
		{"utf-8", "utf-8", ascii + "ü"},
		{"unlabelled ASCII", "", ascii},
		{"unlabelled UTF-8", "", "ü" + ascii},
		{"windows-1252", "windows-1252", ascii + "\xfc"},
		{"utf-16", "utf-16", utf16(b, unicode.LittleEndian, ascii)},
		{"iso-2022-jp", "iso-2022-jp", "\x1b$B" + strings.Repeat("4A", 500_000)},
		{"invalid bytes", "utf-8", strings.Repeat("\xff", 1_000_000)},
		{"open tags", "", strings.Repeat("<meta ", 200_000)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.page)))
			b.ReportAllocs()
			for b.Loop() {
				text, err := toUTF8(strings.NewReader(bb.page), bb.label)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{text}, make([]byte, 32<<10)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzToUTF8 holds the reader to its promises: how the page is cut changes nothing,
// what is not UTF-8 becomes valid UTF-8, and a labelled page is what x/text makes of
// it in one go (of ISO-2022-JP, our own decoder).
func FuzzToUTF8(f *testing.F) {
	labels := []string{
		"utf-8", "windows-1252", "utf-16le", "utf-16be", "shift_jis", "euc-jp", "gbk", "gb18030", "big5", "euc-kr",
		"iso-2022-jp", "koi8-r", "x-user-defined", "",
	}
	for i := range labels {
		for _, page := range []string{"", "<p>a\xc3\xbc\x81\"", "\xef\xbb\xbf\xfe\xff", "\xff\xfe<\x00", "<\x00?\x00x\x00", "\x1b$B4A\x1b(B\x1b(Ja~",
			"<meta charset=shift_jis>\x8a\xbf\x81", "\x8f\xb0\xa1\x810\x810", "\xd8\x00\xdc\x00", `<?xml encoding="koi8-r"?>` + "\xe9", "<meta charset=iso-2022-kr>a"} {
			f.Add(byte(i), uint16(3), []byte(page))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, cut uint16, page []byte) {
		label := labels[int(which)%len(labels)]
		read := func(src io.Reader) (string, error) {
			text, err := toUTF8(src, label)
			if err != nil {
				return "", err
			}
			got, err := io.ReadAll(text)
			return string(got), err
		}
		whole, wholeErr := read(bytes.NewReader(page))
		if wholeErr != nil && !errors.Is(wholeErr, errNoText) {
			t.Fatal(wholeErr)
		}
		if strings.HasPrefix(whole, "\xfe") || strings.HasPrefix(whole, "\xff") || len(whole) > 3*len(page) {
			t.Fatalf("label %q: %q became %q", label, page, whole)
		}
		marked, _ := findMark(page, byteOrderMarks)
		if label != "" && label != "utf-8" && marked.encoding != "utf-8" && !utf8.ValidString(whole) {
			t.Fatalf("label %q: %q became %q, which is not UTF-8", label, page, whole)
		}
		i := min(int(cut), len(page))
		parted, err := read(&chunks{left: slicesOf(string(page[:i]), string(page[i:]))})
		if label != "" && (parted != whole || err != wholeErr) {
			t.Fatalf("label %q, %q cut at %d: %q, %v; whole %q, %v", label, page, i, parted, err, whole, wholeErr)
		}
		bytewise, err := read(iotest.OneByteReader(bytes.NewReader(page)))
		if label != "" {
			if bytewise != whole || err != nil {
				t.Fatalf("label %q, %q: bytewise %q, %v; whole %q", label, page, bytewise, err, whole)
			}
		} else if (err == nil) != (wholeErr == nil) || ascii(bytewise) != ascii(whole) && !declaresLate(page) {
			t.Fatalf("%q: bytewise %q, %v; whole %q, %v", page, bytewise, err, whole, wholeErr)
		}
		if label != "" && label != "iso-2022-jp" && marked.encoding == "" {
			if want := decodedWhole(t, string(page), label); whole != want {
				t.Fatalf("label %q, %q: got %q, want %q", label, page, whole, want)
			}
		}
	})
}

func slicesOf(parts ...string) (s []string) {
	for _, p := range parts {
		if p != "" {
			s = append(s, p)
		}
	}
	return s
}

func ascii(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= utf8.RuneSelf {
			return -1
		}
		return c
	}, s)
}

// declaresLate reports whether the page has text that was guessed at before it
// declares itself: the one case in which the cut matters.
func declaresLate(page []byte) bool {
	page = page[:min(len(page), sniffed)]
	name, end := prescan(string(page))
	if name == "" {
		_, end = xmlEncoding(page)
	}
	return bytes.ContainsFunc(page[:end], func(c rune) bool { return c >= utf8.RuneSelf || c < ' ' })
}

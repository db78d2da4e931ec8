package proxy

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/transform"
)

// errNoText is returned for a page whose encoding is one of those that browsers
// refuse to decode.
var errNoText = errors.New("the page claims an encoding that browsers refuse to decode")

// toUTF8 returns the page as UTF-8 without byte order mark, and the response then
// says so in its header: what we read is what the browser reads, whatever the page
// claims. A page in UTF-16 or ISO-2022-JP that we took for ASCII would show the
// browser scripts that we did not see (CWE-838).
//
// The order is the browser's (HTML §13.2.3.2): byte order mark, then label (the
// header's charset), then what the page itself declares, then a guess. Which
// encoding is chosen only makes the text legible or not. A wrong choice is safe: the
// rewriter stands behind the decoder, and a <meta charset> that stays in the page
// and says something else is overruled by the header, which the browser reads first.
//
// The first answer of the source is waited for, and no more: a page that cannot be
// read at all is an error here, and becomes a refusal.
func toUTF8(src io.Reader, label string) (io.Reader, error) {
	r := &textReader{src: src, starting: true}
	name := encodingName(label)
	switch name {
	case "":
		r.sniffer = &sniffer{}
	case replacement: // stays without a decoder unless there is a mark
	default:
		r.decoder = decoderOf(name)
	}
	r.fill()
	if name == replacement {
		for r.waitsForMark() {
			r.fill()
		}
	}
	switch {
	case len(r.in) == 0 && r.err != nil && r.err != io.EOF:
		return nil, fmt.Errorf("read the page: %w", r.err)
	case name == replacement && r.decoder == nil:
		// ISO-2022-KR, HZ and their like: text in them is made of ASCII bytes, and
		// to pass it on would make markup of it (Encoding Standard §14.1, CWE-838).
		return nil, errNoText
	}
	return r, nil
}

// replacement is the name of the encoding that stands for all those that must not
// be decoded, Encoding Standard §4.2.
const replacement = "replacement"

// encodingName returns the canonical name of a label, or "" if there is no such
// encoding: then the label counts for nothing, as in browsers. UTF-7 is none.
func encodingName(label string) string {
	label = strings.Trim(label, "\t\n\f\r ")
	if strings.ContainsFunc(label, func(c rune) bool { return c < ' ' || c > '~' }) {
		// Lookup also trims what Unicode calls space, and folds the Kelvin sign to "k".
		return ""
	}
	_, name := charset.Lookup(label)
	return name
}

// decoderOf returns a new decoder of the encoding with the canonical name.
func decoderOf(name string) transform.Transformer {
	switch name {
	case "utf-8":
		return passUTF8{}
	case "iso-2022-jp":
		return &iso2022JP{}
	case "gbk":
		name = "gb18030" // has the one decoder for both, Encoding Standard §10.1.1
	}
	e, _ := charset.Lookup(name)
	return e.NewDecoder()
}

// A mark shows the encoding of a page by its first bytes.
type mark struct {
	bytes    string
	encoding string
}

// byteOrderMarks come before every label, Encoding Standard §6.1.
var byteOrderMarks = []mark{
	{"\xef\xbb\xbf", "utf-8"},
	{"\xfe\xff", "utf-16be"},
	{"\xff\xfe", "utf-16le"},
}

// xmlStarts are how "<?x" begins in UTF-16, HTML §13.2.3.2 (prescan, step 3). They
// count in pages without a label only, and are text, not a mark to leave out.
var xmlStarts = []mark{
	{"<\x00?\x00x\x00", "utf-16le"},
	{"\x00<\x00?\x00x", "utf-16be"},
}

// findMark returns the mark that start begins with, and whether start is too short
// to tell.
func findMark(start []byte, marks []mark) (found mark, short bool) {
	for _, m := range marks {
		if len(start) >= len(m.bytes) && string(start[:len(m.bytes)]) == m.bytes {
			return m, false
		}
		short = short || len(start) < len(m.bytes) && strings.HasPrefix(m.bytes, string(start))
	}
	return mark{}, short
}

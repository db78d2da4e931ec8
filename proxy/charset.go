package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// sniffed is how much of a page is looked at for a <meta charset>, HTML §13.2.3.2.
const sniffed = 1024

// toUTF8 returns the page as UTF-8 without byte order mark, and the response then
// says so in its header: what we read is what the browser reads, whatever the page
// claims. A page in UTF-16 or ISO-2022-JP that we took for ASCII would show the
// browser scripts that we did not see (CWE-838).
//
// The order is the browser's: byte order mark, then label (the header's charset),
// then <meta>, then a guess.
func toUTF8(src io.Reader, label string) (io.Reader, error) {
	buffered := bufio.NewReaderSize(src, 4<<10)
	start, err := buffered.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) && len(start) == 0 {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	var enc encoding.Encoding
	switch {
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		_, _ = buffered.Discard(3) // just peeked
		return buffered, nil
	case bytes.HasPrefix(start, []byte("\xfe\xff")):
		enc, _ = charset.Lookup("utf-16be")
	case bytes.HasPrefix(start, []byte("\xff\xfe")):
		enc, _ = charset.Lookup("utf-16le")
	default:
		enc, _ = charset.Lookup(label)
	}
	name := ""
	if enc == nil {
		// Nothing is said from outside: only now is it worth waiting for more.
		start, _ := buffered.Peek(sniffed)
		enc, name, _ = charset.DetermineEncoding(start, "")
	}
	if name == "utf-8" || enc == utf8 {
		return buffered, nil
	}
	decoded := transform.NewReader(buffered, enc.NewDecoder())
	return skipBOM(decoded), nil
}

var utf8, _ = charset.Lookup("utf-8")

// skipBOM leaves out the byte order mark of a page that was UTF-16.
func skipBOM(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if start, _ := b.Peek(3); bytes.Equal(start, []byte("\xef\xbb\xbf")) {
		_, _ = b.Discard(3) // just peeked
	}
	return b
}

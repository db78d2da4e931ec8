package rewrite

import (
	"io"
	"slices"
	"strings"
	"testing"
)

// A shape is a kind of page that is built to be slow, or to be held: a beginning, and
// then one thing over and over.
type shape struct{ begin, repeat string }

var hostile = map[string]shape{
	"one huge tag name":             {"<", "a"},
	"one huge attribute name":       {"<a ", "b"},
	"one huge attribute value":      {`<a b="`, "c"},
	"one huge unquoted value":       {"<a b=", "c"},
	"one huge script tag":           {`<script b="`, "c"},
	"many attributes":               {"<a ", "b=c "},
	"many handlers in one tag":      {"<a ", "onx=c "},
	"many slashes":                  {"<a", "/"},
	"many tags of equal attributes": {"", "<script " + strings.Repeat("b ", maxAttributes-1) + "></script>"},
	"nested SVG":                    {"", "<svg>"},
	"nested SVG integration":        {"", "<svg><desc>"},
	"deep nesting":                  {"", "<div>"},
	"end tags in SVG":               {"<svg>" + strings.Repeat("<g>", 200), "</x>"},
	"open comments":                 {"", "<!--"},
	"dashes in a comment":           {"<!--", "-"},
	"almost closed comments":        {"<!--", "--!"},
	"open CDATA":                    {"<svg>", "<![CDATA["},
	"brackets in CDATA":             {"<svg><![CDATA[", "]"},
	"almost closed script":          {"<script>", "</scr"},
	"escaped script":                {"<script><!--", "<script"},
	"double escaped script":         {"<script><!--", "<script></script>"},
	"dashes in a script":            {"<script><!--", "-"},
	"one huge script":               {"<script>good", "x"},
	"scripts just too long":         {"", "<script>good" + strings.Repeat("<", maxHeld) + "</script>"},
	"scripts that just fit":         {"", "<script>good" + strings.Repeat("<", maxHeld-30) + "</script>"},
	"almost closed title":           {"<title>", "</titl"},
	"open tags":                     {"", "<a "},
	"less-than signs":               {"", "<"},
	"an unclosed quote":             {"<p>", "<a b='"},
	"character references":          {"", `<script src="` + strings.Repeat("&notanentity&amp", 100) + `"></script>`},
	"srcdoc in srcdoc":              {"", `<iframe srcdoc="<iframe srcdoc='<p onclick=a>'>"></iframe>`},
	"one huge srcdoc":               {`<iframe srcdoc="`, "<p>"},
	"srcdocs that just fit":         {"", `<iframe srcdoc="` + strings.Repeat("<p onx>", maxHeld/7-10) + `"></iframe>`},
	"an SVG script with no end":     {"<svg><script>", "x"},
	"selects":                       {"", "<select><option>"},
	"bogus comments":                {"", "<?"},
	"end tags with attributes":      {"", "</a b='"},
	"white space":                   {"", " "},
}

// page returns a page of that shape, of about n bytes.
func (s shape) page(n int) string { return s.begin + strings.Repeat(s.repeat, n/len(s.repeat)+1) }

// Whatever a page is made of, no more of it is held than is promised.
func TestNoPageIsHeldBeyondTheBound(t *testing.T) {
	const bound = 64 << 10
	for name, shape := range hostile {
		held, in := 0, 0
		var out counter
		var r Rewriter
		// All of the page passes, so what has not come out is held.
		r.Reset(&out, Options{Observe: true, Decide: func(s *Script) Action {
			if s.Kind == Inline && !s.HasText && !s.TooLong {
				return Action{Do: NeedText}
			}
			return Action{}
		}})
		for chunk := range slices.Chunk([]byte(shape.page(1<<20)), maxChunk) {
			// At the worst moment the chunk is held too.
			held = max(held, in-int(out)+len(chunk))
			if _, err := r.Write(chunk); err != nil {
				t.Fatal(err)
			}
			in += len(chunk)
			held = max(held, in-int(out))
		}
		if held > bound || cap(r.pending) > bound-maxChunk {
			t.Errorf("%s: %d bytes of the page are held, in a buffer of %d", name, held, cap(r.pending))
		}
		if err := r.Close(); err != nil || int(out) != in {
			t.Errorf("%s: %d bytes came out of %d, %v", name, out, in, err)
		}
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// What a source gives is out before the source is asked again, but for a token that
// has not ended.
func TestFlushesAsTheSourceDoes(t *testing.T) {
	for _, part := range []string{"text", "<p>", "<!-- a comment", "<script>x</script>", "<title>t", "<img src='" + strings.Repeat("x", 100) + "'>"} {
		source := &counted{part: part}
		r := NewReader(source, Options{Decide: func(*Script) Action { return Action{Do: Allow} }})
		got := make([]byte, 0, 2*len(part))
		for len(got) < len(part) {
			n, err := r.Read(got[len(got):cap(got)])
			if err != nil {
				t.Fatal(err)
			}
			got = got[:len(got)+n]
		}
		if source.reads != 1 || string(got) != part {
			t.Errorf("%q: %q after %d reads", part, got, source.reads)
		}
	}
}

// counted gives its part once, and then waits for ever if it is asked.
type counted struct {
	part  string
	reads int
}

func (c *counted) Read(p []byte) (int, error) {
	c.reads++
	if c.reads > 1 {
		return 0, io.ErrNoProgress
	}
	return copy(p, c.part), nil
}

package rewrite

import "bytes"

// match is the answer to whether bytes are what is looked for.
type match byte

const (
	no match = iota
	yes
	more // as far as the bytes go
)

// endTag reports whether s, what follows a "<", is an appropriate end tag token
// (HTML §13.2.5): a slash, the name, and a byte that ends a name.
func endTag[T string | []byte](s []byte, name T) match {
	if len(s) == 0 {
		return more
	}
	if s[0] != '/' {
		return no
	}
	return named(s[1:], name)
}

// named reports whether s begins with the name and a byte that ends one.
func named[T string | []byte](s []byte, name T) match {
	n := min(len(s), len(name))
	switch {
	case !hasPrefixFold(s[:n], name[:n]):
		return no
	case len(s) <= len(name):
		return more
	case class[s[len(name)]]&endsTagName == 0:
		return no
	}
	return yes
}

// literal reports whether s begins with the very bytes of text.
func literal(s []byte, text string) match {
	n := min(len(s), len(text))
	switch {
	case string(s[:n]) != text[:n]:
		return no
	case n < len(text):
		return more
	}
	return yes
}

// rawTextEnd looks from i on for the end tag that ends raw text or RCDATA
// (§13.2.5.9–14). It returns where the tag's "<" stands, or false and where to look
// again when more has come.
func rawTextEnd(b []byte, i int, name []byte) (int, bool) {
	for {
		k := bytes.IndexByte(b[i:], '<')
		if k < 0 {
			return len(b), false
		}
		i += k
		switch endTag(b[i+1:], name) {
		case yes:
			return i, true
		case more:
			return i, false
		}
		i++
	}
}

// A scriptText finds the end of a script: the script data states of §13.2.5.4 and
// §13.2.5.15–31.
//
// x/net/html 0.62 leaves "script data escaped" at any "<" that neither a letter nor
// a slash follows, where the standard stays in it. After
//
//	<script type=x><!--< <script></script>
//
// it reads markup where every browser still reads script, and an injector could have
// had the nonce written into an attribute of his choice (CWE-436). html.Parse has
// the same fault, so it is no oracle here; integration asks the browsers.
type scriptText struct {
	escape escape
	dashes int // that were just read, of the "-->" that ends an escape
}

type escape byte

const (
	unescaped escape = iota
	escaped
	doubleEscaped
)

// end looks from i on for the script's end tag, as rawTextEnd does.
func (t *scriptText) end(b []byte, i int) (int, bool) {
	for i < len(b) {
		if t.escape == unescaped {
			k := bytes.IndexByte(b[i:], '<')
			if k < 0 {
				return len(b), false
			}
			i += k
		} else if c := b[i]; c != '<' {
			i++
			switch {
			case c == '-':
				t.dashes = min(t.dashes+1, 2)
				continue
			case c == '>' && t.dashes == 2:
				t.escape = unescaped
			}
			t.dashes = 0
			continue
		}
		t.dashes = 0
		rest := b[i+1:]
		closing := endTag(rest, "script")
		if closing == yes && t.escape != doubleEscaped {
			return i, true
		}
		opening := no
		switch t.escape {
		case unescaped:
			opening = literal(rest, "!--")
		case escaped:
			opening = named(rest, "script")
		}
		if closing == more || opening == more {
			return i, false
		}
		switch {
		case closing == yes:
			t.escape = escaped
		case opening == yes && t.escape == unescaped:
			t.escape, t.dashes = escaped, 2
			i += 3
		case opening == yes:
			t.escape = doubleEscaped
		}
		i++
	}
	return i, false
}

package rewrite

import "bytes"

// endsWhere reports whether a browser ends a script's text exactly where the
// tokenizer did: text is what the tokenizer took, tail is what follows it (the end
// tag). It is the script data states of HTML §13.2.5.4 and §13.2.5.15–31.
//
// x/net/html 0.62 leaves "script data escaped" at any "<" that neither a letter nor
// a slash follows, where the standard stays in it. After
//
//	<script type=x><!--< <script></script>
//
// it reads markup where every browser still reads script, and an injector can have
// the nonce written into an attribute of his choice (CWE-436). html.Parse has the
// same fault, so it is no oracle here; integration asks the browsers.
func endsWhere(text, tail []byte) bool {
	all := append(bytes.Clone(text), tail...)
	return scriptEnd(all) == len(text)
}

// scriptEnd returns where the end tag of a script begins in s, or -1.
func scriptEnd(s []byte) int {
	const (
		plain         = iota // script data
		escaped              // script data escaped
		doubleEscaped        // script data double escaped
	)
	state, dashes := plain, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if state != plain {
			switch {
			case c == '-':
				dashes++
				continue
			case c == '>' && dashes >= 2:
				state, dashes = plain, 0
				continue
			}
		}
		dashes = 0
		if c != '<' {
			continue
		}
		rest := s[i+1:]
		switch state {
		case plain:
			switch {
			case closes(rest):
				return i
			case bytes.HasPrefix(rest, []byte("!--")):
				state, dashes = escaped, 2
				i += 3
			}
		case escaped:
			switch {
			case closes(rest):
				return i
			case isNamed(rest):
				state = doubleEscaped
			}
		case doubleEscaped:
			if closes(rest) {
				state = escaped
			}
		}
	}
	return -1
}

// closes reports whether what follows "<" is "/script" and a byte that ends a name.
func closes(s []byte) bool { return len(s) > 0 && s[0] == '/' && isNamed(s[1:]) }

func isNamed(s []byte) bool {
	const name = "script"
	if len(s) <= len(name) || !bytes.EqualFold(s[:len(name)], []byte(name)) {
		return false
	}
	c := s[len(name)]
	return isSpace(c) || c == '/' || c == '>'
}

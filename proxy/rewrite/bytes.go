package rewrite

// What a byte is to the tokenizer (HTML §13.2.5). CR is white space here because
// the input stream is normalised before the tokenizer sees it (§13.2.3.5).
const (
	isSpace byte = 1 << iota
	isSlash
	isGreater
	isEquals
	isLetter
	isControl // C0 controls, which URL parsers strip
)

const (
	endsTagName  = isSpace | isSlash | isGreater
	endsAttrName = endsTagName | isEquals
	endsUnquoted = isSpace | isGreater
)

var class = func() (table [256]byte) {
	for c := range 0x20 {
		table[c] = isControl
	}
	for _, c := range " \t\n\f\r" {
		table[c] |= isSpace
	}
	for c := 'a'; c <= 'z'; c++ {
		table[c], table[c-'a'+'A'] = isLetter, isLetter
	}
	table['/'], table['>'], table['='] = isSlash, isGreater, isEquals
	return table
}()

// lower is ASCII lower case, as the tokenizer folds names.
var lower = func() (table [256]byte) {
	for i := range table {
		table[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			table[i] += 'a' - 'A'
		}
	}
	return table
}()

// equalFold reports whether b is the lower-case ASCII string s in any case.
func equalFold(b []byte, s string) bool { return len(b) == len(s) && hasPrefixFold(b, s) }

func hasPrefixFold[T string | []byte](b []byte, s T) bool {
	if len(b) < len(s) {
		return false
	}
	for i := range len(s) {
		if lower[b[i]] != s[i] {
			return false
		}
	}
	return true
}

// sameFold reports whether two names of one length are the same to the tokenizer.
func sameFold(a, b []byte) bool {
	for i := range a {
		if lower[a[i]] != lower[b[i]] {
			return false
		}
	}
	return true
}

// containsFold reports whether the lower-case string s, which begins with a byte
// that has no case, stands in b in any case.
func containsFold(b []byte, s string) bool {
	for i := range b {
		if b[i] == s[0] && hasPrefixFold(b[i:], s) {
			return true
		}
	}
	return false
}

// trimSpace takes ASCII white space from both ends.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && class[b[0]]&isSpace != 0 {
		b = b[1:]
	}
	for len(b) > 0 && class[b[len(b)-1]]&isSpace != 0 {
		b = b[:len(b)-1]
	}
	return b
}

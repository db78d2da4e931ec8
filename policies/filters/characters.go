package filters

// What the matcher asks about a byte, in one table.
const (
	alphanumeric uint8 = 1 << iota // part of a token
	separator                      // matches "^"
)

var characters, lowered = func() (class, lower [256]uint8) {
	for i := range 256 {
		c := byte(i)
		lower[i] = c
		switch {
		case 'A' <= c && c <= 'Z':
			lower[i] = c + 'a' - 'A'
			class[i] = alphanumeric
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			class[i] = alphanumeric
		case c >= 0x80:
			// No serialised URL has one. Whatever it is, nothing matches it but a
			// wildcard; and no regular expression may take it for the Kelvin sign
			// (U+212A), which is a "k" to those that ignore case.
			lower[i] = 0xff
		case c != '_' && c != '-' && c != '.' && c != '%':
			class[i] = separator
		}
	}
	return class, lower
}()

func isAlphanumeric(c byte) bool { return characters[c]&alphanumeric != 0 }

func isSeparator(c byte) bool { return characters[c]&separator != 0 }

// toLower lowers ASCII letters in place.
func toLower(b []byte) []byte {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}

func hasUpper(b []byte) bool {
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			return true
		}
	}
	return false
}

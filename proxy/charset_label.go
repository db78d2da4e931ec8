package proxy

import "strings"

// charsetParameter returns the charset of a Content-Type field as browsers read it,
// MIME Sniffing §4.4: they skip a parameter that they cannot read and take the first
// of two, where mime.ParseMediaType gives up on all of them.
func charsetParameter(contentType string) string {
	_, rest, found := strings.Cut(contentType, ";")
	for found {
		rest = strings.TrimLeft(rest, httpSpace)
		end := strings.IndexAny(rest, ";=")
		if end < 0 {
			return ""
		}
		name := rest[:end]
		if rest[end] == ';' {
			rest = rest[end+1:]
			continue
		}
		rest = rest[end+1:]
		var value string
		if strings.HasPrefix(rest, `"`) {
			value, rest = quotedString(rest[1:])
			_, rest, found = strings.Cut(rest, ";")
		} else {
			value, rest, found = strings.Cut(rest, ";")
			value = strings.TrimRight(value, httpSpace)
			if value == "" {
				continue
			}
		}
		if strings.EqualFold(name, "charset") {
			return value
		}
	}
	return ""
}

// httpSpace is "HTTP whitespace", Fetch §2.2.
const httpSpace = "\t\n\r "

// quotedString reads a quoted string to its quote, which may be missing, and returns
// its value and what follows.
func quotedString(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

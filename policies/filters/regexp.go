package filters

import (
	"regexp"
	"regexp/syntax"
)

// compileRegexp compiles the source of a regular expression of a filter.
//
// Go's engine takes time in proportion to the URL whatever the expression is, so
// that no list can make the proxy hang by an expression that backtracks (CWE-1333).
func compileRegexp(source string, matchCase bool) (*regexp.Regexp, error) {
	if !matchCase {
		source = "(?i)" + source
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return nil, unsupported(RegexpOption)
	}
	return re, nil
}

// literalsOf returns a pattern of which every match of the expression holds the
// whole tokens: literals as they stand, "-" for what bounds a token, "*" for the
// rest.
func literalsOf(source string, matchCase bool) []byte {
	mode := syntax.Perl
	if !matchCase {
		mode |= syntax.FoldCase
	}
	re, err := syntax.Parse(source, mode)
	if err != nil {
		return nil
	}
	return append(appendLiterals([]byte("*"), re), '*')
}

func appendLiterals(to []byte, re *syntax.Regexp) []byte {
	switch re.Op {
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			to = appendLiterals(to, sub)
		}
		return to
	case syntax.OpLiteral:
		for _, c := range re.Rune {
			if c >= 0x80 {
				return append(to, '*')
			}
			if !isAlphanumeric(byte(c)) {
				c = '-'
			}
			to = append(to, lowered[byte(c)])
		}
		return to
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpWordBoundary:
		return append(to, '-')
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			for c := re.Rune[i]; c <= min(re.Rune[i+1], 0x7f); c++ {
				if isAlphanumeric(byte(c)) {
					return append(to, '*')
				}
			}
		}
		return append(to, '-')
	}
	return append(to, '*')
}

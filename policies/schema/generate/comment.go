package main

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A comment is what the comment of a key says. All texts are without line feeds.
type comment struct {
	meaning  string // whole sentences, without the Go name at the beginning
	fallback string // the default: the value if constant, else words about it
	constant bool
	required bool
	danger   string // what stands behind "Danger:"; "" for none
}

// constantDefault is "Default", one word and a full stop.
var constantDefault = regexp.MustCompile(`^Default ([^\s:]\S*)\.$`)

// parseComment takes the comment of the field with the Go name apart; key is what
// the field is called in the policy file.
func parseComment(text, name, key string) (comment, error) {
	var c comment
	var meaning, danger []string
	into := &meaning
	for i, s := range sentences(text) {
		switch {
		case i == 0 && strings.HasPrefix(s, name+" "): // the name may be Default
			meaning = append(meaning, s)
		case strings.HasPrefix(s, "Default ") || strings.HasPrefix(s, "Default:"):
			if c.fallback != "" {
				return c, errors.New("its comment has two defaults")
			}
			if m := constantDefault.FindStringSubmatch(s); m != nil {
				c.fallback, c.constant = m[1], true
			} else {
				c.fallback = strings.Trim(strings.TrimPrefix(s, "Default"), ": .")
			}
			into = &meaning
		case s == "Required.":
			c.required = true
			into = &meaning
		case strings.HasPrefix(s, "Required "):
			c.fallback = "r" + strings.TrimSuffix(s[1:], ".") // required with placement vault
			into = &meaning
		case strings.HasPrefix(s, "Danger:"):
			into = &danger
			danger = append(danger, strings.TrimSpace(strings.TrimPrefix(s, "Danger:")))
		default:
			*into = append(*into, s)
		}
	}
	c.meaning, c.danger = withoutName(strings.Join(meaning, " "), name, key), strings.Join(danger, " ")
	if c.meaning == "" {
		return c, errors.New("its comment has no meaning: say what it is")
	}
	return c, nil
}

// sentences splits a comment where a full stop and white space stand before a capital
// letter, a quote or a backquote.
func sentences(text string) []string {
	text = strings.Join(strings.Fields(text), " ")
	var all []string
	for start, i := 0, 0; i < len(text); i++ {
		if i+1 == len(text) {
			all = append(all, text[start:])
		} else if text[i] == '.' && text[i+1] == ' ' {
			if next, _ := utf8.DecodeRuneInString(text[i+2:]); unicode.IsUpper(next) || next == '"' || next == '`' {
				all = append(all, text[start:i+1])
				start = i + 2
			}
		}
	}
	return all
}

// withoutName takes the Go name off the beginning of a meaning, with "is" or "are"
// behind it; before another verb the key stands in its place, or nothing for key "".
func withoutName(meaning, name, key string) string {
	rest, ok := strings.CutPrefix(meaning, name+" ")
	if !ok {
		return capital(meaning)
	}
	for _, verb := range []string{"is ", "are "} {
		if after, ok := strings.CutPrefix(rest, verb); ok {
			return capital(after)
		}
	}
	if key == "" {
		return capital(rest)
	}
	return "`" + key + "` " + rest
}

func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

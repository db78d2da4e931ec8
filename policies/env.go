package policies

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v4"
)

// expand replaces ${NAME} in every value below n by the environment variable of that
// name, and $${ by ${. Keys stay as they are.
//
// It works on the parsed file, never on its text: whatever a variable holds, it is
// one value, and can add no key and no list (CWE-94).
func (d *decoder) expand(n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			d.expand(n.Content[i])
		}
	case yaml.ScalarNode:
		d.expandScalar(n)
	default: // an alias has no content: what it stands for is expanded in its own place
		for _, inner := range n.Content {
			d.expand(inner)
		}
	}
}

func (d *decoder) expandScalar(n *yaml.Node) {
	if !strings.Contains(n.Value, "${") {
		return
	}
	value, err := expandText(n.Value, os.LookupEnv)
	if err != nil {
		d.problem(n, "%v", err)
		d.unknown[n] = true
		return
	}
	// What the file says is what messages show: a variable may be a secret (CWE-532).
	d.written[n] = n.Value
	n.Value = value
	const indicated = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle | yaml.TaggedStyle
	if n.Style&indicated == 0 {
		n.Tag = plainTag(value)
	}
}

// expandText replaces ${NAME} by what lookup has for it, and $${ by ${.
func expandText(s string, lookup func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		if i > 0 && s[i-1] == '$' {
			b.WriteString(s[:i-1] + "${")
			s = s[i+2:]
			continue
		}
		b.WriteString(s[:i])
		name, rest, closed := strings.Cut(s[i+2:], "}")
		switch {
		case !closed:
			return "", fmt.Errorf("${ has no } behind it; write $${ for the characters themselves")
		case !isVariable(name):
			return "", fmt.Errorf("${%s} is no variable: write ${NAME} with letters, digits and _, or $${ for the characters themselves", name)
		}
		value, set := lookup(name)
		if !set {
			return "", fmt.Errorf("the environment variable %s is not set", name)
		}
		b.WriteString(value)
		s = rest
	}
}

func isVariable(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9' || i == 0) {
			return false
		}
	}
	return name != ""
}

// plainTag returns the tag of a value as YAML resolves it where it is not quoted, so
// that a variable can hold a number or a truth value.
func plainTag(value string) string {
	var document yaml.Node
	// No number and no truth value has a character that means something to YAML.
	if strings.ContainsAny(value, "#&*!|>'\"%@`{}[],:?\n") || len(value) > 64 || yaml.Unmarshal([]byte(value), &document) != nil {
		return "!!str"
	}
	if len(document.Content) == 0 {
		return "!!null"
	}
	n := document.Content[0]
	switch tag := n.ShortTag(); tag {
	case "!!int", "!!float", "!!bool", "!!null":
		if n.Kind == yaml.ScalarNode && n.Value == value {
			return tag
		}
	}
	return "!!str"
}

// text returns the value at a path as the file has it, in quotes.
func (d *decoder) text(path string) string { return d.quote(d.at(path)) }

// quote returns the value of a node as the file has it, in quotes.
func (d *decoder) quote(n *yaml.Node) string { return fmt.Sprintf("%q", d.source(n)) }

// source returns the value of a node as the file has it.
func (d *decoder) source(n *yaml.Node) string {
	if written, ok := d.written[n]; ok {
		return written
	}
	return n.Value
}

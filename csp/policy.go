package csp

import (
	"slices"
	"strings"
)

// A Directive is one name with its value, CSP3 §2.3.
type Directive struct {
	Name  string   // lower case
	Value []string // source expressions or other tokens, in order
}

// A Policy is an ordered set of directives, CSP3 §2.2. The zero Policy has none
// and allows everything. Policies are values: With returns a changed copy.
type Policy struct{ directives []Directive }

// Parse reads one serialized policy as CSP3 §2.2.1 says: tokens are split at
// ';', names are folded to lower case, of a name given twice the first counts.
// Parsing never fails; what is not a directive is dropped, as a browser does.
func Parse(serialized string) Policy {
	var p Policy
	for token := range strings.SplitSeq(serialized, ";") {
		fields := strings.FieldsFunc(token, isASCIISpace)
		if len(fields) == 0 || !isASCII(token) {
			continue
		}
		name := strings.ToLower(fields[0])
		if _, ok := p.Get(name); ok {
			continue
		}
		p.directives = append(p.directives, Directive{Name: name, Value: fields[1:]})
	}
	return p
}

// ParseHeader reads the values of a Content-Security-Policy header field. A
// comma separates whole policies, and each of them is enforced (CSP3 §2.2.2);
// reading "a, b" as one policy is how proxies lose the second.
func ParseHeader(values []string) []Policy {
	var policies []Policy
	for _, value := range values {
		for serialized := range strings.SplitSeq(value, ",") {
			if p := Parse(serialized); !p.IsEmpty() {
				policies = append(policies, p)
			}
		}
	}
	return policies
}

// Get returns the value of the named directive and whether it is there.
func (p Policy) Get(name string) ([]string, bool) {
	for _, d := range p.directives {
		if d.Name == name {
			return d.Value, true
		}
	}
	return nil, false
}

// With returns p with the named directive set to value, in its old place or at
// the end.
func (p Policy) With(name string, value ...string) Policy {
	changed := Policy{slices.Clone(p.directives)}
	for i, d := range changed.directives {
		if d.Name == name {
			changed.directives[i].Value = value
			return changed
		}
	}
	changed.directives = append(changed.directives, Directive{Name: name, Value: value})
	return changed
}

// IsEmpty reports whether p has no directive.
func (p Policy) IsEmpty() bool { return len(p.directives) == 0 }

// String serializes p for a header field or a <meta> element.
func (p Policy) String() string {
	var b strings.Builder
	for i, d := range p.directives {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(d.Name)
		for _, v := range d.Value {
			b.WriteByte(' ')
			b.WriteString(v)
		}
	}
	return b.String()
}

func isASCIISpace(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\f' || r == '\r'
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

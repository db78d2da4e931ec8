package policies

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A decoder fills Go values from YAML nodes and notes every problem with its
// place, where the library's own strict mode stops at types and loses columns.
type decoder struct {
	file     string
	unpinned bool // a lock that does not exist is no problem
	problems Problems
	warnings Problems

	// places and keys remember where each value and its key stood, by dotted path,
	// for checks that run after decoding: "scripts.rules[2].match".
	places, keys map[string]*yaml.Node
	// fault has the paths of what could not be decoded, and faultBelow also those
	// of all that they are in.
	fault, faultBelow map[string]bool
	// written has the values in which variables were filled in, as the file has
	// them, and unknown the values whose variables are not known.
	written map[*yaml.Node]string
	unknown map[*yaml.Node]bool
}

func newDecoder(file string) *decoder {
	return &decoder{
		file:   file,
		places: map[string]*yaml.Node{}, keys: map[string]*yaml.Node{},
		fault: map[string]bool{}, faultBelow: map[string]bool{},
		written: map[*yaml.Node]string{}, unknown: map[*yaml.Node]bool{},
	}
}

// wrong notes that what stands at the path cannot be decoded, and why.
func (d *decoder) wrong(n *yaml.Node, path, format string, args ...any) {
	d.fails(path)
	d.problem(n, "%s%s", prefix(path), fmt.Sprintf(format, args...))
}

// decode fills v, which must be settable, from n; path is where n stands.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, path string) {
	d.places[path] = n
	if d.unknown[n] {
		d.fails(path) // expand has told why
		return
	}
	if n.Kind == yaml.AliasNode {
		d.wrong(n, path, "aliases are not supported: write the value out")
		return
	}
	if isNull(n) && v.Kind() != reflect.Interface {
		d.wrong(n, path, "is empty: give a value or leave the key out")
		return
	}
	if target, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.decodeText(n, target, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, v, path)
	case reflect.Map:
		d.decodeMap(n, v, path)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			d.wrong(n, path, "want a list like [a, b], not %s", d.kindName(n))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
		for i, item := range n.Content {
			d.decode(item, v.Index(i), index(path, i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path)
	case reflect.Interface:
		d.decodeAny(n, v, path)
	case reflect.String:
		// A variable is text, also where it looks like a number.
		_, filled := d.written[n]
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" && !filled {
			d.wrong(n, path, "want text, not %s", d.kindName(n))
			return
		}
		v.SetString(n.Value)
	default: // numbers and truth values: the library knows the spellings
		if _, filled := d.written[n]; filled {
			// Inside [ ] and { } YAML wants variables in quotes, also where they hold
			// a number.
			n.Tag, n.Style = plainTag(n.Value), 0
		}
		if err := n.Decode(v.Addr().Interface()); err != nil {
			d.wrong(n, path, "want %s, not %s", typeName(v.Type()), d.kindName(n))
		}
	}
}

func (d *decoder) decodeText(n *yaml.Node, target encoding.TextUnmarshaler, path string) {
	if n.Kind != yaml.ScalarNode {
		d.wrong(n, path, "want one value, not %s", d.kindName(n))
		return
	}
	err := target.UnmarshalText([]byte(n.Value))
	switch {
	case err == nil:
	case d.written[n] != "":
		// err may hold what the variable holds (CWE-532).
		d.wrong(n, path, "what %s stands for is not %s", d.quote(n), wanted(target))
	default:
		d.wrong(n, path, "%v", err)
	}
}

func (d *decoder) decodeStruct(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, "want keys with values, not %s", d.kindName(n))
		return
	}
	var names []string
	fields := map[string][]int{}
	for field := range keysOf(v.Type()) {
		name := field.Tag.Get("yaml")
		fields[name] = field.Index
		names = append(names, name)
	}
	for key, value := range d.pairs(n, path) {
		if i, known := fields[key.Value]; known {
			d.decode(value, v.FieldByIndex(i), join(path, key.Value))
		} else {
			d.unknownKey(key, path, names)
		}
	}
}

func (d *decoder) unknownKey(key *yaml.Node, path string, names []string) {
	where := "here"
	if path != "" {
		where = "in " + path
	}
	if meant := nearest(key.Value, names); meant != "" {
		d.problem(key, "unknown key %q %s; did you mean %s?", key.Value, where, meant)
		d.fails(join(path, meant)) // it is not missing, only misspelt
		return
	}
	if place := elsewhere(key.Value); place != "" {
		d.problem(key, "unknown key %q %s; it belongs into %s", key.Value, where, placeName(above(place)))
		d.fails(place)
		return
	}
	d.problem(key, "unknown key %q %s; known are: %s", key.Value, where, strings.Join(names, ", "))
}

func placeName(path string) string {
	if path == "" {
		return "the file's outermost level"
	}
	return path
}

func (d *decoder) decodeMap(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, "want keys with values, not %s", d.kindName(n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for key, value := range d.pairs(n, path) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.decode(value, item, join(path, key.Value))
		v.SetMapIndex(reflect.ValueOf(key.Value), item)
	}
}

// decodeAny decodes what may be anything that JSON can say.
func (d *decoder) decodeAny(n *yaml.Node, v reflect.Value, path string) {
	switch n.Kind {
	case yaml.MappingNode:
		values := map[string]any{}
		d.decodeMap(n, reflect.ValueOf(&values).Elem(), path)
		v.Set(reflect.ValueOf(values))
	case yaml.SequenceNode:
		values := make([]any, len(n.Content))
		for i, item := range n.Content {
			d.decode(item, reflect.ValueOf(&values[i]).Elem(), index(path, i))
		}
		v.Set(reflect.ValueOf(values))
	default:
		if err := n.Decode(v.Addr().Interface()); err != nil {
			d.wrong(n, path, "%s is not what its tag says", d.quote(n))
		}
	}
}

// pairs yields the keys and values of a mapping; a key that stands twice is a
// problem, since YAML libraries differ in which of the two they believe.
func (d *decoder) pairs(n *yaml.Node, path string) func(yield func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		first := map[string]*yaml.Node{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode {
				d.problem(key, "%sa key must be plain text", prefix(path))
				continue
			}
			if other, twice := first[key.Value]; twice {
				d.problem(key, "key %q stands twice; the first is on line %d", key.Value, other.Line)
				continue
			}
			first[key.Value] = key
			d.keys[join(path, key.Value)] = key
			if !yield(key, n.Content[i+1]) {
				return
			}
		}
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func (d *decoder) kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	}
	if _, filled := d.written[n]; filled {
		return "what " + d.quote(n) + " stands for"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!bool":
		return "the truth value " + n.Value
	}
	return d.quote(n)
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	}
	return t.String()
}

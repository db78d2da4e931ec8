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
	problems *Problems
	// places remembers where each key stood, by dotted path, for checks that
	// run after decoding: "scripts.rules[2].match".
	places map[string]*yaml.Node
}

func (d *decoder) problem(n *yaml.Node, format string, args ...any) {
	*d.problems = append(*d.problems, Problem{File: d.file, Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...)})
}

// decode fills v, which must be settable, from n; path is where n stands.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, path string) {
	d.places[path] = n
	if n.Kind == yaml.AliasNode {
		d.problem(n, "%saliases are not supported: write the value out", prefix(path))
		return
	}
	if isNull(n) && v.Kind() != reflect.Interface {
		d.problem(n, "%sis empty: give a value or leave the key out", prefix(path))
		return
	}
	if target, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if n.Kind != yaml.ScalarNode {
			d.problem(n, "%swant one value, not %s", prefix(path), kindName(n))
		} else if err := target.UnmarshalText([]byte(n.Value)); err != nil {
			d.problem(n, "%s%v", prefix(path), err)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, v, path)
	case reflect.Map:
		d.decodeMap(n, v, path)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			d.problem(n, "%swant a list like [a, b], not %s", prefix(path), kindName(n))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
		for i, item := range n.Content {
			d.decode(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path)
	case reflect.String:
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
			d.problem(n, "%swant text, not %s", prefix(path), kindName(n))
			return
		}
		v.SetString(n.Value)
	default: // numbers, truth values, and any: the library knows the spellings
		if err := n.Decode(v.Addr().Interface()); err != nil {
			d.problem(n, "%swant %s, not %s", prefix(path), typeName(v.Type()), kindName(n))
		}
	}
}

func (d *decoder) decodeStruct(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.problem(n, "%swant keys with values, not %s", prefix(path), kindName(n))
		return
	}
	fields := map[string]int{}
	var names []string
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("yaml"); name != "" {
			fields[name] = i
			names = append(names, name)
		}
	}
	for key, value := range d.pairs(n, path) {
		i, known := fields[key.Value]
		if !known {
			where := "here"
			if path != "" {
				where = "in " + path
			}
			d.problem(key, "unknown key %q %s; known are: %s", key.Value, where, strings.Join(names, ", "))
			continue
		}
		d.decode(value, v.Field(i), join(path, key.Value))
	}
}

func (d *decoder) decodeMap(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.problem(n, "%swant keys with values, not %s", prefix(path), kindName(n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for key, value := range d.pairs(n, path) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.decode(value, item, join(path, key.Value))
		v.SetMapIndex(reflect.ValueOf(key.Value), item)
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
			if !yield(key, n.Content[i+1]) {
				return
			}
		}
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func prefix(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!bool":
		return "the truth value " + n.Value
	}
	return fmt.Sprintf("%q", n.Value)
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

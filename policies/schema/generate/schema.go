package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// An object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(append(append(name, ':'), value...))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal is json.Marshal without its care for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// schemaOf returns the JSON Schema.
func schemaOf(s *source) ([]byte, error) {
	var faults []error
	var defs object
	for _, b := range s.blocks[1:] {
		defs = append(defs, member{b.name, s.blockSchema(b, &faults)})
	}
	for _, name := range sorted(s.scalars) {
		defs = append(defs, member{name, scalarSchema(name, s.scalars[name], &faults)})
	}
	for where := range bounds {
		if !s.has(where) {
			faults = append(faults, fmt.Errorf("syntax.go bounds %s, which there is not", where))
		}
	}
	schema := append(object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "urn:chatproxy:policy:1"},
		{"title", "chatproxy policy file"},
		{"$comment", "Made from policies/policies.go by go generate ./policies/schema: do not edit."},
		{"description", sentences(s.blocks[0].doc)[0]},
	}, s.blockSchema(s.blocks[0], &faults)[1:]...)
	schema = append(schema, member{"$defs", defs})
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	compact, err := marshal(schema)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func sorted[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// has reports whether there is the key, as bounds are written.
func (s *source) has(where string) bool {
	for _, b := range s.blocks {
		for _, k := range b.keys {
			if b.name+"."+k.name == where {
				return true
			}
		}
	}
	return false
}

func (s *source) blockSchema(b *block, faults *[]error) object {
	var properties object
	required := []string{}
	for _, k := range b.keys {
		if k.required {
			required = append(required, k.name)
		}
		schema := append(s.valueSchema(k.value), bounds[b.name+"."+k.name].schema()...)
		schema = append(schema, member{"description", k.description()})
		if k.constant {
			fallback, err := s.constant(k.value, k.fallback)
			if err != nil {
				*faults = append(*faults, fmt.Errorf("policies.%s: the default of %s: %w", b.name, k.name, err))
			}
			schema = append(schema, member{"default", fallback})
		}
		properties = append(properties, member{k.name, schema})
	}
	schema := object{{"description", b.doc}, {"type", "object"}, {"additionalProperties", false}}
	if len(required) > 0 {
		schema = append(schema, member{"required", required})
	}
	return append(schema, member{"properties", properties})
}

// description is what editors show beside the key.
func (k *key) description() string {
	text := k.meaning
	switch {
	case k.required:
		text += " Required."
	case k.fallback != "":
		text += " Default: " + k.fallback + "."
	}
	if k.danger != "" {
		text += " Danger: " + k.danger
	}
	return text
}

func (s *source) valueSchema(v value) object {
	switch v.kind {
	case textValue:
		return object{{"type", "string"}}
	case integerValue:
		return object{{"type", "integer"}, {"minimum", 0}}
	case booleanValue:
		return object{{"type", "boolean"}}
	case listValue:
		return object{{"type", "array"}, {"items", s.valueSchema(*v.of)}}
	case mapValue:
		if v.of.kind == anyValue {
			return object{{"type", "object"}}
		}
		return object{{"type", "object"}, {"additionalProperties", s.valueSchema(*v.of)}}
	case blockValue, scalarValue:
		return object{{"$ref", "#/$defs/" + v.name}}
	default:
		return object{}
	}
}

func (b bound) schema() (o object) {
	if b.one != 0 {
		o = append(o, member{"const", b.one})
	}
	if b.text != "" {
		o = append(o, member{"pattern", b.text})
	}
	if b.names != "" {
		o = append(o, member{"propertyNames", object{{"pattern", b.names}}})
	}
	return o
}

func scalarSchema(name string, s *scalar, faults *[]error) object {
	if s.words != nil {
		return object{{"description", s.doc}, {"type", "string"}, {"enum", s.words}}
	}
	syntax, known := syntaxes[name]
	if !known {
		*faults = append(*faults, fmt.Errorf("policies.%s reads its own text: add how it is written to syntax.go, or constants of that type", name))
	}
	o := object{{"description", s.doc}, {"type", "string"}}
	if syntax.number {
		o = object{{"description", s.doc}, {"type", []string{"string", "integer"}}, {"minimum", 1}}
	}
	return append(o, member{"pattern", "^(?:" + syntax.pattern + ")$|" + variable}, member{"examples", syntax.examples})
}

// constant returns a default as the value that it is.
func (s *source) constant(v value, text string) (any, error) {
	switch v.kind {
	case integerValue:
		return strconv.Atoi(text)
	case booleanValue:
		return strconv.ParseBool(text)
	case textValue:
		return text, nil
	case listValue:
		item, err := s.constant(*v.of, text)
		return []any{item}, err
	case scalarValue:
		if words := s.scalars[v.name].words; words != nil && !slices.Contains(words, text) {
			return nil, fmt.Errorf("%q is none of %v", text, words)
		}
		return text, nil
	default:
		return nil, fmt.Errorf(`%q stands for no value: write "Default: …" for words`, text)
	}
}

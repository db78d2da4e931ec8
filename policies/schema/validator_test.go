package schema_test

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// A validator knows the keywords that the schema uses, as JSON Schema 2020-12 has
// them. Any other is a fault of the test, not of the document.
type validator struct{ root map[string]any }

// annotations say nothing about whether a document is valid.
var annotations = []string{"$schema", "$id", "$comment", "$defs", "title", "description", "default", "examples"}

// validate returns what is wrong with the value, each with the path of its place.
func (v validator) validate(schema map[string]any, value any, at string) (wrong []string) {
	fails := func(format string, args ...any) { wrong = append(wrong, at+": "+fmt.Sprintf(format, args...)) }
	object, isObject := value.(map[string]any)
	list, _ := value.([]any)
	text, isText := value.(string)
	number, isNumber := value.(float64)
	for _, keyword := range slices.Sorted(maps.Keys(schema)) {
		switch want := schema[keyword]; keyword {
		case "$ref":
			name := strings.TrimPrefix(want.(string), "#/$defs/")
			wrong = append(wrong, v.validate(v.root["$defs"].(map[string]any)[name].(map[string]any), value, at)...)
		case "type":
			types, many := want.([]any)
			if !many {
				types = []any{want}
			}
			if !slices.ContainsFunc(types, func(t any) bool { return hasType(value, t.(string)) }) {
				fails("not of type %v", want)
			}
		case "const":
			if !reflect.DeepEqual(value, want) {
				fails("not %v", want)
			}
		case "enum":
			if !slices.Contains(want.([]any), value) {
				fails("%v is none of %v", value, want)
			}
		case "pattern":
			if isText && !regexp.MustCompile(want.(string)).MatchString(text) {
				fails("%q does not match %s", text, want)
			}
		case "minimum":
			if isNumber && number < want.(float64) {
				fails("less than %v", want)
			}
		case "items":
			for i, item := range list {
				wrong = append(wrong, v.validate(want.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i))...)
			}
		case "required":
			for _, name := range want.([]any) {
				if _, ok := object[name.(string)]; isObject && !ok {
					fails("%s is missing", name)
				}
			}
		case "propertyNames":
			for name := range object {
				wrong = append(wrong, v.validate(want.(map[string]any), name, at+"."+name)...)
			}
		case "properties":
			for name, inner := range want.(map[string]any) {
				if item, ok := object[name]; ok {
					wrong = append(wrong, v.validate(inner.(map[string]any), item, at+"."+name)...)
				}
			}
		case "additionalProperties":
			known, _ := schema["properties"].(map[string]any)
			for name, item := range object {
				if _, ok := known[name]; ok {
					continue
				}
				if inner, ok := want.(map[string]any); ok {
					wrong = append(wrong, v.validate(inner, item, at+"."+name)...)
				} else if want == false {
					fails("unknown key %s", name)
				}
			}
		default:
			if !slices.Contains(annotations, keyword) {
				fails("the validator does not know the keyword %s", keyword)
			}
		}
	}
	return wrong
}

func hasType(value any, name string) bool {
	switch value := value.(type) {
	case map[string]any:
		return name == "object"
	case []any:
		return name == "array"
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case float64:
		return name == "number" || name == "integer" && value == math.Trunc(value)
	}
	return name == "null"
}

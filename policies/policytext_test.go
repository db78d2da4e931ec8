package policies

import (
	"fmt"
	"reflect"
	"strings"
)

// asText returns the keys and values of a policy.
func asText(p *Policy) string {
	var b strings.Builder
	writeText(&b, reflect.ValueOf(*p))
	return b.String() + p.Warnings().Error()
}

func writeText(b *strings.Builder, v reflect.Value) {
	if s, ok := v.Interface().(fmt.Stringer); ok && (v.Kind() != reflect.Struct || v.Type().PkgPath() != "chatproxy/policies" || !embedsNil(v)) {
		fmt.Fprintf(b, "%q", s)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for field := range keysOf(v.Type()) {
			fmt.Fprintf(b, " %s:", field.Tag.Get("yaml"))
			writeText(b, v.FieldByIndex(field.Index))
		}
	case reflect.Slice:
		for i := range v.Len() {
			b.WriteString(" -")
			writeText(b, v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			writeText(b, v.Elem())
		}
	default: // fmt sorts the keys of maps
		fmt.Fprintf(b, "%#v", v)
	}
}

// embedsNil reports whether a struct embeds a nil pointer, whose methods it has.
func embedsNil(v reflect.Value) bool {
	return v.NumField() > 0 && v.Type().Field(0).Anonymous && v.Field(0).Kind() == reflect.Pointer && v.Field(0).IsNil()
}

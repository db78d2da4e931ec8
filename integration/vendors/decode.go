package vendors

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxBody bounds a body, before and after it is unpacked (CWE-409).
	maxBody = 16 << 20
	// maxDepth bounds how often something is wrapped.
	maxDepth = 24
)

// A Field is one value of a hit: a member of its JSON, of its form or of its query,
// however deep.
type Field struct {
	Name  string // of the nearest member
	Value string
}

// fieldsOf reads all that a request says: query and body, out of every wrapping that
// vendors use (gzip, base64, forms, multipart, JSON, lines of JSON, JSON in strings).
func fieldsOf(r *http.Request, body []byte) []Field {
	d := &decoder{}
	for name, values := range r.URL.Query() {
		for _, value := range values {
			d.text(name, []byte(value), 0)
		}
	}
	kind, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // without one it is guessed
	switch {
	case kind == "multipart/form-data":
		parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
		for {
			part, err := parts.NextPart()
			if err != nil {
				break
			}
			value, _ := io.ReadAll(io.LimitReader(part, maxBody)) // what could be read
			d.text(part.FormName(), value, 0)
		}
	case len(body) > 0:
		d.text("", body, 0)
	}
	return d.fields
}

type decoder struct{ fields []Field }

// text unwraps one value, and keeps what cannot be unwrapped.
func (d *decoder) text(name string, raw []byte, depth int) {
	trimmed := bytes.TrimSpace(raw)
	switch {
	case depth > maxDepth || len(trimmed) == 0:
	case bytes.HasPrefix(trimmed, []byte{0x1f, 0x8b}):
		if inner, err := gunzip(trimmed); err == nil {
			d.text(name, inner, depth+1)
			return
		}
	case trimmed[0] == '{' || trimmed[0] == '[':
		if d.json(name, trimmed, depth) {
			return
		}
	default:
		if inner, ok := unbase64(trimmed); ok {
			d.text(name, inner, depth+1)
			return
		}
		if depth == 0 && name == "" && d.form(trimmed, depth) {
			return
		}
	}
	d.fields = append(d.fields, Field{name, strings.ToValidUTF8(string(raw), "\uFFFD")})
}

// json reads one value of JSON, or several, one after another.
func (d *decoder) json(name string, raw []byte, depth int) bool {
	var values []any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	for {
		var value any
		err := decoder.Decode(&value)
		if err == io.EOF {
			break
		}
		if err != nil {
			return false
		}
		values = append(values, value)
	}
	for _, value := range values {
		d.walk(name, value, depth+1)
	}
	return true
}

func (d *decoder) walk(name string, value any, depth int) {
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			d.walk(key, member, depth)
		}
	case []any:
		for _, member := range value {
			d.walk(name, member, depth)
		}
	case string:
		d.text(name, []byte(value), depth)
	case json.Number:
		d.fields = append(d.fields, Field{name, value.String()})
	case bool:
		d.fields = append(d.fields, Field{name, strconv.FormatBool(value)})
	}
}

func (d *decoder) form(raw []byte, depth int) bool {
	if !bytes.Contains(raw, []byte("=")) {
		return false
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return false
	}
	for name, values := range form {
		for _, value := range values {
			d.text(name, []byte(value), depth+1)
		}
	}
	return true
}

func gunzip(raw []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(reader, maxBody))
}

// unbase64 accepts only what becomes JSON or gzip: a plain word is base64 too.
func unbase64(raw []byte) ([]byte, bool) {
	text := strings.NewReplacer("-", "+", "_", "/", " ", "+").Replace(strings.TrimRight(string(raw), "="))
	inner, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(inner) < 2 {
		return nil, false
	}
	isJSON := utf8.Valid(inner) && (inner[0] == '{' || inner[0] == '[')
	return inner, isJSON || bytes.HasPrefix(inner, []byte{0x1f, 0x8b, 8})
}

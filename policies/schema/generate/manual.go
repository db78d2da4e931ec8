package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/template"
)

// prose is the manual without its tables. {{top}} is the table of the outermost keys,
// {{section N PATH}} a heading of level N with the block's meaning and its table.
//
//go:embed policy.md.tmpl
var prose string

// A manual writes the tables.
type manual struct {
	*source
	written map[string]bool // blocks that have a table, by the Go name
}

// manualOf returns docs/policy.md. A block that the prose leaves out is an error.
func manualOf(s *source) ([]byte, error) {
	m := manual{s, map[string]bool{}}
	t, err := template.New("policy.md.tmpl").Funcs(template.FuncMap{"top": m.top, "section": m.section}).Parse(prose)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, nil); err != nil {
		return nil, err
	}
	var faults []error
	for _, block := range s.blocks {
		if !m.written[block.name] {
			faults = append(faults, fmt.Errorf("policy.md.tmpl has no section for policies.%s", block.name))
		}
	}
	return b.Bytes(), errors.Join(faults...)
}

func (m *manual) top() string { return m.table(m.blocks[0], "") }

func (m *manual) section(level int, path string) (string, error) {
	k, err := m.find(path)
	if err != nil {
		return "", err
	}
	block := m.byName[k.value.block()]
	if block == nil {
		return "", fmt.Errorf("%s is no block", path)
	}
	about := block.doc
	if k.value.kind != blockValue { // of many blocks: what all of them are
		about = k.meaning
	}
	return fmt.Sprintf("<a id=\"%s\"></a>\n\n%s `%s`\n\n%s\n\n%s", path, strings.Repeat("#", level), path, code(about), m.table(block, path+".")), nil
}

// find returns the key with the dotted path.
func (m *manual) find(path string) (k key, err error) {
	b := m.blocks[0]
next:
	for name := range strings.SplitSeq(path, ".") {
		if b != nil {
			for _, k = range b.keys {
				if k.name == name {
					b = m.byName[k.value.block()]
					continue next
				}
			}
		}
		return key{}, fmt.Errorf("there is no key %s", path)
	}
	return k, nil
}

// block returns the Go name of the block that the value is, or lists, or has by name.
func (v value) block() string {
	for v.of != nil {
		v = *v.of
	}
	if v.kind != blockValue {
		return ""
	}
	return v.name
}

// maxInlined is how many keys a block may have whose rows stand in the table of the
// block around it.
const maxInlined = 2

func (m *manual) table(block *block, prefix string) string {
	var b strings.Builder
	b.WriteString("| key | value | default | meaning |\n|---|---|---|---|\n")
	m.rows(&b, block, prefix, "")
	return strings.TrimSuffix(b.String(), "\n")
}

// rows writes the rows of a block whose keys have the dotted prefix; within is that
// part of it which the table shows.
func (m *manual) rows(b *strings.Builder, block *block, prefix, within string) {
	m.written[block.name] = true
	for _, k := range block.keys {
		inner := m.byName[k.value.block()]
		inlined := inner != nil && k.value.kind == blockValue && len(inner.keys) <= maxInlined
		anchor, typ := fmt.Sprintf(`<a id="%s"></a>`, prefix+k.name), m.typeOf(k.value)
		switch {
		case inlined:
			typ = "keys below"
		case inner != nil: // its heading has the anchor
			anchor, typ = "", fmt.Sprintf("[%s](#%s)", typ, prefix+k.name)
		}
		meaning := code(k.meaning)
		if k.danger != "" {
			meaning += "<br>**Danger:** " + code(k.danger)
		}
		fmt.Fprintf(b, "| %s`%s` | %s | %s | %s |\n", anchor, within+k.name, cell(typ), cell(k.defaultCell()), cell(meaning))
		if inlined {
			m.rows(b, inner, prefix+k.name+".", within+k.name+".")
		}
	}
}

func (k *key) defaultCell() string {
	switch {
	case k.required:
		return "**required**"
	case k.constant:
		return "`" + k.fallback + "`"
	case k.fallback == "":
		return "its keys' own"
	}
	return code(k.fallback)
}

// typeOf returns what a reader calls the value.
func (m *manual) typeOf(v value) string {
	switch v.kind {
	case listValue:
		return "list of " + m.plural(*v.of)
	case mapValue:
		switch v.of.kind {
		case anyValue:
			return "keys and values"
		case blockValue:
			return "blocks by name"
		}
		return m.plural(*v.of) + " by name"
	case scalarValue:
		if words := m.scalars[v.name].words; words != nil {
			return "`" + strings.Join(words, "`, `") + "`"
		}
		return syntaxes[v.name].one
	}
	return map[kind]string{
		textValue: "text", integerValue: "number", booleanValue: "`true`, `false`", anyValue: "anything", blockValue: "block",
	}[v.kind]
}

func (m *manual) plural(v value) string {
	switch v.kind {
	case textValue:
		return "texts"
	case listValue:
		return "lists of " + m.plural(*v.of)
	case blockValue:
		return "blocks"
	case scalarValue:
		return syntaxes[v.name].many
	}
	return m.typeOf(v)
}

var quoted = regexp.MustCompile(`"([^"\s]+)"`)

// code sets quoted words as code.
func code(s string) string { return quoted.ReplaceAllString(s, "`$1`") }

// cell makes text fit into a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// A source is what package policies says about the policy file.
type source struct {
	blocks  []*block           // as they are met from Policy on
	byName  map[string]*block  // by the Go name
	scalars map[string]*scalar // types that read their own text, by the Go name
}

// A block is a struct: keys with values.
type block struct {
	name string // in Go
	doc  string // whole sentences
	keys []key
}

// A key is a field of a block.
type key struct {
	name  string // in the policy file
	value value
	comment
}

// A value is the type of a key. For list and map, of is the type of the items.
type value struct {
	kind kind
	name string // of the block or scalar, in Go
	of   *value
}

type kind int

const (
	textValue kind = iota
	integerValue
	booleanValue
	anyValue
	listValue
	mapValue
	blockValue
	scalarValue
)

// A scalar is a type with UnmarshalText.
type scalar struct {
	doc   string
	words []string // of a closed set; nil for what has a syntax
}

// declarations are those of a package, by name.
type declarations struct {
	types       map[string]*ast.TypeSpec
	docs        map[string]string
	unmarshaled map[string]bool     // has UnmarshalText
	words       map[string][]string // string constants, by their type
}

// readSource reads the package in dir, without its tests.
func readSource(dir string) (*source, error) {
	sources := os.DirFS(dir)
	names, err := fs.Glob(sources, "*.go")
	if err != nil {
		return nil, err
	}
	d := declarations{map[string]*ast.TypeSpec{}, map[string]string{}, map[string]bool{}, map[string][]string{}}
	fset := token.NewFileSet()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("package policies: %w", err)
		}
		d.add(file)
	}
	return d.source()
}

func (d *declarations) add(file *ast.File) {
	for _, declared := range file.Decls {
		switch declared := declared.(type) {
		case *ast.FuncDecl:
			if declared.Name.Name == "UnmarshalText" && declared.Recv != nil {
				if star, ok := declared.Recv.List[0].Type.(*ast.StarExpr); ok {
					d.unmarshaled[fmt.Sprint(star.X)] = true
				}
			}
		case *ast.GenDecl:
			for _, spec := range declared.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					d.types[spec.Name.Name] = spec
					text := spec.Doc.Text()
					if text == "" {
						text = declared.Doc.Text()
					}
					d.docs[spec.Name.Name] = strings.Join(strings.Fields(text), " ")
				case *ast.ValueSpec:
					d.addWords(declared, spec)
				}
			}
		}
	}
}

func (d *declarations) addWords(declared *ast.GenDecl, spec *ast.ValueSpec) {
	typ, ok := spec.Type.(*ast.Ident)
	if declared.Tok != token.CONST || !ok {
		return
	}
	for _, v := range spec.Values {
		if literal, ok := v.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			word, _ := strconv.Unquote(literal.Value) // the parser has checked it
			d.words[typ.Name] = append(d.words[typ.Name], word)
		}
	}
}

// source walks from Policy through everything that its keys name, and returns every
// fault of their comments at once.
func (d *declarations) source() (*source, error) {
	s := &source{byName: map[string]*block{}, scalars: map[string]*scalar{}}
	var faults []error
	var walk func(name string)
	valueOf := func(where string, e ast.Expr) value {
		var of func(e ast.Expr) value
		of = func(e ast.Expr) value {
			switch e := e.(type) {
			case *ast.StarExpr:
				return of(e.X)
			case *ast.ArrayType:
				item := of(e.Elt)
				return value{kind: listValue, of: &item}
			case *ast.MapType:
				item := of(e.Value)
				return value{kind: mapValue, of: &item}
			case *ast.Ident:
				switch {
				case e.Name == "string":
					return value{kind: textValue}
				case e.Name == "int":
					return value{kind: integerValue}
				case e.Name == "bool":
					return value{kind: booleanValue}
				case e.Name == "any":
					return value{kind: anyValue}
				case d.unmarshaled[e.Name]:
					s.scalars[e.Name] = &scalar{withoutName(d.docs[e.Name], e.Name, ""), d.words[e.Name]}
					return value{kind: scalarValue, name: e.Name}
				}
				if spec := d.types[e.Name]; spec != nil {
					if _, ok := spec.Type.(*ast.StructType); ok {
						walk(e.Name)
						return value{kind: blockValue, name: e.Name}
					}
				}
			}
			faults = append(faults, fmt.Errorf("%s has a type that the generator does not know", where))
			return value{}
		}
		return of(e)
	}
	walk = func(name string) {
		if s.byName[name] != nil {
			return
		}
		b := &block{name: name, doc: withoutName(strings.TrimPrefix(d.docs[name], "A "), name, "")}
		s.byName[name] = b
		s.blocks = append(s.blocks, b)
		for _, field := range d.types[name].Type.(*ast.StructType).Fields.List {
			if field.Tag == nil || len(field.Names) == 0 {
				continue
			}
			tag, _ := strconv.Unquote(field.Tag.Value) // the parser has checked it
			called, _, _ := strings.Cut(reflect.StructTag(tag).Get("yaml"), ",")
			if called == "" || called == "-" {
				continue
			}
			goName := field.Names[0].Name
			where := name + "." + goName
			k := key{name: called, value: valueOf(where, field.Type)}
			var err error
			if k.comment, err = parseComment(field.Doc.Text(), goName, called); err != nil {
				faults = append(faults, fmt.Errorf("policies.%s: %w", where, err))
			} else if k.value.kind != blockValue && k.fallback == "" && !k.required {
				faults = append(faults, fmt.Errorf(`policies.%s: its comment has no sentence that begins with "Default", and no "Required."`, where))
			}
			b.keys = append(b.keys, k)
		}
	}
	if d.types["Policy"] == nil {
		return nil, errors.New("package policies has no type Policy")
	}
	walk("Policy")
	return s, errors.Join(faults...)
}

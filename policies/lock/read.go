package lock

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A Problem is one thing that is wrong with a lock file.
type Problem struct {
	File    string
	Line    int // from 1
	Column  int // from 1
	Message string
}

// Error returns FILE:LINE:COL: message.
func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Problems is all that is wrong with a lock file, in the file's order.
type Problems []Problem

// Error returns one line a problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Read is [Load] for a file's content; file names it in problems.
func Read(file string, data []byte) (*Lock, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("%s has %d bytes; a lock has at most %d", file, len(data), MaxFile)
	}
	r := reader{file: file}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		p := Problem{File: file, Line: 1, Column: 1, Message: "this is not YAML: " + strings.ReplaceAll(err.Error(), "\n", " ")}
		var loadErr *yaml.LoadError
		if errors.As(err, &loadErr) && loadErr.Mark.Line > 0 {
			p.Line, p.Column = loadErr.Mark.Line, max(loadErr.Mark.Column, 1)
		}
		return nil, Problems{p}
	}
	if len(document.Content) == 0 {
		return nil, Problems{{file, 1, 1, "the file is empty; chatproxy pin writes it"}}
	}
	l := r.lock(document.Content[0])
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return nil, r.problems
	}
	l.sort()
	return l, nil
}

type reader struct {
	file     string
	problems Problems
}

func (r *reader) problem(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.file, n.Line, n.Column, fmt.Sprintf(format, args...)})
}

// fields returns a mapping's values by key, and notes unknown keys and those that stand
// twice: YAML libraries differ in which of the two they believe.
func (r *reader) fields(n *yaml.Node, known ...string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode {
		r.problem(n, "want keys with values: %s", strings.Join(known, ", "))
		return nil
	}
	fields := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.problem(key, "a key must be plain text")
		case !slices.Contains(known, key.Value):
			r.problem(key, "unknown key %q; known are: %s", key.Value, strings.Join(known, ", "))
		case fields[key.Value] != nil:
			r.problem(key, "key %q stands twice; the first is on line %d", key.Value, fields[key.Value].Line)
		default:
			fields[key.Value] = n.Content[i+1]
		}
	}
	return fields
}

func (r *reader) lock(n *yaml.Node) *Lock {
	fields := r.fields(n, "version", "scripts")
	if fields == nil {
		return nil
	}
	if version := fields["version"]; version == nil {
		r.problem(n, "version is missing; this program reads version 1")
	} else if version.Kind != yaml.ScalarNode || version.Value != "1" {
		r.problem(version, "this program reads version 1, not %q", version.Value)
	}
	l := &Lock{}
	scripts := fields["scripts"]
	switch {
	case scripts == nil:
		r.problem(n, "scripts is missing")
		return nil
	case scripts.Kind != yaml.SequenceNode:
		r.problem(scripts, "scripts: want a list")
		return nil
	case len(scripts.Content) > MaxEntries:
		r.problem(scripts, "scripts: has %d entries; at most %d are taken", len(scripts.Content), MaxEntries)
		return nil
	}
	first := map[string]int{} // lines by identity
	for _, item := range scripts.Content {
		e := r.entry(item)
		if e == nil {
			continue
		}
		if line, twice := first[e.identity()]; twice {
			r.problem(item, "this script stands twice; the first is on line %d", line)
			continue
		}
		first[e.identity()] = item.Line
		l.Entries = append(l.Entries, *e)
	}
	return l
}

// entry reads one script; nil when something is wrong with it.
func (r *reader) entry(n *yaml.Node) *Entry {
	before := len(r.problems)
	fields := r.fields(n, "kind", "url", "page", "place", "excerpt", "module", "digest", "template", "skeleton", "open", "size", "first_seen", "note", "lines")
	if fields == nil {
		return nil
	}
	e := &Entry{}
	for _, text := range []struct {
		key   string
		value *string
	}{
		{"kind", (*string)(&e.Kind)}, {"url", &e.URL}, {"page", &e.Page}, {"place", &e.Place}, {"excerpt", &e.Excerpt},
		{"digest", &e.Digest}, {"template", &e.Template}, {"skeleton", &e.Skeleton}, {"note", &e.Note},
	} {
		r.text(fields, text.key, text.value, "!!str")
	}
	r.text(fields, "first_seen", &e.FirstSeen, "!!str", "!!timestamp") // a day without quotes is one
	if size := fields["size"]; size == nil {
		r.problem(n, "size is missing")
	} else if v, err := strconv.Atoi(size.Value); err != nil || size.Kind != yaml.ScalarNode || size.ShortTag() != "!!int" {
		r.problem(size, "size: want a number of bytes, not %q", size.Value)
	} else {
		e.Size = v
	}
	if open := fields["open"]; open != nil {
		if open.Kind != yaml.SequenceNode || len(open.Content) > maxOpen {
			r.problem(open, "open: want a list of at most %d numbers", maxOpen)
			return nil
		}
		for _, item := range open.Content {
			v, err := strconv.Atoi(item.Value)
			if err != nil || item.Kind != yaml.ScalarNode || item.ShortTag() != "!!int" {
				r.problem(item, "open: want a number, not %q", item.Value)
				break
			}
			e.Open = append(e.Open, v)
		}
	}
	if module := fields["module"]; module != nil {
		switch {
		case module.Kind == yaml.ScalarNode && module.ShortTag() == "!!bool" && module.Value == "true":
			e.Module = true
		case module.Kind == yaml.ScalarNode && module.ShortTag() == "!!bool" && module.Value == "false":
		default:
			r.problem(module, "module: want true or false")
		}
	}
	var lines string
	r.text(fields, "lines", &lines, "!!str", "!!int", "!!float")
	for _, word := range strings.Fields(lines) {
		var h LineHash
		decoded, err := base64.StdEncoding.Strict().DecodeString(word)
		if err != nil || len(decoded) != len(h) {
			r.problem(fields["lines"], "lines: want hashes of 8 characters, not %q", word)
			break
		}
		copy(h[:], decoded)
		e.Lines = append(e.Lines, h)
	}
	if len(r.problems) > before {
		return nil
	}
	for _, f := range e.check() {
		place := fields[f.key]
		if place == nil {
			place = n
		}
		r.problem(place, "%s: %s", f.key, f.message)
	}
	if len(r.problems) > before {
		return nil
	}
	return e
}

// text reads a scalar of one of the given tags.
func (r *reader) text(fields map[string]*yaml.Node, key string, value *string, tags ...string) {
	n := fields[key]
	if n == nil {
		return
	}
	if n.Kind != yaml.ScalarNode || !slices.Contains(tags, n.ShortTag()) {
		r.problem(n, "%s: want text", key)
		return
	}
	*value = n.Value
}

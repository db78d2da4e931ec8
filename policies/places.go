package policies

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// at returns the node at the dotted path, or the nearest one above it, so that a
// missing key is reported where it should have stood.
func (d *decoder) at(path string) *yaml.Node {
	for {
		if n, ok := d.places[path]; ok || path == "" {
			return n
		}
		path = above(path)
	}
}

// given reports whether the file has something at the path.
func (d *decoder) given(path string) bool { return d.places[path] != nil }

// sound reports whether all of what the file has at the path could be decoded, and
// all above it: only then can more be said about it, or about its being missing.
func (d *decoder) sound(path string) bool {
	if d.faultBelow[path] {
		return false
	}
	for ; path != ""; path = above(path) {
		if d.fault[path] {
			return false
		}
	}
	return !d.fault[""]
}

// fails notes that what the file has at the path could not be decoded.
func (d *decoder) fails(path string) {
	d.fault[path] = true
	for ; path != ""; path = above(path) {
		d.faultBelow[path] = true
	}
	d.faultBelow[""] = true
}

// above returns the path of what holds the thing at the path.
func above(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

func prefix(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

// problem notes a problem at a node.
func (d *decoder) problem(n *yaml.Node, format string, args ...any) {
	d.problems = append(d.problems, Problem{File: d.file, Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...)})
}

// problemAt notes a problem with the value at a path.
func (d *decoder) problemAt(path, format string, args ...any) {
	d.problem(d.at(path), format, args...)
}

// problemAtKey notes a problem with the key at a path.
func (d *decoder) problemAtKey(path, format string, args ...any) {
	d.problem(d.key(path), format, args...)
}

// warn notes a warning about the key at a path, or about the value where it has no
// key, like an item of a list.
func (d *decoder) warn(path, format string, args ...any) {
	n := d.key(path)
	d.warnings = append(d.warnings, Problem{File: d.file, Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...), Warning: true})
}

func (d *decoder) key(path string) *yaml.Node {
	if n, ok := d.keys[path]; ok {
		return n
	}
	return d.at(path)
}

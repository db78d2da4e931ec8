package policies

import (
	"iter"
	"reflect"
	"slices"
	"strings"
)

// nearest returns the candidate that word is most likely meant to be, or "". Of
// equally near ones it returns the first.
func nearest(word string, candidates []string) string {
	// A third of the letters may be wrong: more is another word, and for the
	// shortest of words any other would do.
	best, most := "", max(len(word)/3, 1)
	for _, c := range candidates {
		if n := len(word) - len(c); c == "" || n > most || -n > most {
			continue
		}
		d := editDistance(strings.ToLower(word), strings.ToLower(c))
		if d <= most && d < len(c) && (best == "" || d < most) {
			best, most = c, d
		}
	}
	return best
}

// didYouMean returns a hint to append to a message, or "".
func didYouMean(word string, candidates []string) string {
	if n := nearest(word, candidates); n != "" {
		return "; did you mean " + n + "?"
	}
	return ""
}

// editDistance returns how many letters have to be put in, taken out, replaced, or
// swapped with their neighbour, to get from a to b (the optimal string alignment
// distance). It takes time in proportion to the product of their lengths.
func editDistance(a, b string) int {
	from, to := []rune(a), []rune(b)
	before, last, row := make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range last {
		last[j] = j
	}
	for i := range from {
		row[0] = i + 1
		for j := range to {
			replaced := last[j]
			if from[i] != to[j] {
				replaced++
			}
			row[j+1] = min(replaced, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && from[i] == to[j-1] && from[i-1] == to[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(to)]
}

// elsewhere returns where in the policy file a key that is unknown here belongs,
// like "scripts.rules", or "" when nowhere or when there are several places. One that
// is less deep than all others is the place.
func elsewhere(key string) string {
	found, depth := "", 0
	for path := range keyPaths(reflect.TypeFor[Policy](), "") {
		if path[strings.LastIndexByte(path, '.')+1:] != key {
			continue
		}
		switch here := strings.Count(path, "."); {
		case depth == 0 || here+1 < depth:
			found, depth = path, here+1
		case here+1 == depth:
			found = ""
		}
	}
	return found
}

// keyPaths yields the paths of all keys of a struct and of the structs in it. Those
// inside lists and maps have no one path and are left out.
func keyPaths(t reflect.Type, path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for field := range keysOf(t) {
			here := join(path, field.Tag.Get("yaml"))
			if !yield(here) {
				return
			}
			if field.Type.Kind() == reflect.Struct {
				for inner := range keyPaths(field.Type, here) {
					if !yield(inner) {
						return
					}
				}
			}
		}
	}
}

// keysOf yields the fields of a struct that are keys of the file.
func keysOf(t reflect.Type) iter.Seq[reflect.StructField] {
	return func(yield func(reflect.StructField) bool) {
		for _, field := range reflect.VisibleFields(t) {
			if len(field.Index) == 1 && field.Tag.Get("yaml") != "" && !yield(field) {
				return
			}
		}
	}
}

// sortedKeys returns a map's keys in order, so that messages do not change from one
// run to the next.
func sortedKeys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

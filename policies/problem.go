package policies

import (
	"fmt"
	"slices"
	"strings"
)

// A Problem is one thing that is wrong with a policy file.
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

// Problems is all that is wrong with a policy file, in the file's order.
type Problems []Problem

// Error returns one line a problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}

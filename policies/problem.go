package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one thing that is wrong with a policy file, or looks wrong.
type Problem struct {
	File    string
	Line    int // from 1
	Column  int // from 1, in characters
	Message string
	// Warning is true for what does not keep the policy from being served.
	Warning bool
}

// Error returns FILE:LINE:COL: message, or FILE:LINE:COL: warning: message.
func (p Problem) Error() string {
	kind := ""
	if p.Warning {
		kind = "warning: "
	}
	return fmt.Sprintf("%s:%d:%d: %s%s", p.File, p.Line, p.Column, kind, p.Message)
}

// Problems is all that is wrong with a policy file, in the file's order, or with
// several, one file after the other.
type Problems []Problem

// Error returns one line a problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// sort puts the problems into the order of the policy file, and those of files that it
// names behind them.
func (ps Problems) sort(policyFile string) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		switch {
		case a.File == b.File:
			return cmp.Or(a.Line-b.Line, a.Column-b.Column)
		case a.File == policyFile:
			return -1
		case b.File == policyFile:
			return 1
		}
		return strings.Compare(a.File, b.File)
	})
}

// Warnings returns what looks wrong with the policy and does not keep it from being
// served, in the file's order.
func (p *Policy) Warnings() Problems { return slices.Clone(p.warnings) }

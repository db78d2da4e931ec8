package main

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
)

// table begins a table on the standard output.
func table(title string, columns ...string) *tabwriter.Writer {
	fmt.Printf("\n%s\n", title)
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	row(t, columns...)
	return t
}

func row(t *tabwriter.Writer, cells ...string) {
	for _, cell := range cells {
		fmt.Fprint(t, cell, "\t")
	}
	fmt.Fprintln(t)
}

// verdict says whether a goal holds.
func verdict(goal string, holds bool, format string, args ...any) {
	word := "does not hold"
	if holds {
		word = "holds"
	}
	fmt.Printf("%s: %s %s\n", goal, fmt.Sprintf(format, args...), word)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

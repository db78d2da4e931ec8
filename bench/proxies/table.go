package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// printTable prints the medians of one page.
func printTable(w io.Writer, page page, peers []peer, results map[string][]result) {
	fmt.Fprintf(w, "\n%s page, %d scripts\n", page.name, page.scripts)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\trequests/s\tmin\tmax\tof ReverseProxy\tof sub_filter\tCPU µs\tp99\t")
	for _, peer := range peers {
		rates := pick(results[peer.name], perSecond)
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.0f\t%.2f\t%.2f\t%.0f\t%s\t\n", peer.name,
			median(rates), slices.Min(rates), slices.Max(rates),
			ratio(results, peer.name, plainName), ratio(results, peer.name, subFilterName),
			median(pick(results[peer.name], cpu)), time.Duration(median(pick(results[peer.name], p99))).Round(10*time.Microsecond))
	}
	_ = t.Flush() // to stdout, as everything here
}

// goals are what chatproxy has to reach, against each peer.
var goals = []struct {
	against string
	least   float64
	says    string
	pages   []string
}{
	{plainName, 0.85, "at least 0.85 of the plain ReverseProxy", []string{"32 KiB", "32 KiB, never seen"}},
	{caddyName, 1, "ahead of Caddy", []string{"32 KiB", "32 KiB, never seen"}},
	{subFilterName, 1, "ahead of nginx sub_filter", []string{"32 KiB", "32 KiB, never seen", "1 MB"}},
}

// printVerdicts says which goals hold for the page.
func printVerdicts(w io.Writer, page page, results map[string][]result) {
	for _, goal := range goals {
		if !slices.Contains(goal.pages, page.name) {
			continue
		}
		verdict := "does not hold"
		r := ratio(results, chatproxyName, goal.against)
		if r >= goal.least {
			verdict = "holds"
		}
		fmt.Fprintf(w, "%s, %s: %.2f %s\n", page.name, goal.says, r, verdict)
	}
}

// ratio compares the medians of two peers.
func ratio(results map[string][]result, name, against string) float64 {
	return median(pick(results[name], perSecond)) / median(pick(results[against], perSecond))
}

func perSecond(r result) float64 { return r.perSecond }
func cpu(r result) float64       { return float64(r.cpu) / float64(time.Microsecond) }
func p99(r result) float64       { return float64(r.p99) }

func pick(results []result, figure func(result) float64) []float64 {
	var figures []float64
	for _, r := range results {
		figures = append(figures, figure(r))
	}
	return figures
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

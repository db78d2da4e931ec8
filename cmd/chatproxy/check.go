package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"chatproxy/csp"
	"chatproxy/policies"
	"chatproxy/policies/filters"
)

func checkCommand() *cobra.Command {
	var explainCSP bool
	cmd := &cobra.Command{
		Use:   "check [--explain-csp] FILE…",
		Short: "Check policy files, or folders of them; every problem is a line FILE:LINE:COL: message",
		Args:  cobra.MinimumNArgs(1),
		RunE: doing(func(cmd *cobra.Command, paths []string) error {
			var errs []error
			for _, path := range paths {
				sites, err := policies.LoadSites(path)
				if err != nil {
					errs = append(errs, err)
					continue
				}
				for _, site := range sites {
					for _, warning := range site.Warnings() {
						fmt.Fprintln(cmd.ErrOrStderr(), warning)
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s: ok\n", site.File)
					for _, list := range site.Scripts.Lists {
						fmt.Fprintf(cmd.OutOrStdout(), "  %s: %s\n", list, describeList(site.Scripts.ListStats(list)))
					}
					if explainCSP {
						errs = append(errs, printPolicies(cmd.OutOrStdout(), site))
					}
				}
			}
			return errors.Join(errs...)
		}),
	}
	cmd.Flags().BoolVar(&explainCSP, "explain-csp", false, "show the Content-Security-Policy that each kind of response will get")
	return cmd
}

// describeList says what a filter list holds, and what of it is not used and why.
func describeList(s filters.Stats) string {
	out := fmt.Sprintf("%d filters, %d of them exceptions; ignored: %d for the inside of a page", s.Active, s.Exceptions, s.Cosmetic)
	if s.Disabled > 0 {
		out += fmt.Sprintf(", %d taken back by badfilter", s.Disabled)
	}
	if s.Malformed > 0 {
		out += fmt.Sprintf(", %d lines that are no filter", s.Malformed)
	}
	if len(s.Inactive) == 0 {
		return out
	}
	total, options := 0, slices.SortedFunc(maps.Keys(s.Inactive), func(a, b string) int {
		return cmp.Or(s.Inactive[b]-s.Inactive[a], strings.Compare(a, b))
	})
	for i, option := range options {
		total += s.Inactive[option]
		options[i] = fmt.Sprintf("%s %d", option, s.Inactive[option])
	}
	return out + fmt.Sprintf(", %d with options that are not supported (%s)", total, strings.Join(options, ", "))
}

// printPolicies shows the policies of a site, a directive a line.
func printPolicies(w io.Writer, policy *policies.Policy) error {
	site, err := newOfflineSite(policy, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("%s: %w", policy.File, err)
	}
	defer site.Close()
	for _, p := range site.Policies() {
		fmt.Fprintf(w, "\n  %s:\n", p.Response)
		for i, one := range csp.ParseHeader([]string{p.CSP}) {
			if i > 0 {
				fmt.Fprint(w, "    and beside it, since what it imports has the nonce too:\n")
			}
			for directive := range strings.SplitSeq(one.String(), "; ") {
				fmt.Fprintf(w, "    %s\n", directive)
			}
		}
	}
	_, err = fmt.Fprintln(w)
	return err
}

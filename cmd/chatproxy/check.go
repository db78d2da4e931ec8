package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"chatproxy/policies"
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

// printPolicies shows the policies of a site, a directive a line.
func printPolicies(w io.Writer, policy *policies.Policy) error {
	site, err := newOfflineSite(policy, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("%s: %w", policy.File, err)
	}
	defer site.Close()
	for _, p := range site.Policies() {
		fmt.Fprintf(w, "\n  %s:\n", p.Response)
		for directive := range strings.SplitSeq(p.CSP, "; ") {
			fmt.Fprintf(w, "    %s\n", directive)
		}
	}
	_, err = fmt.Fprintln(w)
	return err
}

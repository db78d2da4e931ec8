package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"chatproxy/policies"
)

func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE…",
		Short: "Check policy files; every problem is a line FILE:LINE:COL: message",
		Args:  cobra.MinimumNArgs(1),
		RunE: doing(func(cmd *cobra.Command, files []string) error {
			var errs []error
			for _, file := range files {
				if _, err := policies.Load(file); err != nil {
					errs = append(errs, err)
				} else {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: ok\n", file)
				}
			}
			return errors.Join(errs...)
		}),
	}
}

// Command chatproxy stands in front of a website with an XMPP web chat.
//
// Exit codes: 0 done, 1 the answer is no or the work failed, 2 called wrongly.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "chatproxy",
		Short: "A reverse proxy that keeps third-party scripts away from a website's chat",
		// Errors are printed here, once.
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(serveCommand(), demoCommand(), checkCommand(), explainCommand(), pinCommand(), rewriteCommand(), schemaCommand(), versionCommand())
	err := root.ExecuteContext(ctx)
	var failed failure
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed):
		fmt.Fprintln(stderr, failed)
		return 1
	default: // cobra's own: unknown command, wrong flag, wrong number of arguments
		fmt.Fprintf(stderr, "chatproxy: %v\nSee chatproxy --help.\n", err)
		return 2
	}
}

// A failure is an error of a command that was called rightly.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// doing makes a command's function one whose errors are failures.
func doing(f func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := f(cmd, args); err != nil {
			return failure{err}
		}
		return nil
	}
}

// policyFlag adds the required --policy.
func policyFlag(cmd *cobra.Command) *string {
	file := cmd.Flags().String("policy", "", "the policy `FILE` (required)")
	if err := cmd.MarkFlagRequired("policy"); err != nil {
		panic(err) // the flag was defined on the line above
	}
	return file
}

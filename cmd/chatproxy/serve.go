package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/spf13/cobra"

	"chatproxy/policies"
)

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve --policy FILE",
		Short: "Run the proxy",
		Args:  cobra.NoArgs,
	}
	file := policyFlag(cmd)
	verbose := cmd.Flags().Bool("verbose", false, "log the verdict on every script")
	cmd.RunE = doing(func(cmd *cobra.Command, _ []string) error {
		return serve(cmd.Context(), *file, newLog(cmd.ErrOrStderr(), *verbose))
	})
	return cmd
}

// serve runs the policies of a file or folder until ctx ends.
func serve(ctx context.Context, file string, log *slog.Logger) error {
	boundGarbage()
	running, err := start(file, log)
	if err != nil {
		return err
	}
	for _, policy := range running.policies() {
		log.Info("site", "policy", policy.File, "hosts", policy.Site.Hosts, "upstream", policy.Site.Upstream.String(), "xmpp", policy.XMPP.Domain)
	}
	for _, address := range running.addresses {
		log.Info("listening", "address", address)
	}
	ctx, stopWatching := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { running.watch(ctx) })
	watching.Go(func() { giveBack(ctx) })
	defer watching.Wait()
	defer stopWatching()
	select {
	case <-ctx.Done():
		log.Info("stopping")
		return running.stop()
	case err := <-running.failed:
		_ = running.stop() // the first error is the one to tell
		return fmt.Errorf("a listener ended: %w", err)
	}
}

func logWarnings(log *slog.Logger, all []*policies.Policy) {
	for _, policy := range all {
		for _, warning := range policy.Warnings() {
			log.Warn("policy", "at", fmt.Sprintf("%s:%d:%d", warning.File, warning.Line, warning.Column), "warning", warning.Message)
		}
	}
}

func newLog(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

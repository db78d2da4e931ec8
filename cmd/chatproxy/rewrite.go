package main

import (
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"chatproxy/csp"
	"chatproxy/policies"
)

func rewriteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rewrite --policy FILE [--url URL] [--nonce N] [FILE]",
		Short: "Print a page as the proxy would send it",
		Args:  cobra.MaximumNArgs(1),
	}
	file := policyFlag(cmd)
	page := cmd.Flags().String("url", "", "the page's `URL`; default: the root of the policy's first host")
	nonce := cmd.Flags().String("nonce", "", "the nonce `N` to grant; default: a fresh one")
	cmd.RunE = doing(func(cmd *cobra.Command, args []string) error {
		policy, err := policies.Load(*file)
		if err != nil {
			return err
		}
		u, err := pageURL(policy, *page)
		if err != nil {
			return err
		}
		n := csp.NewNonce()
		if *nonce != "" {
			if n, err = csp.ParseNonce(*nonce); err != nil {
				return err
			}
		}
		in := cmd.InOrStdin()
		if len(args) == 1 && args[0] != "-" {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			in = f
		}
		site, err := newOfflineSite(policy, newLog(cmd.ErrOrStderr(), false))
		if err != nil {
			return err
		}
		rewritten, err := site.Rewrite(u, n, in)
		if err != nil {
			return err
		}
		_, err = io.Copy(cmd.OutOrStdout(), rewritten)
		return err
	})
	return cmd
}

func pageURL(policy *policies.Policy, s string) (*url.URL, error) {
	if s == "" {
		host := "localhost"
		if len(policy.Site.Hosts) > 0 {
			host = policy.Site.Hosts[0]
		}
		scheme := "http"
		if policy.TLS.Certificate != "" {
			scheme = "https"
		}
		return &url.URL{Scheme: scheme, Host: host, Path: "/"}, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--url %q is not an http or https URL", s)
	}
	return u, nil
}

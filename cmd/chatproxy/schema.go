package main

import (
	"github.com/spf13/cobra"

	"chatproxy/policies/schema"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the policy file",
		Long: `Print the JSON Schema (2020-12) of the policy file.

With it an editor completes keys, shows what they mean and underlines mistakes. In
editors that use yaml-language-server (VS Code, Neovim, Helix, Emacs and others) save
it beside the policy,

  chatproxy schema > .policy.schema.json

and make this the policy's first line:

  # yaml-language-server: $schema=.policy.schema.json

The schema does not take the place of chatproxy check, which also finds what
contradicts itself and files that cannot be read.`,
		Args: cobra.NoArgs,
		RunE: doing(func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(schema.JSON)
			return err
		}),
	}
}

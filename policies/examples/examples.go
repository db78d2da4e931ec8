// Package examples holds policy files to begin with. docs/policy.md says for whom each
// is.
package examples

import "embed"

// FS has the example policies, NAME.yaml each.
//
//go:embed *.yaml
var FS embed.FS

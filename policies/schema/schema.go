// Package schema is the JSON Schema of the policy file, made from the comments of
// package policies. Package main in generate/ makes it and docs/policy.md; both are
// committed, `go generate` makes them anew and a test fails when they are stale.
package schema

import _ "embed"

//go:generate go run ./generate

// JSON is the schema (JSON Schema 2020-12), with a line feed at its end. It refuses
// nothing that the loader takes, but for numbers, truth values and closed sets of
// words that come out of environment variables. The loader refuses more: what
// contradicts itself, and files that cannot be read.
//
//go:embed policy.schema.json
var JSON []byte

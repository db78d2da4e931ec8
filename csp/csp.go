// Package csp writes and reads Content-Security-Policies (CSP3). It is the only
// package of chatproxy that builds a policy: the proxy asks it for the policy of
// a page, of a compartment or of a response under which nothing may run, and for
// an upstream's own policies with our nonce added.
//
// The names are those of https://www.w3.org/TR/CSP3/.
package csp

// Header field names, CSP3 §3.
const (
	Header           = "Content-Security-Policy"
	HeaderReportOnly = "Content-Security-Policy-Report-Only"
)

package csp

// A Worker says what the policy of a worker has to allow: that of its script's own
// response (HTML §10.2.4), since a worker from the network inherits none.
type Worker struct {
	// Sources are where its scripts may come from: importScripts, imports, and workers
	// that it starts. Nothing in them has a nonce.
	Sources []Source
	// Origin is the site's own.
	Origin string
	// ReportURI is the path that violation reports go to; empty for none.
	ReportURI string
}

// Policy returns the policy. On a response that becomes no worker it means nothing.
// WebAssembly may be compiled: it does nothing that the worker could not do itself.
func (w Worker) Policy() Policy {
	p := Policy{}.With("script-src", append(Page{Origin: w.Origin}.expressions(w.Sources), "'wasm-unsafe-eval'")...)
	if w.ReportURI != "" {
		p = p.With("report-uri", w.ReportURI)
	}
	return p
}

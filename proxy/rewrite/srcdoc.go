package rewrite

import (
	"bytes"

	"chatproxy/csp"
)

// inner is what rewriting the srcdoc documents of a page needs.
type inner struct {
	Rewriter
	out bytes.Buffer
}

// srcdoc rewrites the document in an <iframe srcdoc> by the rules of the page. It
// has the page's origin and inherits the page's policy, nonce and all (CSP3 §7.8).
// This is done once: a srcdoc inside of it is left as it is, and nothing in there
// has the nonce. No guard stands in it, so what would be isolated is stripped.
//
// A nonce in here can be read by a style sheet's selectors, which the nonce attribute
// of an element cannot (CWE-200): only a page with a script in a srcdoc that the
// policy allows has one, and where the chat stands the style policy lets no injected
// style sheet in (decision 0007).
func (r *Rewriter) srcdoc(tok []byte) {
	a := r.tag.find(tok, "srcdoc")
	if r.outer != nil || r.Observe {
		return
	}
	if r.inner == nil {
		r.inner = &inner{}
	}
	document := r.value(tok, a)
	options := Options{Nonce: r.Nonce, Decide: r.Decide, Report: r.Report}
	if r.tree.doubts != certain {
		options.Nonce = csp.Nonce{}
	}
	in := r.inner
	in.out.Reset()
	in.Reset(&in.out, options)
	in.outer, in.headDone = r, true
	// Neither fails: out takes all that it is given.
	_, _ = in.Write(document)
	_ = in.Close()
	if !bytes.Equal(in.out.Bytes(), document) {
		r.tag.replace(a, in.out.Bytes())
	}
}

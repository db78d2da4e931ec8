package rewrite

import "bytes"

// inner is what rewriting the srcdoc documents of a page needs.
type inner struct {
	Rewriter
	out bytes.Buffer
}

// reset forgets the last document.
func (in *inner) reset() {
	in.Reset(nil, Options{})
	if in.out.Reset(); in.out.Cap() > maxHeld {
		in.out = bytes.Buffer{}
	}
}

// srcdoc rewrites the document in an <iframe srcdoc> by the rules of the page. It
// has the page's origin and inherits the page's policy (CSP3 §7.8). This is done
// once: a srcdoc inside of it is left as it is.
//
// Nothing in it is granted the nonce, which is the page's. Selectors of a style sheet
// read it in the attribute's text, and in Firefox and WebKit even on the elements
// inside; in a sandboxed frame <noscript> is markup, and a byte order mark that a
// character reference stands for is none to us (CWE-200). So scripts of a srcdoc do
// not run. What would be isolated is stripped, for no guard stands there.
func (r *Rewriter) srcdoc(tok []byte) {
	a := r.tag.find(tok, "srcdoc")
	if r.outer != nil || r.Observe {
		return
	}
	if r.inner == nil {
		r.inner = &inner{}
	}
	document := r.value(tok, a)
	in := r.inner
	in.out.Reset()
	in.Reset(&in.out, Options{Decide: r.Decide})
	in.outer, in.headDone = r, true
	// Neither fails: out takes all that it is given.
	_, _ = in.Write(document)
	_ = in.Close()
	if !bytes.Equal(in.out.Bytes(), document) {
		r.tag.replace(a, in.out.Bytes())
	}
}

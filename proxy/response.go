package proxy

import (
	"errors"
	"io"
	"net/http"

	"chatproxy/policies"
	"chatproxy/proxy/rewrite"
)

// decode undoes the content coding of a page and its text encoding.
func (s *Site) decode(x *exchange, res *http.Response) error {
	if !s.rewrites(x, res) {
		return nil
	}
	decoded, err := newDecoder(x.coding, res.Body)
	if err != nil {
		return err
	}
	text, err := toUTF8(decoded, x.charset)
	if err != nil {
		return err
	}
	res.Body = readCloser{text, decoded.Close}
	return nil
}

// rewriteBody puts the rewriter between the page and the client.
func (s *Site) rewriteBody(x *exchange, res *http.Response) error {
	if !s.rewrites(x, res) {
		return nil
	}
	text, err := s.rewritten(x, res.Body)
	if err != nil {
		return err
	}
	upstream := res.Body
	if x.whole {
		all, err := text.All()
		if err != nil {
			return errors.Join(err, text.Close())
		}
		x.length = int64(len(all))
		s.remember(x, res, all)
	}
	res.Body = readCloser{text, func() error {
		// The upstream first: a read that waits for it ends, and lets go of text.
		return errors.Join(upstream.Close(), text.Close())
	}}
	return nil
}

// rewritten returns the page that src holds, UTF-8, as it is to be sent.
func (s *Site) rewritten(x *exchange, src io.Reader) (*rewrite.Reader, error) {
	head, err := s.head(x)
	if err != nil {
		return nil, err
	}
	j := s.newJudge(x)
	return rewrite.NewReader(src, rewrite.Options{
		Nonce:   x.nonce,
		Head:    head,
		Observe: x.mode == policies.ModeReportOnly,
		Decide:  j.decide,
		Report:  j.report,
	}), nil
}

// encode compresses a rewritten page as the upstream had it; the upstream was
// only offered codings that the client reads.
func (s *Site) encode(x *exchange, res *http.Response) error {
	if !s.rewrites(x, res) || x.coding == "" {
		return nil
	}
	body, err := encodeBody(x.coding, res.Body)
	if err != nil {
		return err
	}
	res.Body = body
	return nil
}

// rewrites reports whether the response has a body that goes through the rewriter.
// One that was recalled has been through it before.
func (s *Site) rewrites(x *exchange, res *http.Response) bool {
	return x.kind == page && !x.recalled && res.Request.Method != http.MethodHead && !bodiless(res.StatusCode)
}

func bodiless(status int) bool {
	return status < 200 || status == http.StatusNoContent || status == http.StatusNotModified
}

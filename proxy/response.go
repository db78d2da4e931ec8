package proxy

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"io"
	"net/http"
	"slices"

	"chatproxy/csp"
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
	res.Body = readCloser{text, res.Body.Close}
	return nil
}

// rewritten returns the page that src holds, UTF-8, as it is to be sent.
func (s *Site) rewritten(x *exchange, src io.Reader) (io.Reader, error) {
	head, err := s.head(x)
	if err != nil {
		return nil, err
	}
	trusted := csp.Nonces(x.upstream)
	return rewrite.NewReader(src, rewrite.Options{
		Nonce:       x.nonce,
		Head:        head,
		Observe:     x.mode == policies.ModeReportOnly,
		Decide:      func(script rewrite.Script) rewrite.Action { return s.decide(x, trusted, script) },
		TrustsNonce: func(nonce string) bool { return nonce != "" && slices.Contains(trusted, nonce) },
		Report: func(e rewrite.Event) {
			s.log.Warn("page", "request", x.id, "path", x.page.Path, "line", e.Line, "column", e.Column, "reason", e.Reason)
		},
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
func (s *Site) rewrites(x *exchange, res *http.Response) bool {
	return x.kind == page && res.Request.Method != http.MethodHead && !bodiless(res.StatusCode)
}

func bodiless(status int) bool {
	return status < 200 || status == http.StatusNoContent || status == http.StatusNotModified
}

// decide asks the policy about a script of the page.
func (s *Site) decide(x *exchange, trusted []string, script rewrite.Script) rewrite.Action {
	asked := policies.Script{
		Page:         policies.OriginOf(x.page),
		Inline:       script.Kind == rewrite.Inline,
		TrustedNonce: script.Nonce != "" && slices.Contains(trusted, script.Nonce),
	}
	if asked.Inline {
		asked.Digests = digests(script.Text)
	} else if u, certain, err := policies.ResolveScriptURL(x.page, script.Src); err == nil {
		asked.URL, asked.Certain = u, certain
	}
	decision := s.policy.Scripts.Decide(asked)
	s.log.Debug("script", "request", x.id, "line", script.Line, "column", script.Column,
		"kind", script.Kind, "verdict", decision.Verdict, "rule", decision.Rule)
	action := rewrite.Action{Compartment: decision.Compartment}
	switch decision.Verdict {
	case policies.Allow:
		action.Do = rewrite.Allow
	case policies.Isolate:
		action.Do = rewrite.Isolate
	default:
		action.Do = rewrite.Strip
	}
	return action
}

// digests returns the CSP hashes of an inline script, CSP3 §6.7.2.2.
func digests(text string) []policies.Digest {
	s256, s384, s512 := sha256.Sum256([]byte(text)), sha512.Sum384([]byte(text)), sha512.Sum512([]byte(text))
	encode := base64.StdEncoding.EncodeToString
	return []policies.Digest{
		policies.Digest("sha256-" + encode(s256[:])),
		policies.Digest("sha384-" + encode(s384[:])),
		policies.Digest("sha512-" + encode(s512[:])),
	}
}

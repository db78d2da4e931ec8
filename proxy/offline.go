package proxy

import (
	"io"
	"net/url"

	"chatproxy/csp"
)

// Rewrite returns a page that did not come from the upstream as the site would
// send it, UTF-8, for the command line. It trusts no upstream nonce.
func (s *Site) Rewrite(pageURL *url.URL, nonce csp.Nonce, src io.Reader) (io.Reader, error) {
	x := &exchange{id: "offline", page: pageURL, mode: s.mode(pageURL), nonce: nonce, kind: page}
	x.chat = s.chat != nil && s.policy.HasChat(pageURL.Path)
	if x.mode == modeOff {
		return src, nil
	}
	text, err := toUTF8(src, "")
	if err != nil {
		return nil, err
	}
	return s.rewritten(x, text)
}

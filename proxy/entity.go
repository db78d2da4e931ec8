package proxy

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// staleAfterRewriting are the fields that describe the body as the upstream sent it.
var staleAfterRewriting = []string{
	"Content-Length", "Etag", "Last-Modified", "Accept-Ranges", "Content-Md5", "Digest", "Content-Digest",
	"Repr-Digest", "Signature", "Signature-Input", "Trailer",
}

// fixEntityHeaders makes the fields true again for a page that was rewritten, or,
// for HEAD, would be.
func (s *Site) fixEntityHeaders(x *exchange, res *http.Response) error {
	if x.kind != page {
		if x.kind == document && x.fetched != navigation {
			// The same URL may be navigated to; that is another response.
			res.Header.Add("Vary", "Sec-Fetch-Dest")
		}
		return nil
	}
	h := res.Header
	for _, name := range staleAfterRewriting {
		h.Del(name)
	}
	res.Trailer = nil
	res.ContentLength = -1
	if x.whole {
		res.ContentLength = x.length
		h.Set("Content-Length", strconv.FormatInt(x.length, 10))
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h["Cache-Control"] = []string{unshared(h.Values("Cache-Control"))}
	h.Add("Vary", "Sec-Fetch-Dest")
	for _, name := range []string{"Surrogate-Control", "Cdn-Cache-Control"} {
		h.Del(name)
	}
	return nil
}

// unshared returns the directives of a Cache-Control field without those that let
// a shared cache keep the response: a nonce that two visitors get is no secret
// (CWE-524). The browser's own cache keeps header and page together.
func unshared(values []string) string {
	shared := []string{"public", "s-maxage", "proxy-revalidate", "private", "immutable"}
	kept := []string{"private"}
	for directive := range strings.SplitSeq(strings.Join(values, ","), ",") {
		directive = strings.TrimSpace(directive)
		name, _, _ := strings.Cut(strings.ToLower(directive), "=")
		if directive != "" && !slices.Contains(shared, name) {
			kept = append(kept, directive)
		}
	}
	return strings.Join(kept, ", ")
}

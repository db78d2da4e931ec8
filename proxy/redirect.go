package proxy

import (
	"errors"
	"fmt"
	"net/http"

	"chatproxy/policies"
)

var errRedirected = errors.New("a script that may run in the page is redirected")

// refuseRedirect refuses a redirect of a script that a rule may allow by its path, to
// another origin or to a path that is not allowed everywhere: the browser would run what comes
// from there in the page, under the name that was allowed. A site with an open
// redirect anywhere under an allowed path would let everybody in (CWE-601).
//
// It goes by Sec-Fetch-Dest, which every browser of the last years sends and no
// script can set. A compartment's script may go where it likes: its request does not
// say "same-origin".
func (s *Site) refuseRedirect(x *exchange, res *http.Response) error {
	locations := res.Header.Values("Location")
	if x.fetched != script || len(locations) == 0 || res.StatusCode < 300 || res.StatusCode > 399 {
		return nil
	}
	if site := res.Request.Header.Get("Sec-Fetch-Site"); site != "same-origin" && site != "same-site" && site != "" {
		return nil
	}
	scripts, page := &s.policy.Scripts, policies.NewPageURL(x.page)
	var from, to policies.ScriptURL
	if from.Resolve(page, []byte(x.page.String())) != nil || !scripts.MayAllow(&from) {
		return nil
	}
	// Of several fields it is not known which one the browser follows.
	if len(locations) == 1 && to.Resolve(page, []byte(locations[0])) == nil && string(to.Origin()) == string(from.Origin()) && scripts.SurelyAllows(&to) {
		return nil
	}
	return fmt.Errorf("%w: %s to %q", errRedirected, x.page.Path, locations)
}

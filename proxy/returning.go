package proxy

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"chatproxy/browser"
	"chatproxy/csp"
	"chatproxy/policies"
)

// strangerMarker is the query parameter, always the last, of a request that a frame
// without an origin has made again. It is taken off before the upstream sees it.
const strangerMarker = "chatproxy-stranger"

// againPath is the address that the page which asks again gives itself, so the referrer of
// the second request. Its query has the names of the cookies of the first.
const againPath = browser.Prefix + "again"

// returning tells a frame that a log-in elsewhere sends back to the site from one that a
// compartment's script sends there (location.href = "/delete?yes"). Both are foreign, both
// name the site's page as their referrer or none; and with the second Firefox sends cookies
// without SameSite, and WebKit all (CWE-352). So the first answer is a page of ours that
// asks again, and only the frame itself knows: with the site's origin it asks as the
// site's own, without one it stays foreign, and gets what a stranger gets.
//
// What comes again has no more than what came first: a foreign frame may leave its
// referrer out, and would gain cookies that are SameSite, and the look of the site's own.
func (s *Site) returning(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		if x.mode == modeOff {
			next.ServeHTTP(w, r)
			return
		}
		query, marked := cutStranger(r.URL.RawQuery)
		foreign := mayBeReturning(r)
		names, again := firstCookies(r)
		switch {
		case marked:
			// Whoever puts it there only loses what the request has.
			x.foreign = foreign
			r = r.Clone(r.Context())
			r.URL.RawQuery = query
		case foreign:
			s.askAgain(w, r)
			return
		case again:
			r = r.Clone(r.Context())
			keepCookies(r.Header, names)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Del("Referer")
		}
		next.ServeHTTP(w, r)
	})
}

// firstCookies returns the names of the cookies that the request had the first time, and
// whether this is the second.
func firstCookies(r *http.Request) (names []string, again bool) {
	u, err := url.Parse(r.Header.Get("Referer"))
	if err != nil || u.Path != againPath || policies.OriginOf(u) != Origin(r) {
		return nil, false
	}
	return u.Query()["had"], true
}

// cookieName returns the name of one cookie of a Cookie field.
func cookieName(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	return strings.TrimSpace(name)
}

// cookiePairs returns the cookies of a request, as they stand.
func cookiePairs(h http.Header) []string {
	return strings.Split(strings.Join(h.Values("Cookie"), ";"), ";")
}

// keepCookies takes out the cookies with other names.
func keepCookies(h http.Header, names []string) {
	kept := slices.DeleteFunc(cookiePairs(h), func(pair string) bool { return !slices.Contains(names, cookieName(pair)) })
	h.Del("Cookie")
	if len(kept) > 0 {
		h.Set("Cookie", strings.TrimSpace(strings.Join(kept, ";")))
	}
}

// mayBeReturning reports whether r is such a navigation of a frame. With another method
// browsers say which origin it has.
func mayBeReturning(r *http.Request) bool {
	h := r.Header
	if h.Get("Sec-Fetch-Site") != "cross-site" || h.Get("Sec-Fetch-Mode") != "navigate" || h.Get("Origin") != "" ||
		r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	switch h.Get("Sec-Fetch-Dest") {
	case "iframe", "frame", "object", "embed":
		return namesNoOther(r)
	}
	return false
}

// askAgain answers with the page that makes the request again. It changes its own address
// first: to the same address with a fragment (of an OpenID answer) it would only scroll.
// In a frame without scripts there is a link.
func (s *Site) askAgain(w http.ResponseWriter, r *http.Request) {
	had := url.Values{}
	for _, pair := range cookiePairs(r.Header) {
		had.Add("had", cookieName(pair))
	}
	h := w.Header()
	s.writeFixedHeaders(h)
	h.Set(csp.Header, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; script-src 'sha256-"+againDigest+"'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	_ = againPage.Execute(w, map[string]string{ // the client went away
		"Stranger": strangersAddress(r), "Again": againPath + "?" + had.Encode(),
	})
}

const againScript = `const { href, hash } = location, [stranger, again] = document.links;
if (origin === "null") location.replace(stranger.href + hash);
else { history.replaceState(null, "", again.href); location.replace(href); }`

var againPage = template.Must(template.New("again").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>One moment</title></head>
<body><a href="{{.Stranger}}" hidden></a><a href="{{.Again}}" hidden></a><noscript><a href="{{.Stranger}}">Continue</a></noscript><script>` + againScript + `</script></body></html>
`))

var againDigest = func() string {
	sum := sha256.Sum256([]byte(againScript))
	return base64.StdEncoding.EncodeToString(sum[:])
}()

// strangersAddress returns the address of r on this host with the marker.
func strangersAddress(r *http.Request) string {
	query := strangerMarker + "="
	if r.URL.RawQuery != "" {
		query = r.URL.RawQuery + "&" + query
	}
	return onThisHost(r.URL, query)
}

// cutStranger takes the marker off a query.
func cutStranger(query string) (before string, found bool) {
	before, found = strings.CutSuffix(query, strangerMarker+"=")
	if !found || before != "" && !strings.HasSuffix(before, "&") {
		return query, false
	}
	return strings.TrimSuffix(before, "&"), true
}

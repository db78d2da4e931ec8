package proxy

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"

	"chatproxy/csp"
	"chatproxy/policies"
)

// An exchange is what one request and its response know: built once when the
// request arrives, filled in by the steps, never shared with another.
type exchange struct {
	// From the request.
	id      string     // request id, for logs and error pages
	address netip.Addr // the client's
	page    *url.URL   // the request's URL as the browser sees it
	mode    policies.Mode
	chat    bool // the page gets the chat
	nonce   csp.Nonce
	fetched fetch
	webKit  bool // the browser's engine is Safari's
	foreign bool // it may come from a compartment: no credentials

	// From the response.
	kind           kind
	upstream       []csp.Policy // the upstream's own policies, enforced
	upstreamReport []csp.Policy // the upstream's own policies, report-only
	coding         string       // content coding of the upstream's body, "" for none
	charset        string       // encoding of a page's text, as the header names it
	whole          bool         // all of the page has come
	gathered       []byte       // a whole page, until its body is closed
	recalled       bool         // it was rewritten before
	eventful       bool         // something of it was reported
	length         int64        // of a whole page, rewritten
}

// kind is what a response is to the browser, by its media type.
type kind int

const (
	// data cannot run scripts as a document: images, style sheets, JSON.
	data kind = iota
	// document can run scripts and is not rewritten: SVG, XHTML, a type nobody
	// knows, an HTML page that cannot be read. It gets no grant.
	document
	// page is HTML that is rewritten.
	page
)

// fetch is what the browser says the request is for (Fetch Metadata).
type fetch int

const (
	navigation fetch = iota // a document, or an old browser that does not say
	subresource
	script // the browser will run it
)

type exchangeKey struct{}

func withExchange(r *http.Request, x *exchange) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
}

// exchangeOf returns the exchange that [Site.identify] put into the request.
func exchangeOf(r *http.Request) *exchange {
	return r.Context().Value(exchangeKey{}).(*exchange)
}

// ClientAddress returns the address of the client that sent r, as far as the
// trusted proxies tell it. It is for handlers that run behind a [Site].
func ClientAddress(r *http.Request) string { return exchangeOf(r).address.String() }

// Secure reports whether the client's own connection is encrypted, here or at a
// trusted proxy.
func Secure(r *http.Request) bool { return exchangeOf(r).page.Scheme == "https" }

// Origin returns the site's own origin, as the request's page has it.
func Origin(r *http.Request) string { return policies.OriginOf(exchangeOf(r).page) }

// SameOrigin reports whether the request comes from a page of the site's own
// origin. A request without Origin, or with "null" as compartments send it, does
// not (CWE-346).
//
// Origin alone is not enough: WebKit 2.50 puts the document's own origin on a
// sendBeacon from a sandboxed frame, whose origin is opaque. It tells the truth in
// Sec-Fetch-Site, which no script can set.
func SameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return false
	}
	origin := r.Header.Get("Origin")
	return origin != "null" && origin == Origin(r)
}

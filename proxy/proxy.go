// Package proxy is the site's reverse proxy: it takes every request of the site
// through one pipeline, which stands in pipeline.go.
package proxy

import (
	"log"
	"log/slog"
	"net/http"

	"chatproxy/browser"
	"chatproxy/csp"
	"chatproxy/policies"
	"chatproxy/proxy/upstream"
)

// Options say what a [Site] is made of.
type Options struct {
	// Policy is the site's. Required.
	Policy *policies.Policy
	// Chat is what the guard needs to start the chat, and ChatFiles serves the
	// client's files. Both nil: no page gets the chat.
	Chat      *browser.Chat
	ChatFiles http.Handler
	// Endpoints are handlers by path that stand beside the upstream's pages:
	// BOSH, WebSocket, host-meta. They see requests that were identified; see
	// [ClientAddress], [Secure] and [SameOrigin].
	Endpoints map[string]http.Handler
	// Replaces is the site in whose place this one comes: what it has seen of the
	// upstream stays known. Default: none.
	Replaces *Site
	// Log gets what an operator wants to know. Default: nothing is logged.
	Log *slog.Logger
}

// A Site is the handler of one site.
type Site struct {
	policy       *policies.Policy
	memo         *policies.Memo // of what the policy's rules decided
	chat         *browser.Chat
	chatFiles    http.Handler
	endpoints    map[string]http.Handler
	guards       [2][2]guard        // by observing and by chat
	pagePolicies [2][2]csp.Template // by chat and by nonces of the upstream
	noGrants     string             // the policy of a response with no nonce in it
	sources      []csp.Source       // of scripts that may run in the page
	fixed        http.Header        // of every response
	transport    *upstream.Transport
	roundTripper http.RoundTripper // transport, or what stands around it
	buffers      *buffers
	log          *slog.Logger
	errorLog     *log.Logger
	handler      http.Handler
	events       events
	nonces       *sightings // of the upstream
	changed      *sightings // inline scripts that are not pinned
	repeats      repeats    // pages that came before
	reported     reported[violation]
}

// New returns the handler of a site.
func New(o Options) *Site {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Site{
		policy:    o.Policy,
		memo:      policies.NewMemo(&o.Policy.Scripts),
		chat:      o.Chat,
		chatFiles: o.ChatFiles,
		endpoints: o.Endpoints,
		fixed:     newFixedHeaders(),
		transport: upstream.New(o.Policy.Site.Upstream.URL, upstream.Options{ReadBuffer: gatherSize}),
		buffers:   newBuffers(),
		nonces:    new(sightings),
		changed:   new(sightings),
		log:       o.Log,
		errorLog:  slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	if o.Replaces != nil {
		s.nonces = o.Replaces.nonces
	}
	s.roundTripper = s.transport
	s.prepareGuards()
	s.preparePolicies()
	s.handler = s.routes()
	return s
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close lets go of the connections to the upstream: of the idle ones now, of the others
// when their requests are done. A site that has been replaced goes on answering those.
func (s *Site) Close() { s.transport.Close() }

// Package proxy is the site's reverse proxy: it takes every request of the site
// through one pipeline, which stands in pipeline.go.
package proxy

import (
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/unrolled/secure"

	"chatproxy/browser"
	"chatproxy/csp"
	"chatproxy/policies"
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
	guards       [2][2]guard     // by observing and by chat
	pagePolicies [2]csp.Template // by chat
	noGrants     string          // the policy of a response with no nonce in it
	secure       *secure.Secure
	transport    *http.Transport
	roundTripper http.RoundTripper // transport, or what stands around it
	buffers      *buffers
	log          *slog.Logger
	errorLog     *log.Logger
	handler      http.Handler
	events       events
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
		secure: secure.New(secure.Options{
			ContentTypeNosniff:      true,
			ReferrerPolicy:          "strict-origin-when-cross-origin",
			CrossOriginOpenerPolicy: "same-origin-allow-popups",
		}),
		transport: newTransport(),
		buffers:   newBuffers(),
		log:       o.Log,
		errorLog:  slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	s.roundTripper = s.transport
	s.prepareGuards()
	s.preparePolicies()
	s.handler = s.routes()
	return s
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close lets go of the connections to the upstream that are idle.
func (s *Site) Close() { s.transport.CloseIdleConnections() }

// newTransport returns the upstream's leg: no proxy from the environment, no
// decoding behind our back, a deadline for every phase.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  60 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    64,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true,
		// A page of usual size comes in with its header in one read.
		ReadBufferSize:    gatherSize,
		ForceAttemptHTTP2: true,
	}
}

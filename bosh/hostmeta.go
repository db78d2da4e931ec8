package bosh

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// HostMeta tells clients where the two transports are (XEP-0156).
type HostMeta struct {
	// Origin is the site's public origin, "https://chat.example.com".
	// Default: the scheme by which the request came and its Host header.
	// Danger of the default: it repeats what the client wrote, so the caller
	// must have checked Host against the site's names.
	Origin string

	// Secure reports whether a request came over TLS, for the default
	// Origin. Default: r.TLS != nil.
	Secure func(*http.Request) bool

	// BOSH and WebSocket are paths, "/http-bind" and "/xmpp-websocket". An
	// empty one is not announced.
	BOSH, WebSocket string

	// Upstream asks the site's own server for its document, of which all is
	// kept but links to endpoints like ours. It gets a GET whose URL has only a
	// path, and whose Host is the client's. Default: there is no other document.
	Upstream http.RoundTripper
}

// Link relations of XEP-0156 §3.
const (
	relBOSH      = "urn:xmpp:alt-connections:xbosh"
	relWebSocket = "urn:xmpp:alt-connections:websocket"
)

type link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

func (h HostMeta) secure(r *http.Request) bool {
	if h.Secure != nil {
		return h.Secure(r)
	}
	return r.TLS != nil
}

// links lists the endpoints. There is one link of a kind, because Converse
// takes the last.
func (h HostMeta) links(r *http.Request) []link {
	origin := strings.TrimSuffix(h.Origin, "/")
	if origin == "" {
		origin = "http://" + r.Host
		if h.secure(r) {
			origin = "https://" + r.Host
		}
	}
	links := []link{}
	if h.BOSH != "" {
		links = append(links, link{relBOSH, origin + h.BOSH})
	}
	if h.WebSocket != "" {
		// http becomes ws, https becomes wss
		links = append(links, link{relWebSocket, "ws" + strings.TrimPrefix(origin, "http") + h.WebSocket})
	}
	return links
}

// XRD serves /.well-known/host-meta.
func (h HostMeta) XRD() http.Handler {
	return hostMetaHandler("application/xrd+xml; charset=utf-8", func(r *http.Request) []byte {
		links := h.links(r)
		if document, ok := mergeXRD(h.fetch(r, "/.well-known/host-meta"), links); ok {
			return document
		}
		return []byte("<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='" + nsXRD + "'>\n" + xrdLinks(links) + "</XRD>\n")
	})
}

// JSON serves /.well-known/host-meta.json.
func (h HostMeta) JSON() http.Handler {
	return hostMetaHandler("application/json; charset=utf-8", func(r *http.Request) []byte {
		links := h.links(r)
		if document, ok := mergeJRD(h.fetch(r, "/.well-known/host-meta.json"), links); ok {
			return document
		}
		b, err := json.Marshal(map[string][]link{"links": links})
		if err != nil { // not possible: only strings
			return []byte("{}")
		}
		return append(b, '\n')
	})
}

func hostMetaHandler(contentType string, document func(*http.Request) []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Everybody may read it (XEP-0156 §4); it is the same for all.
		w.Header().Set("Access-Control-Allow-Origin", "*")
		// A browser runs scripts of any XML document that it is led to, and
		// parts of this one may be the upstream's (CWE-79).
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			refuse(w, http.StatusMethodNotAllowed, "only GET")
			return
		}
		response{http.StatusOK, document(r)}.write(w, contentType, 15*time.Second)
	})
}

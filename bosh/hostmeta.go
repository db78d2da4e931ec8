package bosh

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"chatproxy/xmpp"
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

// links lists the endpoints. There is one link of a kind, because Converse
// takes the last.
func (h HostMeta) links(r *http.Request) []link {
	origin := strings.TrimSuffix(h.Origin, "/")
	if origin == "" {
		secure := r.TLS != nil
		if h.Secure != nil {
			secure = h.Secure(r)
		}
		origin = "http://" + r.Host
		if secure {
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
		var b strings.Builder
		b.WriteString("<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n")
		for _, l := range h.links(r) {
			b.WriteString("  <Link rel=\"" + l.Rel + "\" href=\"" + xmpp.Escape(l.Href) + "\"/>\n")
		}
		b.WriteString("</XRD>\n")
		return []byte(b.String())
	})
}

// JSON serves /.well-known/host-meta.json.
func (h HostMeta) JSON() http.Handler {
	return hostMetaHandler("application/json; charset=utf-8", func(r *http.Request) []byte {
		b, err := json.Marshal(map[string][]link{"links": h.links(r)})
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
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			refuse(w, http.StatusMethodNotAllowed, "only GET")
			return
		}
		response{http.StatusOK, document(r)}.write(w, contentType, 15*time.Second)
	})
}

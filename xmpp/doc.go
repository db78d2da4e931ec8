// Package xmpp is RFC 6120's client-to-server XML stream as a proxy sees it:
// it dials a server, secures the connection, and carries stanzas as bytes.
//
// Nothing here builds a document tree. A [Stream] splits what the server
// sends into stanzas, each of which stands alone: every namespace that it
// inherited from the stream header is declared again on it, so it can be put
// into a BOSH <body/> or a WebSocket message as it is. [SplitBody] and
// [SplitMessage] hold what a client sends to the same rules before any of it
// reaches the server.
package xmpp

// Namespaces that a proxy has to know.
const (
	NSClient   = "jabber:client"
	NSStream   = "http://etherx.jabber.org/streams"
	NSFraming  = "urn:ietf:params:xml:ns:xmpp-framing" // RFC 7395
	NSHTTPBind = "http://jabber.org/protocol/httpbind" // XEP-0124

	nsTLS             = "urn:ietf:params:xml:ns:xmpp-tls"
	nsStreamErrors    = "urn:ietf:params:xml:ns:xmpp-streams"
	nsCompress        = "http://jabber.org/protocol/compress" // XEP-0138
	nsCompressFeature = "http://jabber.org/features/compress" // XEP-0138
	nsXML             = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS           = "http://www.w3.org/2000/xmlns/"
)

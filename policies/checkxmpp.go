package policies

// checkServer checks how the XMPP server is reached.
func (d *decoder) checkServer(x *XMPP) {
	if d.has("xmpp.tls") && d.sound("xmpp.server") && x.TLS == StreamAuto && x.Server != "" {
		d.problemAt("xmpp.tls", "tls: auto goes by the domain's SRV records, and xmpp.server says not to look: write starttls or direct")
	}
	if d.sound("xmpp.proxy_protocol") && x.ProxyProtocol && x.BOSH.Upstream.URL != nil && x.WebSocket.Upstream.URL != nil {
		d.problemAt("xmpp.proxy_protocol", "there is no stream of our own that could begin with the PROXY protocol: bosh and websocket both have an upstream")
	}
	d.checkEndpoint("xmpp.bosh.upstream", x.BOSH.Upstream, "http", "https")
	d.checkBOSH(x)
	d.checkEndpoint("xmpp.websocket.upstream", x.WebSocket.Upstream, "ws", "wss")
}

// checkEndpoint checks the URL of a server's own endpoint.
func (d *decoder) checkEndpoint(path string, e EndpointURL, plain, secure string) {
	if !d.has(path) {
		return
	}
	switch e.Scheme {
	case plain:
		if !isLoopbackHost(e.Hostname()) {
			d.problemAt(path, "%s sends passwords in the clear and is only for a server on loopback: write %s", plain, secure)
		}
	case secure:
	default:
		d.problemAt(path, "%s is not a URL with %s or %s", d.text(path), secure, plain)
	}
}

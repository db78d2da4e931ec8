package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"chatproxy/bosh"
	"chatproxy/browser"
	"chatproxy/chat"
	"chatproxy/policies"
	"chatproxy/proxy"
	"chatproxy/proxy/downstream"
	"chatproxy/xmpp"
)

// newSite joins what one policy is made of: the bridge and the chat client, which
// know nothing of each other, and the proxy around them. It comes in the place of old,
// which may be nil.
func newSite(policy *policies.Policy, bridge *bosh.Bridge, old *proxy.Site, log *slog.Logger) (*proxy.Site, error) {
	client, err := chat.Open(policy.Chat.Client)
	if err != nil {
		return nil, err
	}
	endpoints := map[string]http.Handler{}
	var paths chat.Endpoints
	if policy.XMPP.BOSH.On() {
		paths.BOSH = policy.XMPP.BOSH.Path
		endpoints[paths.BOSH] = bridge.BOSH
	}
	if policy.XMPP.WebSocket.On() {
		paths.WebSocket = policy.XMPP.WebSocket.Path
		endpoints[paths.WebSocket] = bridge.WebSocket
	}
	hostMeta := bosh.HostMeta{Secure: proxy.Secure, BOSH: paths.BOSH, WebSocket: paths.WebSocket,
		Upstream: newSiteServer(policy.Site.Upstream.URL)}
	endpoints["/.well-known/host-meta"] = hostMeta.XRD()
	endpoints["/.well-known/host-meta.json"] = hostMeta.JSON()

	var config *browser.Chat
	if paths != (chat.Endpoints{}) {
		if config, err = client.Config(policy.XMPP.Domain, policy.Chat.Settings, paths); err != nil {
			return nil, err
		}
	}
	return proxy.New(proxy.Options{Policy: policy, Chat: config, ChatFiles: client, Endpoints: endpoints, Replaces: old, Log: log}), nil
}

// newOfflineSite is newSite for a command that serves nothing.
func newOfflineSite(policy *policies.Policy, log *slog.Logger) (*proxy.Site, error) {
	bridge, err := newBridge(policy, log)
	if err != nil {
		return nil, err
	}
	return newSite(policy, bridge, nil, log)
}

// newBridge makes the connection manager to the policy's XMPP server.
func newBridge(policy *policies.Policy, log *slog.Logger) (*bosh.Bridge, error) {
	pool, err := caPool(policy.XMPP.CA)
	if err != nil {
		return nil, fmt.Errorf("xmpp.ca: %w", err)
	}
	dialer := &xmpp.Dialer{
		Domain:           policy.XMPP.Domain,
		Server:           policy.XMPP.Server,
		Security:         securities[policy.XMPP.TLS],
		RootCAs:          pool,
		ProxyProtocol:    policy.XMPP.ProxyProtocol,
		ConnectTimeout:   time.Duration(policy.XMPP.ConnectTimeout),
		HandshakeTimeout: time.Duration(policy.XMPP.HandshakeTimeout),
	}
	stanzas, err := stanzaPolicy(policy)
	if err != nil {
		return nil, err
	}
	return bosh.New(bosh.Options{
		Domain:        policy.XMPP.Domain,
		Dial:          dialer.Dial,
		AllowOrigin:   allowOrigin(policy.XMPP.Origins),
		ClientAddress: proxy.ClientAddress,
		Secure:        proxy.Secure,
		Resume:        downstream.GiveBack,
		Through:       through(policy, pool),
		FormerDomains: policy.XMPP.BOSH.FormerDomains,
		SeeOtherURI:   policy.XMPP.BOSH.SeeOtherURI,
		Compress:      policy.XMPP.BOSH.Compress,
		Limits:        bridgeLimits(policy),
		Stanzas:       stanzas,
		Drain:         bosh.Drain{Spread: time.Duration(policy.XMPP.Drain.Spread), SeeOtherURI: policy.XMPP.Drain.SeeOtherURI},
		Log:           log,
	})
}

var securities = map[policies.StreamTLS]xmpp.Security{
	policies.StreamStartTLS: xmpp.StartTLS,
	policies.StreamDirect:   xmpp.DirectTLS,
	policies.StreamAuto:     xmpp.Auto,
	policies.StreamNone:     xmpp.Plain,
}

// caPool reads the authorities of a file in PEM; nil, the system's, without a file.
func caPool(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New(file + " holds no certificate in PEM")
	}
	return pool, nil
}

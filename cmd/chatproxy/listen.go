package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"chatproxy/bosh"
	"chatproxy/console"
	"chatproxy/policies"
	"chatproxy/proxy"
)

const (
	// readHeaderTimeout is how long a client may take over a request's header
	// (slowloris, CWE-400).
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	// drain is how long requests that are under way may take when the program ends.
	drain = 10 * time.Second
)

// running is a proxy with its listeners open.
type running struct {
	addresses []string // of the site's listeners
	failed    chan error
	servers   []*http.Server
	bridge    *bosh.Bridge
	site      *proxy.Site
}

// start opens the listeners of the policy and serves them.
func start(policy *policies.Policy, log *slog.Logger) (_ *running, err error) {
	site, bridge, err := newSite(policy, log)
	if err != nil {
		return nil, err
	}
	r := &running{failed: make(chan error, len(policy.Listen)+1), bridge: bridge, site: site}
	defer func() {
		if err != nil {
			_ = r.stop() // the error that stopped the start is the one to tell
		}
	}()
	var config *tls.Config
	if policy.TLS.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(policy.TLS.Certificate, policy.TLS.Key)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		config = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	for _, address := range policy.Listen {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
		r.addresses = append(r.addresses, listener.Addr().String())
		if config != nil {
			listener = tls.NewListener(listener, config)
		}
		r.serve(listener, site, int(policy.Limits.Header), log)
	}
	if policy.Console != "" {
		listener, err := net.Listen("tcp", policy.Console)
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		r.serve(listener, console.New(), 8<<10, log)
	}
	return r, nil
}

func (r *running) serve(listener net.Listener, handler http.Handler, maxHeader int, log *slog.Logger) {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	r.servers = append(r.servers, server)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			r.failed <- err
		}
	}()
}

// stop ends the chat sessions, lets requests that are under way finish, and closes
// the listeners.
func (r *running) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	errs := []error{r.bridge.Close(ctx)}
	for _, server := range r.servers {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, server.Close())
		}
	}
	r.site.Close()
	return errors.Join(errs...)
}

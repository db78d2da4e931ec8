package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"chatproxy/console"
	"chatproxy/policies"
	"chatproxy/proxy/downstream"
)

const (
	// readHeaderTimeout is how long a client may take over a request's header
	// (slowloris, CWE-400).
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
)

// running is a proxy with its listeners open.
type running struct {
	sites
	addresses   []string // of the sites' listeners
	failed      chan error
	servers     []*http.Server
	certificate atomic.Pointer[tls.Certificate]
}

// start serves the sites of a policy file or folder, on the listeners that they share.
func start(file string, log *slog.Logger) (_ *running, err error) {
	r := &running{}
	r.sites.file, r.sites.log = file, log
	policies, err := r.load()
	if err != nil {
		return nil, err
	}
	shared := policies[0] // they agree on it
	r.failed = make(chan error, len(shared.Listen)+1)
	defer func() {
		if err != nil {
			_ = r.stop() // the error that stopped the start is the one to tell
		}
	}()
	if err := r.use(policies); err != nil {
		return nil, err
	}
	for _, address := range shared.Listen {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
		r.addresses = append(r.addresses, listener.Addr().String())
		listener = downstream.Listen(listener)
		if shared.TLS.Certificate != "" {
			listener = tls.NewListener(listener, &tls.Config{
				GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return r.certificate.Load(), nil },
				MinVersion:     tls.VersionTLS12,
				NextProtos:     []string{"h2", "http/1.1"},
			})
		}
		r.serve(downstream.Resume(listener), &r.handler, int(shared.Limits.Header))
	}
	if shared.Console != "" {
		listener, err := net.Listen("tcp", shared.Console)
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		r.serve(listener, console.New(r.status), 8<<10)
	}
	return r, nil
}

func (r *running) serve(listener net.Listener, handler http.Handler, maxHeader int) {
	server := &http.Server{
		Handler:           handler,
		BaseContext:       downstream.WithListener,
		ConnContext:       downstream.WithConn,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(r.log.Handler(), slog.LevelWarn),
	}
	r.servers = append(r.servers, server)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			r.failed <- err
		}
	}()
}

// use serves the sites of these policies from now on. When one of them cannot be
// made, all stays as it was.
func (r *running) use(all []*policies.Policy) error {
	var certificate *tls.Certificate
	if shared := all[0]; shared.TLS.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(shared.TLS.Certificate, shared.TLS.Key)
		if err != nil {
			return fmt.Errorf("tls: %w", err)
		}
		certificate = &pair
	}
	if err := r.sites.use(all); err != nil {
		return err
	}
	if certificate != nil {
		r.certificate.Store(certificate)
	}
	return nil
}

// stop closes the listeners, so that the next process can open them, lets the chat
// clients go, and lets requests that are under way finish.
func (r *running) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), r.drainTime())
	defer cancel()
	errs := make([]error, len(r.servers))
	var closing sync.WaitGroup
	for i, server := range r.servers {
		closing.Go(func() {
			// This closes the listener at once, and then waits.
			if err := server.Shutdown(ctx); err != nil {
				errs[i] = server.Close()
			}
		})
	}
	errs = append(errs, r.closeBridges(ctx))
	closing.Wait()
	r.closeSites()
	return errors.Join(errs...)
}

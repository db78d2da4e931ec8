// Package ejabberd runs Debian's ejabberd as a child process, for tests that
// want a second real XMPP server beside Prosody.
//
// It is started as a plain Erlang program, not as the system's service: its
// configuration, database, certificate and logs are in one folder, it listens
// on loopback, and its node has no name, so there is no cookie and no epmd.
package ejabberd

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrNotInstalled is returned by [Start] when there is no ejabberd or no Erlang.
var ErrNotInstalled = errors.New("ejabberd is not installed (Debian package: ejabberd)")

// Config says what to run. The zero value is a server for localhost without
// accounts.
type Config struct {
	// Domain is the one virtual host. Default: localhost.
	Domain string

	// Accounts maps the local part of an address to its password.
	Accounts map[string]string

	// HTTP adds the server's own endpoints, /http-bind and /xmpp-websocket, at
	// HTTPAddr.
	HTTP bool

	// StartTimeout bounds the time until the server answers. Default: 60 s.
	StartTimeout time.Duration
}

// Server is a running ejabberd. Its methods may be called from any goroutine.
type Server struct {
	// CA holds the authority that signed the server's certificate.
	CA *x509.CertPool

	dir    string
	domain string
	addr   string
	http   string

	cmd    *exec.Cmd
	exited chan struct{} // closed after Wait returned
	stop   sync.Once
}

// Addr is the host:port for clients that use STARTTLS (which is required).
func (s *Server) Addr() string { return s.addr }

// HTTPAddr is the host:port of the server's own endpoints over plain HTTP, if
// Config.HTTP asked for them.
func (s *Server) HTTPAddr() string { return s.http }

// CAFile is the certificate of CA as a PEM file, for as long as the server runs.
func (s *Server) CAFile() string { return filepath.Join(s.dir, "ca.pem") }

// Domain is the XMPP domain that the server serves.
func (s *Server) Domain() string { return s.domain }

// Log returns the last lines of the server's log, at most 4 KiB.
func (s *Server) Log() string { return tail(s.dir) }

// Start runs a server and returns when it accepts clients and has its
// accounts. ctx bounds the start only; the server runs until [Server.Stop].
func Start(ctx context.Context, cfg Config) (*Server, error) {
	erl, err := exec.LookPath("erl")
	libraries, _ := filepath.Glob("/usr/lib/*/ejabberd-*/ebin/ejabberd.app") // its pattern is right
	if err != nil || len(libraries) == 0 {
		return nil, ErrNotInstalled
	}
	if cfg.Domain == "" {
		cfg.Domain = "localhost"
	}
	if cfg.StartTimeout <= 0 {
		cfg.StartTimeout = 60 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.StartTimeout)
	defer cancel()
	root := filepath.Dir(filepath.Dir(filepath.Dir(libraries[0])))

	// The port is picked here and may be taken by someone else before the
	// server binds it: then try another.
	for attempt := 1; ; attempt++ {
		s, err := start(ctx, erl, root, cfg)
		if err == nil {
			return s, nil
		}
		if attempt == 3 || !errors.Is(err, errPortTaken) {
			return nil, fmt.Errorf("starting ejabberd: %w", err)
		}
	}
}

var errPortTaken = errors.New("the port was taken by another process")

func start(ctx context.Context, erl, root string, cfg Config) (_ *Server, err error) {
	s := &Server{domain: cfg.Domain, exited: make(chan struct{})}
	if s.dir, err = os.MkdirTemp("", "chatproxy-ejabberd-"); err != nil {
		return nil, fmt.Errorf("making its folder: %w", err)
	}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	if s.addr, err = freeAddress(); err != nil {
		return nil, fmt.Errorf("finding a free port: %w", err)
	}
	if cfg.HTTP {
		if s.http, err = freeAddress(); err != nil {
			return nil, fmt.Errorf("finding a free port: %w", err)
		}
	}
	if s.CA, err = writeFiles(s.dir, cfg, s.addr, s.http); err != nil {
		return nil, fmt.Errorf("writing its files: %w", err)
	}
	output, err := os.Create(filepath.Join(s.dir, "output.log"))
	if err != nil {
		return nil, fmt.Errorf("creating its log: %w", err)
	}
	defer output.Close()
	// Not CommandContext: ctx bounds the start, not the life of the server.
	s.cmd = exec.Command(erl, "-noinput", "-mnesia", "dir", `"`+filepath.Join(s.dir, "database")+`"`,
		"-s", "ejabberd", "-eval", makeAccounts)
	s.cmd.Dir = s.dir
	s.cmd.Env = append(os.Environ(),
		"HOME="+s.dir,
		"ERL_LIBS="+root,
		"ERL_CRASH_DUMP_BYTES=0",
		"EJABBERD_CONFIG_PATH="+filepath.Join(s.dir, "ejabberd.yml"),
		"EJABBERD_LOG_PATH="+filepath.Join(s.dir, "ejabberd.log"),
		"CONTRIB_MODULES_PATH="+filepath.Join(s.dir, "modules"),
		"CONTRIB_MODULES_CONF_DIR="+filepath.Join(s.dir, "modules"))
	s.cmd.Stdout, s.cmd.Stderr = output, output
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return nil, fmt.Errorf("running %s: %w", erl, err)
	}
	go func() {
		defer close(s.exited)
		_ = s.cmd.Wait() // the exit status is of no interest once it is gone
	}()
	if err := s.waitReady(ctx); err != nil {
		if strings.Contains(tail(s.dir), "eaddrinuse") {
			err = errPortTaken
		}
		return nil, fmt.Errorf("%w; end of its log:\n%s", err, tail(s.dir))
	}
	return s, nil
}

// Stop ends the process that Start began, waits until it is gone, and
// removes its folder. Further calls do nothing.
func (s *Server) Stop() {
	s.stop.Do(func() {
		if s.cmd != nil {
			_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
			select {
			case <-s.exited:
			case <-time.After(10 * time.Second):
				_ = s.cmd.Process.Kill()
				<-s.exited
			}
		}
		_ = os.RemoveAll(s.dir)
	})
}

// waitReady returns when the accounts are made and the port is open, or the
// server has exited, or ctx is done.
func (s *Server) waitReady(ctx context.Context) error {
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		said, err := os.ReadFile(filepath.Join(s.dir, "output.log"))
		if err != nil {
			return err
		}
		if bytes.Contains(said, []byte(accountsMade)) {
			// It says so after ejabberd has started, and its listeners with it.
			var d net.Dialer
			conn, err := d.DialContext(ctx, "tcp", s.addr)
			if err == nil {
				return conn.Close()
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it was not ready in time: %w", context.Cause(ctx))
		case <-s.exited:
			return errors.New("it exited")
		case <-retry.C:
		}
	}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// tail returns the end of the server's output, which its log is part of.
func tail(dir string) string {
	b, _ := os.ReadFile(filepath.Join(dir, "output.log")) // absent: nothing was said
	const most = 4 << 10
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return string(bytes.TrimSpace(b))
}

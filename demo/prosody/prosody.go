// Package prosody runs Debian's Prosody as a child process: the XMPP server
// of the demo and of the tests that want a real one.
//
// Everything lives in one folder and on loopback ports; no file under
// /etc/prosody or /var/lib/prosody is read or written. The server's
// certificate is made at start and is known only to [Server.CA].
package prosody

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrNotInstalled is returned by [Start] when no prosody binary is in PATH.
var ErrNotInstalled = errors.New("prosody is not installed (Debian package: prosody)")

// Config says what to run. The zero value is a server for localhost without
// accounts.
type Config struct {
	// Dir holds configuration, data, certificate and log. It must be empty
	// or absent. Default: a new temporary folder, removed by Stop; a folder
	// given here is kept.
	Dir string

	// Domain is the one virtual host. Default: localhost.
	Domain string

	// Accounts maps the local part of an address to its password, which is
	// stored in plain text in Dir: use it for demonstrations only.
	Accounts map[string]string

	// Groups maps a roster group's name to the local parts of its members,
	// who see each other with subscription "both". Default: one group,
	// "Everyone", of all accounts.
	Groups map[string][]string

	// Rooms adds a group chat service at conference.<Domain>.
	Rooms bool

	// HTTP adds the server's own endpoints, /http-bind and /xmpp-websocket, at
	// HTTPAddr.
	HTTP bool

	// StartTimeout bounds the time until the server answers. Default: 20 s.
	StartTimeout time.Duration
}

// Server is a running Prosody. Its methods may be called from any goroutine,
// except for [Server.Restart].
type Server struct {
	// CA holds the certificate that the server presents for its domain.
	CA *x509.CertPool

	dir       string
	removeDir bool
	domain    string
	addr      string
	directTLS string
	http      string

	binary  string
	timeout time.Duration // of a start

	cmd    *exec.Cmd
	exited chan struct{} // closed after Wait returned
	stop   sync.Once
}

// Addr is the host:port for clients that use STARTTLS (which is required).
func (s *Server) Addr() string { return s.addr }

// DirectTLSAddr is the host:port for clients that begin with TLS (XEP-0368).
func (s *Server) DirectTLSAddr() string { return s.directTLS }

// HTTPAddr is the host:port of the server's own endpoints over plain HTTP, if
// Config.HTTP asked for them.
func (s *Server) HTTPAddr() string { return s.http }

// CAFile is the certificate of CA as a PEM file, for as long as the server runs.
func (s *Server) CAFile() string { return filepath.Join(s.dir, "cert.pem") }

// Domain is the XMPP domain that the server serves.
func (s *Server) Domain() string { return s.domain }

// Log returns the last lines of the server's log, at most 4 KiB.
func (s *Server) Log() string { return tail(s.dir) }

// Start runs a server and returns when it has sent its stream features.
// ctx bounds the start only; the server runs until [Server.Stop]. An error
// carries the last lines of the server's log.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	binary, err := exec.LookPath("prosody")
	if err != nil {
		return nil, ErrNotInstalled
	}
	if cfg.Domain == "" {
		cfg.Domain = "localhost"
	}
	if cfg.StartTimeout <= 0 {
		cfg.StartTimeout = 20 * time.Second
	}
	if cfg.Groups == nil {
		cfg.Groups = map[string][]string{"Everyone": slices.Sorted(maps.Keys(cfg.Accounts))}
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.StartTimeout)
	defer cancel()

	// Prosody cannot listen on port 0, so a port is picked here and may be
	// taken by someone else before Prosody binds it: then try another.
	for attempt := 1; ; attempt++ {
		s, err := start(ctx, binary, cfg)
		if err == nil {
			return s, nil
		}
		if attempt == 3 || !errors.Is(err, errPortTaken) {
			return nil, fmt.Errorf("starting prosody: %w", err)
		}
	}
}

var errPortTaken = errors.New("the port was taken by another process")

func start(ctx context.Context, binary string, cfg Config) (_ *Server, err error) {
	s := &Server{dir: cfg.Dir, domain: cfg.Domain, binary: binary, timeout: cfg.StartTimeout}
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "chatproxy-prosody-"); err != nil {
			return nil, fmt.Errorf("making its folder: %w", err)
		}
		s.removeDir = true
	}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return nil, fmt.Errorf("resolving its folder: %w", err)
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, fmt.Errorf("finding free ports: %w", err)
	}
	s.addr, s.directTLS, s.http = ports[0], ports[1], ports[2]
	if s.CA, err = writeFiles(s.dir, cfg, ports); err != nil {
		return nil, fmt.Errorf("writing its files: %w", err)
	}

	if err := s.launch(ctx); err != nil {
		if strings.Contains(tail(s.dir), "in use") {
			err = errPortTaken
		}
		return nil, fmt.Errorf("%w; end of its log:\n%s", err, tail(s.dir))
	}
	return s, nil
}

// launch runs the server on the files in its folder.
func (s *Server) launch(ctx context.Context) error {
	output, err := os.OpenFile(filepath.Join(s.dir, "output.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("creating its log: %w", err)
	}
	defer output.Close()
	// Not CommandContext: ctx bounds the start, not the life of the server.
	cmd := exec.Command(s.binary, "-F", "--config", filepath.Join(s.dir, "prosody.cfg.lua"))
	cmd.Dir = s.dir
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("running %s: %w", s.binary, err)
	}
	exited := make(chan struct{})
	s.cmd, s.exited = cmd, exited
	go func() {
		defer close(exited)
		_ = cmd.Wait() // the exit status is of no interest once it is gone
	}()
	return s.waitReady(ctx)
}

// Restart ends the server and starts it again at the same addresses, with its
// certificate, its accounts and what it had stored; sessions are lost, as they are
// in any restart. It must not run beside another call.
func (s *Server) Restart(ctx context.Context) error {
	s.end()
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.launch(ctx); err != nil {
		return fmt.Errorf("starting prosody again: %w; end of its log:\n%s", err, tail(s.dir))
	}
	return nil
}

// Stop ends the process that Start began, waits until it is gone, and
// removes the folder if Start made it. Further calls do nothing.
func (s *Server) Stop() {
	s.stop.Do(func() {
		s.end()
		if s.removeDir {
			_ = os.RemoveAll(s.dir)
		}
	})
}

// end ends the process, if there is one, and waits until it is gone.
func (s *Server) end() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
	select {
	case <-s.exited:
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}

// waitReady returns when the server has answered a stream header with
// features, or has exited, or ctx is done.
func (s *Server) waitReady(ctx context.Context) error {
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		err := probe(ctx, s.addr, s.domain)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it did not answer in time (%w), last: %w", context.Cause(ctx), err)
		case <-s.exited:
			return errors.New("it exited")
		case <-retry.C:
		}
	}
}

// probe opens a stream and reads up to its features.
func probe(ctx context.Context, addr, domain string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	_, err = fmt.Fprintf(conn, "<stream:stream to='%s' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", domain)
	if err != nil {
		return err
	}
	var got []byte
	chunk := make([]byte, 2048)
	for len(got) < 16<<10 {
		n, err := conn.Read(chunk)
		got = append(got, chunk[:n]...)
		if strings.Contains(string(got), "</stream:features>") {
			_, err := conn.Write([]byte("</stream:stream>"))
			return err
		}
		if err != nil {
			return fmt.Errorf("no stream features: %w", err)
		}
	}
	return errors.New("no stream features in 16 KiB")
}

// freePorts returns n different loopback addresses that were free just now.
func freePorts(n int) ([]string, error) {
	var addrs []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}

// tail returns the end of the server's output and log.
func tail(dir string) string {
	var all []byte
	for _, name := range []string{"output.log", "prosody.log"} {
		b, _ := os.ReadFile(filepath.Join(dir, name)) // absent: nothing was logged
		all = append(all, b...)
	}
	const most = 4 << 10
	if len(all) > most {
		all = all[len(all)-most:]
	}
	return strings.TrimSpace(string(all))
}

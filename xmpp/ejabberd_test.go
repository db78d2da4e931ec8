package xmpp

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ejabberd runs Debian's ejabberd in a folder of its own, without Erlang's
// distribution, so that it meets no other node. It listens with the PROXY
// protocol, for STARTTLS and for direct TLS.
type ejabberd struct{ startTLS, directTLS, log string }

func startEjabberd(t *testing.T, domain string, cert tls.Certificate) *ejabberd {
	t.Helper()
	dir := t.TempDir()
	e := &ejabberd{log: filepath.Join(dir, "ejabberd.log")}
	var listeners []net.Listener // open together, so that the ports differ
	for _, address := range []*string{&e.startTLS, &e.directTLS} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		*address = l.Addr().String()
		listeners = append(listeners, l)
	}
	for _, l := range listeners {
		l.Close()
	}
	port := func(address string) string { _, p, _ := net.SplitHostPort(address); return p }
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	certFile := write("cert.pem", append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})...))
	config := write("ejabberd.yml", fmt.Appendf(nil, `hosts: [%q]
loglevel: info
certfiles: [%q]
listen:
  - {port: %s, ip: "127.0.0.1", module: ejabberd_c2s, use_proxy_protocol: true, starttls_required: true}
  - {port: %s, ip: "127.0.0.1", module: ejabberd_c2s, use_proxy_protocol: true, tls: true}
modules: {}
`, domain, certFile, port(e.startTLS), port(e.directTLS)))
	cmd := exec.Command("erl", "-noshell", "-noinput", "-mnesia", "dir", `"`+filepath.Join(dir, "db")+`"`, "-s", "ejabberd")
	cmd.Env = append(os.Environ(), "HOME="+dir, "EJABBERD_CONFIG_PATH="+config, "EJABBERD_LOG_PATH="+e.log,
		"ERL_LIBS=/usr/lib/x86_64-linux-gnu", "ERL_CRASH_DUMP=/dev/null")
	var output bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatalf("ejabberd (Debian package ejabberd): %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
		if t.Failed() {
			t.Logf("ejabberd said:\n%s", output.String())
		}
	})
	e.logged(t, "connections at "+e.startTLS)
	e.logged(t, "connections at "+e.directTLS)
	return e
}

// logged waits until the log has the text.
func (e *ejabberd) logged(t *testing.T, text string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		if log, err := os.ReadFile(e.log); err == nil && strings.Contains(string(log), text) {
			return
		}
		time.Sleep(10 * time.Millisecond) // a file cannot be waited for
	}
	t.Fatalf("ejabberd did not log %q", text)
}

// ejabberd believes the header: it logs the client's address as its peer's,
// and goes on with STARTTLS or TLS.
func TestEjabberdLearnsTheClient(t *testing.T) {
	cert, pool := certificate(t, "a.example")
	e := startEjabberd(t, "a.example", cert)
	for _, test := range []struct {
		security       Security
		server, client string
	}{
		{StartTLS, e.startTLS, "203.0.113.7:40000"},
		{DirectTLS, e.directTLS, "203.0.113.8:40001"},
		{StartTLS, e.startTLS, "[2001:db8::7]:40002"},
	} {
		d := &Dialer{Domain: "a.example", RootCAs: pool, Server: test.server, Security: test.security, ProxyProtocol: true}
		s, err := d.Dial(WithClient(t.Context(), netip.MustParseAddrPort(test.client)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Open(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"stream", "features"} {
			if st, err := s.Next(t.Context()); err != nil || !st.Is(NSStream, want) {
				t.Fatalf("got %v, %v, want %s", st.Name, err, want)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		e.logged(t, "Accepted proxied connection "+test.client+" -> ")
	}
	// Without the header there is no stream: nobody can leave the address out.
	d := &Dialer{Domain: "a.example", RootCAs: pool, Server: e.startTLS}
	if s, err := d.Dial(t.Context()); err == nil {
		s.Abort()
		t.Error("ejabberd took a connection without header")
	}
}

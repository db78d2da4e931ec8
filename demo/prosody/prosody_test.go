package prosody_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"chatproxy/demo/prosody"
)

func TestStartServesTheDomainAndStopLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "server")
	srv, err := prosody.Start(t.Context(), prosody.Config{
		Dir:      dir,
		Domain:   "chat.example",
		Accounts: map[string]string{"ann": `quote " backslash \ end`, "bob": "b"},
		Rooms:    true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Stop()

	conn, err := tls.Dial("tcp", srv.DirectTLSAddr(), &tls.Config{
		RootCAs: srv.CA, ServerName: "chat.example", NextProtos: []string{"xmpp-client"}})
	if err != nil {
		t.Fatalf("direct TLS for the domain: %v\n%s", err, srv.Log())
	}
	conn.Close()

	srv.Stop()
	srv.Stop() // does nothing
	if c, err := net.Dial("tcp", srv.Addr()); err == nil {
		c.Close()
		t.Error("the server still listens after Stop")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the caller's folder was removed: %v", err)
	}
}

// After a restart the server is where it was, and is believed to be the same.
func TestRestart(t *testing.T) {
	srv, err := prosody.Start(t.Context(), prosody.Config{Domain: "chat.example"})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Stop()
	old, err := net.Dial("tcp", srv.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := srv.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := old.Read(make([]byte, 1)); err == nil {
		t.Errorf("the connection to the server before says %d bytes more", n)
	}
	conn, err := tls.Dial("tcp", srv.DirectTLSAddr(), &tls.Config{
		RootCAs: srv.CA, ServerName: "chat.example", NextProtos: []string{"xmpp-client"}})
	if err != nil {
		t.Fatalf("after the restart: %v\n%s", err, srv.Log())
	}
	conn.Close()
}

func TestStopRemovesTheFolderItMade(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	srv, err := prosody.Start(t.Context(), prosody.Config{})
	if err != nil {
		t.Fatal(err)
	}
	srv.Stop()
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := prosody.Start(ctx, prosody.Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestStartWithoutProsody(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := prosody.Start(t.Context(), prosody.Config{}); !errors.Is(err, prosody.ErrNotInstalled) {
		t.Errorf("got %v, want ErrNotInstalled", err)
	}
}

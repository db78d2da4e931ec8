package ejabberd_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatproxy/integration/servers/ejabberd"
	"chatproxy/xmpp"
)

// The server has the accounts that it was given, and nothing of it is left
// after Stop.
func TestStartServesTheDomainAndStopLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	server, err := ejabberd.Start(t.Context(), ejabberd.Config{
		Domain:   "chat.example",
		Accounts: map[string]string{"ann": `quote " backslash \ end >>`},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()

	dialer := &xmpp.Dialer{Domain: "chat.example", Server: server.Addr(), RootCAs: server.CA}
	stream, err := dialer.Dial(t.Context())
	if err != nil {
		t.Fatalf("STARTTLS for the domain: %v\n%s", err, server.Log())
	}
	if err := stream.Open(t.Context(), "en"); err != nil {
		t.Fatal(err)
	}
	var features string
	for !strings.Contains(features, "SCRAM-SHA-1") {
		st, err := stream.Next(t.Context())
		if err != nil {
			t.Fatalf("no features: %v; so far %s", err, features)
		}
		features += string(st.XML)
	}
	stream.Abort()

	server.Stop()
	server.Stop() // does nothing
	if c, err := net.Dial("tcp", server.Addr()); err == nil {
		c.Close()
		t.Error("the server still listens after Stop")
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ejabberd.Start(ctx, ejabberd.Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestStartWithoutErlang(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := ejabberd.Start(t.Context(), ejabberd.Config{}); !errors.Is(err, ejabberd.ErrNotInstalled) {
		t.Errorf("got %v, want ErrNotInstalled", err)
	}
}

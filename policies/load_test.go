package policies

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const smallest = "version: 1\nsite: {upstream: http://127.0.0.1:3000}\nxmpp: {domain: example.com}\n"

func TestTheSmallestFileGetsItsDefaults(t *testing.T) {
	p, err := Parse("p.yaml", []byte(smallest))
	if err != nil {
		t.Fatal(err)
	}
	if p.Scripts.Default != Isolate || p.Scripts.Inline != Strip || p.XMPP.TLS != StreamAuto ||
		p.Listen[0] != "127.0.0.1:8080" || p.Limits.Body != 10<<20 || p.XMPP.BOSH.Path != "/http-bind" ||
		!p.XMPP.WebSocket.On() || p.Mode("/x") != ModeEnforce || !p.HasChat("/x") {
		t.Errorf("unexpected defaults: %+v", p)
	}
}

// Without records to choose by there is nothing to choose.
func TestStreamTLSFollowsServer(t *testing.T) {
	p, err := Parse("p.yaml", []byte(strings.Replace(smallest, "example.com", "example.com, server: 'b.example:5222'", 1)))
	if err != nil || p.XMPP.TLS != StreamStartTLS || time.Duration(p.XMPP.ConnectTimeout) != 10*time.Second {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestSyntaxErrorsHaveTheirPlace(t *testing.T) {
	_, err := Parse("p.yaml", []byte("version: 1\nsite: [\n  a: }\n"))
	if err == nil || !strings.HasPrefix(err.Error(), "p.yaml:3:") {
		t.Errorf("error %v, want one at line 3", err)
	}
}

func TestFilesAreRelativeToThePolicy(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), certificateOfTests(t), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "p.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(smallest, "example.com", "example.com, ca: ca.pem", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Load(file)
	if err != nil || p.XMPP.CA != filepath.Join(dir, "ca.pem") {
		t.Errorf("Load: %+v, %v", p, err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("Load of a folder: %v", err)
	}
}

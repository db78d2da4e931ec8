package policies

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// keyPairOfTests returns a certificate and its key in PEM.
func keyPairOfTests(t testing.TB) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func certificateOfTests(t testing.TB) []byte {
	certificate, _ := keyPairOfTests(t)
	return certificate
}

func writeFiles(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeyFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	certificate, key := keyPairOfTests(t)
	_, otherKey := keyPairOfTests(t)
	writeFiles(t, ".", map[string][]byte{"cert.pem": certificate, "key.pem": key, "other.pem": otherKey, "open.pem": key, "group.pem": key})
	if err := errors.Join(os.Chmod("open.pem", 0o644), os.Chmod("group.pem", 0o640)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CHATPROXY_TEST_KEY", "open")
	tests := []struct{ key, want string }{
		{"key.pem", ""},
		{"other.pem", `p.yaml:4:20: tls.certificate and tls.key cannot be used together: tls: private key does not match public key`},
		{"open.pem", `p.yaml:4:35: others than its owner can open the secret file "open.pem" (mode 0644); run: chmod 600 open.pem`},
		{"group.pem", `p.yaml:4:35: others than its owner can open the secret file "group.pem" (mode 0640); run: chmod 600 group.pem`},
		{`"${CHATPROXY_TEST_KEY}.pem"`, `p.yaml:4:35: others than its owner can open the secret file "${CHATPROXY_TEST_KEY}.pem" (mode 0644); run: chmod 600 ${CHATPROXY_TEST_KEY}.pem`},
	}
	for _, tt := range tests {
		if runtime.GOOS == "windows" && strings.Contains(tt.want, "chmod") {
			continue
		}
		_, err := Parse("p.yaml", []byte(smallest+"tls: {certificate: cert.pem, key: "+tt.key+"}\n"))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("key %s:\n got %s\nwant %s", tt.key, got, tt.want)
		}
	}
}

// The command that writes the lock loads a policy whose lock is not there yet.
func TestLoadUnpinned(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "p.yaml")
	writeFiles(t, dir, map[string][]byte{"p.yaml": []byte(smallest + "scripts: {lock: chatproxy.lock}\n")})
	if _, err := Load(file); err == nil || !strings.HasSuffix(err.Error(), `p.yaml:4:17: there is no lock file "chatproxy.lock"; run chatproxy pin, which writes it`) {
		t.Errorf("Load: %v", err)
	}
	if p, err := LoadUnpinned(file); err != nil || p.Scripts.Lock != filepath.Join(dir, "chatproxy.lock") {
		t.Errorf("LoadUnpinned: %v", err)
	}
	writeFiles(t, dir, map[string][]byte{"chatproxy.lock": []byte("version: 1\nscripts: []\n")})
	if _, err := Load(file); err != nil {
		t.Errorf("Load with a lock: %v", err)
	}
}

// What is no plain file is not read: a pipe would block for ever.
func TestFilesThatAreNotPlain(t *testing.T) {
	_, err := Parse("p.yaml", []byte(smallest[:len(smallest)-2]+", ca: /dev/null}\nscripts: {lists: [/dev/null], lock: /dev/null}\n"))
	want := `p.yaml:3:33: the file "/dev/null" cannot be read: it is not a plain file
p.yaml:4:19: the filter list "/dev/null" cannot be read: it is not a plain file
p.yaml:4:37: the file "/dev/null" cannot be read: it is not a plain file`
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func TestFilesThatAreTooLarge(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "large")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, maxList+1)); err != nil { // a hole
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"scripts: {lists: [large]}": `the filter list "large" cannot be read: it has more than 64 MiB`,
		"scripts: {lock: large}":    `the file "large" cannot be read: it has more than 4 MiB`,
	} {
		if _, err := Parse(filepath.Join(dir, "p.yaml"), []byte(smallest+line+"\n")); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", line, err, want)
		}
	}
}

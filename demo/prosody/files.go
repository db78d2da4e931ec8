package prosody

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// writeFiles fills dir with configuration, certificate, groups and accounts.
// ports are the STARTTLS, the direct TLS and the HTTP address, in this order.
func writeFiles(dir string, cfg Config, ports []string) (*x509.CertPool, error) {
	data := filepath.Join(dir, "data")
	accounts := filepath.Join(data, encodeName(cfg.Domain), "accounts")
	if err := os.MkdirAll(accounts, 0o700); err != nil {
		return nil, err
	}
	for name, password := range cfg.Accounts {
		file := filepath.Join(accounts, encodeName(name)+".dat")
		content := "return { [\"password\"] = " + luaString(password) + " };\n"
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	var groups strings.Builder
	for _, name := range slices.Sorted(maps.Keys(cfg.Groups)) {
		fmt.Fprintf(&groups, "[%s]\n", name)
		for _, member := range cfg.Groups[name] {
			fmt.Fprintf(&groups, "%s@%s=%s\n", member, cfg.Domain, member)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "groups.txt"), []byte(groups.String()), 0o600); err != nil {
		return nil, err
	}
	pool, err := writeCertificate(dir, cfg.Domain)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	config, err := configText(dir, data, cfg, ports)
	if err != nil {
		return nil, err
	}
	return pool, os.WriteFile(filepath.Join(dir, "prosody.cfg.lua"), []byte(config), 0o600)
}

// modules are what a web chat uses. There is no server-to-server here, and
// HTTP only if it is asked for: the server is an island.
var modules = []string{
	"roster", "saslauth", "tls", "disco", "ping", "carbons", "smacks", "mam",
	"vcard", "pep", "private", "blocklist", "csi_simple", "time", "uptime",
	"version", "groups", "posix",
}

func configText(dir, data string, cfg Config, addrs []string) (string, error) {
	var ports []string
	for _, a := range addrs {
		_, port, err := net.SplitHostPort(a)
		if err != nil {
			return "", err
		}
		ports = append(ports, port)
	}
	enabled := slices.Clone(modules)
	if cfg.HTTP {
		enabled = append(enabled, "bosh", "websocket")
	}
	quoted := make([]string, len(enabled))
	for i, m := range enabled {
		quoted[i] = luaString(m)
	}
	inDir := func(name string) string { return luaString(filepath.Join(dir, name)) }

	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("run_as_root = true")
	line("pidfile = %s", inDir("prosody.pid"))
	line("data_path = %s", luaString(data))
	line("log = { info = %s }", inDir("prosody.log"))
	line("interfaces = { \"127.0.0.1\" }")
	line("c2s_ports = { %s }", ports[0])
	line("c2s_direct_tls_ports = { %s }", ports[1])
	line("c2s_require_encryption = true")
	line("allow_unencrypted_plain_auth = false")
	// Hashed, as servers do it: with plain passwords Prosody draws a new SCRAM
	// salt for each login, and a client that kept its keys cannot use them.
	line("authentication = \"internal_hashed\"")
	line("storage = \"internal\"")
	line("modules_enabled = { %s }", strings.Join(quoted, ", "))
	if cfg.HTTP {
		line("modules_disabled = { \"s2s\" }")
		line("http_ports = { %s }", ports[2])
		line("https_ports = { }")
		line("http_interfaces = { \"127.0.0.1\" }")
		// Whoever is asked for passwords in the clear is on loopback.
		line("consider_bosh_secure = true")
		line("consider_websocket_secure = true")
	} else {
		line("modules_disabled = { \"s2s\", \"http\" }")
	}
	line("groups_file = %s", inDir("groups.txt"))
	ssl := fmt.Sprintf("{ key = %s, certificate = %s }", inDir("key.pem"), inDir("cert.pem"))
	line("ssl = %s", ssl)
	line("c2s_direct_tls_ssl = %s", ssl)
	line("VirtualHost %s", luaString(cfg.Domain))
	if cfg.Rooms {
		line("Component %s \"muc\"", luaString("conference."+cfg.Domain))
	}
	return b.String(), nil
}

// writeCertificate makes a key and a self-signed certificate for domain and
// returns a pool that trusts exactly it.
func writeCertificate(dir, domain string) (*x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: domain},
		DNSNames:              []string{domain, "conference." + domain},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(30 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: der},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return nil, err
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool, nil
}

// encodeName spells a name as Prosody's file storage does: every byte that is
// not a letter or digit as %xx.
func encodeName(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return b.String()
}

// luaString quotes s so that no password or path can end the literal
// (CWE-94): everything but plain printable characters goes as \ddd.
func luaString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "\\%03d", c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

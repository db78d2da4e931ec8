package ejabberd

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

// accountsMade is printed when every account is there.
const accountsMade = "the accounts are made"

// makeAccounts is run in the server once it has started. Names and passwords
// are read from a file of Erlang terms.
const makeAccounts = `{ok, Accounts} = file:consult("accounts.term"),
lists:foreach(fun({User, Host, Password}) -> ok = ejabberd_auth:try_register(User, Host, Password) end, Accounts),
io:format("` + accountsMade + `~n").`

// writeFiles fills dir with configuration, certificates and accounts. http may
// be empty.
func writeFiles(dir string, cfg Config, addr, http string) (*x509.CertPool, error) {
	for _, folder := range []string{"database", "modules"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, err
		}
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	endpoints := ""
	if http != "" {
		_, port, err := net.SplitHostPort(http)
		if err != nil {
			return nil, err
		}
		endpoints = fmt.Sprintf(httpListener, port)
	}
	var accounts strings.Builder
	for _, name := range slices.Sorted(maps.Keys(cfg.Accounts)) {
		fmt.Fprintf(&accounts, "{%s, %s, %s}.\n", binary(name), binary(cfg.Domain), binary(cfg.Accounts[name]))
	}
	config := fmt.Sprintf(configuration, cfg.Domain, filepath.Join(dir, "server.pem"), port, endpoints)
	for name, content := range map[string]string{"accounts.term": accounts.String(), "ejabberd.yml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	pool, err := writeCertificates(dir, cfg.Domain)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	return pool, nil
}

// httpListener has the server's own endpoints.
const httpListener = `  - port: %s
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /http-bind: mod_bosh
      /xmpp-websocket: ejabberd_http_ws
`

// configuration has what a chat client uses. There is no server-to-server here,
// and HTTP only if it is asked for: the server is an island. The limits are those of Debian's own
// file.
const configuration = `
loglevel: info
log_rotate_count: 0
hosts: [%q]
certfiles: [%q]
auth_method: internal
auth_password_format: scram
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
listen:
  - port: %s
    ip: "127.0.0.1"
    module: ejabberd_c2s
    starttls_required: true
    max_stanza_size: 262144
%smodules:
  mod_blocking: {}
  mod_bosh: {}
  mod_caps: {}
  mod_carboncopy: {}
  mod_client_state: {}
  mod_disco: {}
  mod_last: {}
  mod_mam: {}
  mod_offline: {}
  mod_ping: {}
  mod_privacy: {}
  mod_private: {}
  mod_roster: {}
  mod_stream_mgmt: {}
  mod_time: {}
  mod_vcard: {}
  mod_version: {}
`

// binary spells s as an Erlang binary, byte by byte, so that no password can
// end the literal (CWE-94).
func binary(s string) string {
	numbers := make([]string, len(s))
	for i, c := range []byte(s) {
		numbers[i] = fmt.Sprint(c)
	}
	return "<<" + strings.Join(numbers, ",") + ">>"
}

// writeCertificates makes an authority and a certificate that it signs for
// domain, and returns a pool that trusts exactly the authority. ejabberd wants
// the chain in one file with the key.
func writeCertificates(dir, domain string) (*x509.CertPool, error) {
	template := func(name string, serial int64) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber:          big.NewInt(serial),
			Subject:               pkix.Name{CommonName: name},
			NotBefore:             time.Now().Add(-time.Hour),
			NotAfter:              time.Now().Add(90 * 24 * time.Hour),
			BasicConstraintsValid: true,
		}
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	authority := template("chatproxy test authority", 1)
	authority.IsCA, authority.KeyUsage = true, x509.KeyUsageCertSign
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	server := template(domain, 2)
	server.DNSNames, server.KeyUsage = []string{domain}, x509.KeyUsageDigitalSignature
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, authority, &key.PublicKey, authorityKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	ca := block("CERTIFICATE", authorityDER)
	for name, content := range map[string]string{
		"ca.pem":     ca,
		"server.pem": block("CERTIFICATE", serverDER) + ca + block("PRIVATE KEY", keyDER),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(ca))
	return pool, nil
}

package integration

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"chatproxy/bosh"
	"chatproxy/demo/prosody"
	"chatproxy/demo/site"
	"chatproxy/xmpp"
)

const domain = "chat.test"

// accounts are those of the XMPP server that all tests share.
var accounts = map[string]string{"alice": "alice-pass", "bob": "bob-pass"}

// transport is how the browser reaches the XMPP server.
type transport string

const (
	overBOSH      transport = "bosh"
	overWebSocket transport = "websocket"
)

// newXMPP starts a server for one test, so that no test sees another's messages.
func newXMPP(t *testing.T) *prosody.Server {
	t.Helper()
	server, err := prosody.Start(t.Context(), prosody.Config{Domain: domain, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

// recorder is a script of the site's own that notes policy violations. The policy
// allows it by its digest.
const recorder = `window.violations=[];document.addEventListener("securitypolicyviolation",e=>violations.push(e.effectiveDirective+" "+e.blockedURI+" "+e.sourceFile+":"+e.lineNumber+" "+e.sample))`

// ownModule is a module of the site's own, which the policy allows likewise.
const ownModule = `import "site"`

func digest(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// protectedSite puts chatproxy in front of the upstream and returns the address of
// the site. Nothing is named but the vendor's analytics and the ad; all other
// third-party scripts meet the defaults.
func protectedSite(t *testing.T, server *prosody.Server, upstream, vendor string, over transport) (address string, proxy *process) {
	t.Helper()
	address = freeAddress(t)
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	text := fmt.Sprintf(`version: 1
listen: [%q]
site: {upstream: %q, hosts: [%q]}
xmpp:
  domain: %s
  server: %q
  ca: %q
  bosh: {enabled: %t}
  websocket: {enabled: %t}
scripts:
  rules:
    - {name: recorder, match: {digest: [%q, %q]}, action: allow}
    - {name: own, match: {src: ["/static/**"]}, action: allow}
    - {name: refused, match: {src: ["%[11]s/refused/**"]}, action: strip}
    - {name: ads, match: {src: ["%[11]s/ads/**"]}, action: isolate, compartment: ads}
    - {name: vendor, match: {src: ["%[11]s/**"]}, action: isolate, compartment: vendor}
compartments:
  ads: {visible: true, popups: true}
  vendor: {}
`, address, upstream, address, domain, server.Addr(), server.CAFile(), over == overBOSH, over == overWebSocket, digest(recorder), digest(ownModule), vendor)
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	proxy = run(t, "serve", "--verbose", "--policy", policy)
	proxy.waitFor(t, "msg=listening")
	return "http://" + address, proxy
}

// plainSite is the same site without chatproxy, as Converse's documentation shows
// it: the client and its connection manager stand on the site's own host, and the
// client is started by a script of the page.
func plainSite(t *testing.T, server *prosody.Server, newspaper http.Handler) (address string) {
	t.Helper()
	dialer := &xmpp.Dialer{Domain: domain, Server: server.Addr(), RootCAs: server.CA}
	bridge, err := bosh.New(bosh.Options{Domain: domain, Dial: dialer.Dial, AllowOrigin: func(*http.Request) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/http-bind", bridge.BOSH)
	mux.Handle("/xmpp-websocket", bridge.WebSocket)
	mux.Handle("/converse/", http.StripPrefix("/converse/", http.FileServer(http.Dir(filepath.Join("..", "chat", "converse")))))
	mux.Handle("/", newspaper)
	s := httptest.NewServer(mux)
	t.Cleanup(func() {
		s.CloseClientConnections()
		_ = bridge.Close(t.Context()) // the test is over
		s.Close()
	})
	return s.URL
}

// plainChat is the markup that starts the chat on a plainSite.
func plainChat(over transport) string {
	service := `bosh_service_url: location.origin + "/http-bind"`
	if over == overWebSocket {
		service = `websocket_url: location.origin.replace("http", "ws") + "/xmpp-websocket"`
	}
	return `<link rel="stylesheet" href="/converse/converse.min.css">
<script type="module">
import "/converse/converse.min.js";
converse.initialize({
  assets_path: "/converse/", view_mode: "overlayed", discover_connection_methods: false, locked_domain: "` + domain + `",
  theme: "classic", ` + service + `,
});
</script>`
}

func newVendor(t *testing.T) (*site.Vendor, string) {
	t.Helper()
	vendor := site.NewVendor(site.VendorOptions{})
	s := httptest.NewServer(vendor)
	t.Cleanup(s.Close)
	return vendor, s.URL
}

// freeAddress returns a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

package policies

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"chatproxy/csp"
)

// at returns the node at the dotted path, or the nearest one above it, so that a
// missing key is reported where it should have stood.
func (d *decoder) at(path string) *yaml.Node {
	for {
		if n, ok := d.places[path]; ok {
			return n
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			return d.places[""]
		}
		path = path[:i]
	}
}

func (d *decoder) problemAt(path, format string, args ...any) {
	d.problem(d.at(path), format, args...)
}

// check finds what decoding cannot: missing keys and keys that contradict.
func (d *decoder) check(p *Policy) {
	if p.Version != 1 {
		d.problemAt("version", "version must be 1")
	}
	if p.Site.Upstream.URL == nil {
		d.problemAt("site.upstream", "site.upstream is missing: name the website's own server, like http://127.0.0.1:3000")
	}
	for i, address := range p.Listen {
		d.checkAddress(fmt.Sprintf("listen[%d]", i), address)
	}
	if p.Console != "" {
		d.checkAddress("console", p.Console)
	}
	if (p.TLS.Certificate == "") != (p.TLS.Key == "") {
		d.problemAt("tls", "tls needs both certificate and key")
	}
	for _, file := range []struct{ path, name string }{
		{"tls.certificate", p.TLS.Certificate}, {"tls.key", p.TLS.Key}, {"xmpp.ca", p.XMPP.CA},
	} {
		d.checkReadable(file.path, file.name)
	}
	d.checkChat(&p.Chat)
	d.checkXMPP(&p.XMPP)
	d.checkScripts(p)
	for i, rule := range p.Pages {
		where := fmt.Sprintf("pages[%d]", i)
		if rule.Match.String() == "" {
			d.problemAt(where, "this page rule has no match")
		}
		if rule.Mode == "" {
			d.problemAt(where, "this page rule has no mode: enforce, report-only or off")
		}
	}
	for name := range p.CSP.Directives {
		where := "csp.directives." + name
		if name != strings.ToLower(name) {
			d.problemAt(where, "write directive names in lower case: %s", strings.ToLower(name))
		}
		if csp.Reserved(name) {
			d.problemAt(where, "%s is chatproxy's own to write; scripts are allowed under scripts.rules", name)
		}
		for _, source := range p.CSP.Directives[name] {
			if strings.ContainsAny(source, ";, \t\r\n") {
				d.problemAt(where, "%q is more than one source: write a list", source)
			}
		}
	}
}

func (d *decoder) checkAddress(path, address string) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		d.problemAt(path, "%q is not an address like 127.0.0.1:8080", address)
	}
}

func (d *decoder) checkReadable(path, file string) {
	if file == "" {
		return
	}
	f, err := os.Open(file)
	if err != nil {
		d.problemAt(path, "%v", err)
		return
	}
	_ = f.Close() // nothing was written
}

func (d *decoder) checkChat(c *Chat) {
	if c.Placement == PlacementVault {
		d.problemAt("chat.placement", "the vault is not built yet; write placement: inline and read docs/security.md on what that protects")
	}
	if _, err := json.Marshal(c.Settings); err != nil {
		d.problemAt("chat.settings", "the settings cannot be written as JSON: %v", err)
	}
}

func (d *decoder) checkXMPP(x *XMPP) {
	if x.Domain == "" {
		d.problemAt("xmpp.domain", "xmpp.domain is missing: name the domain that users log in to")
	}
	if x.Server != "" {
		d.checkAddress("xmpp.server", x.Server)
	}
	if x.TLS == StreamNone && !isLoopback(x.Server) {
		d.problemAt("xmpp.tls", "tls: none sends passwords in the clear and is only for a server on loopback (xmpp.server: 127.0.0.1:5222)")
	}
	for _, endpoint := range []struct{ path, value string }{{"xmpp.bosh.path", x.BOSH.Path}, {"xmpp.websocket.path", x.WebSocket.Path}} {
		if !strings.HasPrefix(endpoint.value, "/") || strings.ContainsAny(endpoint.value, "?#*{} ") {
			d.problemAt(endpoint.path, "%q is not a plain absolute path like /http-bind", endpoint.value)
		}
	}
	if x.BOSH.Path == x.WebSocket.Path {
		d.problemAt("xmpp.websocket.path", "bosh and websocket have the same path %s", x.BOSH.Path)
	}
}

func isLoopback(server string) bool {
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (d *decoder) checkScripts(p *Policy) {
	for i, rule := range p.Scripts.Rules {
		where := fmt.Sprintf("scripts.rules[%d]", i)
		if rule.Name == "" {
			d.problemAt(where, "this rule has no name; reports and logs show it")
		}
		if rule.Action == "" {
			d.problemAt(where, "this rule has no action: allow, isolate or strip")
		}
		if len(rule.Match.Src)+len(rule.Match.Digest) == 0 && rule.Match.List == "" {
			d.problemAt(where+".match", "this rule matches nothing: give match.src, match.digest or match.list")
		}
		if list := rule.Match.List; list != "" && !slices.Contains(p.Scripts.Lists, list) {
			d.problemAt(where+".match.list", "there is no list %q under scripts.lists; write it here as it is written there", list)
		}
		if rule.Compartment == "" {
			continue
		}
		if rule.Action != Isolate {
			d.problemAt(where+".compartment", "only a rule with action: isolate has a compartment")
		}
		if _, ok := p.Compartments[rule.Compartment]; !ok {
			d.problemAt(where+".compartment", "there is no compartment %q under compartments", rule.Compartment)
		}
	}
	for name, c := range p.Compartments {
		where := "compartments." + name
		if name == "" || strings.ContainsFunc(name, func(r rune) bool {
			return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
		}) {
			d.problemAt(where, "compartment names have only a-z, 0-9, - and _")
		}
		if c.Width < 0 || c.Height < 0 || c.MaxHeight < c.Height {
			d.problemAt(where, "sizes are pixels from 0 up, and max_height is no less than height")
		}
	}
}

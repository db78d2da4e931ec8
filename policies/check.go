package policies

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"chatproxy/csp"
)

// check finds what decoding cannot: missing keys, keys that contradict, files that
// cannot be read. What could not be decoded is left out: it has its problem.
func (d *decoder) check(p *Policy) {
	if d.missing("version", "version is missing: write version: 1") && p.Version != 1 {
		d.problemAt("version", "version must be 1")
	}
	d.missing("site.upstream", "site.upstream is missing: name the website's own server, like http://127.0.0.1:3000")
	d.checkListeners(p)
	d.checkHosts(p.Site.Hosts)
	d.checkChat(&p.Chat)
	d.checkXMPP(&p.XMPP)
	d.checkDrain(&p.XMPP.Drain)
	d.checkStanzas(&p.XMPP)
	d.checkPages(p.Pages)
	d.checkRules(p)
	d.checkCompartments(p.Compartments)
	d.checkCSP(&p.CSP)
	d.checkFiles(p)
	d.checkLimits(&p.Limits)
}

// missing notes a problem if the file has nothing at the path, and returns whether
// it has something that could be decoded.
func (d *decoder) missing(path, message string) bool {
	if !d.sound(path) {
		return false
	}
	if !d.given(path) {
		d.problemAt(path, "%s", message)
		return false
	}
	return true
}

// has reports whether the file has something at the path that could be decoded.
func (d *decoder) has(path string) bool { return d.given(path) && d.sound(path) }

func (d *decoder) checkListeners(p *Policy) {
	if d.has("listen") && len(p.Listen) == 0 {
		d.problemAt("listen", "listen is empty: name an address, or leave the key out for 127.0.0.1:8080")
	}
	for i, address := range p.Listen {
		where := index("listen", i)
		if d.checkAddress(where, address) && slices.Index(p.Listen, address) < i {
			d.problemAt(where, "the address %s stands twice", d.text(where))
		}
	}
	if d.checkAddress("console", p.Console) && d.has("listen") && slices.Contains(p.Listen, p.Console) {
		d.problemAt("console", "the console cannot listen on the site's own address %s", d.text("console"))
	}
	switch {
	case !d.sound("tls"):
	case d.given("tls.acme"):
		d.problemAtKey("tls.acme", "tls.acme is not built yet: give tls.certificate and tls.key")
	case (p.TLS.Certificate == "") != (p.TLS.Key == ""):
		d.problemAt("tls", "tls needs both certificate and key")
	}
}

// checkAddress checks host:port at the path, if the file has it, and reports whether
// it is one.
func (d *decoder) checkAddress(path, address string) bool {
	if !d.has(path) {
		return false
	}
	host, port, err := net.SplitHostPort(address)
	n, numberErr := strconv.Atoi(port)
	if err != nil || numberErr != nil || n < 0 || n > 65535 || strings.ContainsAny(host, "/ @") {
		d.problemAt(path, "%s is not an address like 127.0.0.1:8080", d.text(path))
		return false
	}
	return true
}

// checkHosts checks that each host is one that a request can have.
func (d *decoder) checkHosts(hosts []string) {
	for i, host := range hosts {
		where := index("site.hosts", i)
		if !d.has(where) {
			continue
		}
		u, err := url.Parse("http://" + host)
		switch {
		case err != nil || u.Host != host || u.Hostname() == "" || strings.ContainsAny(host, " *,;'\"") || strings.HasSuffix(host, ":"):
			d.problemAt(where, "%s is not a host like www.example.com or 127.0.0.1:8080", d.text(where))
		case strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }):
			d.problemAt(where, "%s is not how browsers send it: write the host's ASCII form, which begins with xn--", d.text(where))
		case slices.ContainsFunc(hosts[:i], func(s string) bool { return strings.EqualFold(s, host) }):
			d.problemAt(where, "the host %s stands twice", d.text(where))
		}
	}
}

func (d *decoder) checkChat(c *Chat) {
	if d.sound("chat.placement") && c.Placement == PlacementVault {
		d.problemAt("chat.placement", "the vault is not built yet; write placement: inline and read docs/security.md on what that protects")
	}
	if d.has("chat.origin") {
		if u, err := url.Parse(string(c.Origin)); err == nil && u.Scheme == "http" && !isLoopbackHost(u.Hostname()) {
			d.problemAt("chat.origin", "chat.origin needs https: anyone on the way could change what comes over http (CWE-319)")
		}
	}
	if d.sound("chat.settings") {
		if _, err := json.Marshal(c.Settings); err != nil {
			d.problemAt("chat.settings", "the settings cannot be written as JSON: %v", err)
		}
	}
}

func (d *decoder) checkXMPP(x *XMPP) {
	const domain = "xmpp.domain"
	if d.missing(domain, "xmpp.domain is missing: name the domain that users log in to") &&
		(x.Domain == "" || strings.ContainsAny(x.Domain, "@/:\\ \t\r\n")) {
		d.problemAt(domain, "%s is not a domain like example.com", d.text(domain))
	}
	d.checkAddress("xmpp.server", x.Server)
	if d.sound("xmpp.tls") && d.sound("xmpp.server") && x.TLS == StreamNone && !isLoopback(x.Server) {
		d.problemAt("xmpp.tls", "tls: none sends passwords in the clear and is only for a server on loopback (xmpp.server: 127.0.0.1:5222)")
	}
	d.checkServer(x)
	for _, endpoint := range []struct{ path, value string }{{"xmpp.bosh.path", x.BOSH.Path}, {"xmpp.websocket.path", x.WebSocket.Path}} {
		if !d.has(endpoint.path) {
			continue
		}
		if !strings.HasPrefix(endpoint.value, "/") || strings.ContainsAny(endpoint.value, "?#*{} ") {
			d.problemAt(endpoint.path, "%s is not a plain absolute path like /http-bind", d.text(endpoint.path))
		}
	}
	if d.sound("xmpp.bosh") && d.sound("xmpp.websocket") && x.BOSH.Path == x.WebSocket.Path {
		path := "xmpp.websocket.path"
		if !d.given(path) {
			path = "xmpp.bosh.path"
		}
		d.problemAt(path, "bosh and websocket have the same path %s", d.text(path))
	}
}

func isLoopback(server string) bool {
	host, _, err := net.SplitHostPort(server)
	return err == nil && isLoopbackHost(host)
}

func isLoopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (d *decoder) checkPages(rules []PageRule) {
	for i := range rules {
		where := index("pages", i)
		d.missing(where+".match", "this page rule has no match")
		d.missing(where+".mode", "this page rule has no mode: enforce, report-only or off")
		if !d.has(where + ".match") {
			continue
		}
		for j := range i {
			if earlier := index("pages", j) + ".match"; d.has(earlier) && rules[j].Match.covers(&rules[i].Match) {
				d.problemAt(where, "this page rule can never match: the one on line %d comes first and is for all of its pages", d.at(earlier).Line)
				break
			}
		}
	}
}

func (d *decoder) checkCSP(c *CSP) {
	for _, name := range sortedKeys(c.Directives) {
		where := "csp.directives." + name
		lower := strings.ToLower(name)
		switch {
		case csp.Reserved(lower):
			d.problemAtKey(where, "%s is chatproxy's own to write; scripts are allowed under scripts.rules", lower)
		case name != lower:
			d.problemAtKey(where, "write directive names in lower case: %s", lower)
		case name == "" || strings.ContainsFunc(name, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') }):
			d.problemAtKey(where, "%q is not the name of a directive like img-src", name)
		}
		for i, source := range c.Directives[name] {
			if at := index(where, i); d.has(at) && strings.ContainsAny(source, ";, \t\r\n") {
				d.problemAt(at, "%s is more than one source: write a list", d.text(at))
			}
		}
	}
}

// isOwnOrigin reports whether the hosts of the site have the origin of the glob.
func isOwnOrigin(g *URLGlob, hosts []string) bool {
	return g.scheme == "" || !g.wild && slices.ContainsFunc(hosts, func(host string) bool {
		return slices.Contains(hostSpellings(host), g.host)
	})
}

// hostSpellings returns the host as browsers ask for it, without the port where it
// is the scheme's own: over http and over https.
func hostSpellings(host string) []string {
	var all []string
	for _, scheme := range []string{"http", "https"} {
		spelling := strings.TrimPrefix(OriginOf(&url.URL{Scheme: scheme, Host: host}), scheme+"://")
		if !slices.Contains(all, spelling) {
			all = append(all, spelling)
		}
	}
	return all
}

// ruleName returns what to call a rule in messages.
func (d *decoder) ruleName(rules []Rule, i int) string {
	if name := index("scripts.rules", i) + ".name"; d.has(name) && rules[i].Name != "" {
		return "the rule " + d.text(name)
	}
	return fmt.Sprintf("rule %d", i+1)
}

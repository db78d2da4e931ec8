package policies

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const smallest = "version: 1\nsite: {upstream: http://127.0.0.1:3000}\nxmpp: {domain: example.com}\n"

func TestTheSmallestFileGetsItsDefaults(t *testing.T) {
	p, err := Parse("p.yaml", []byte(smallest))
	if err != nil {
		t.Fatal(err)
	}
	if p.Scripts.Default != Isolate || p.Scripts.Inline != Strip || p.XMPP.TLS != StreamStartTLS ||
		p.Listen[0] != "127.0.0.1:8080" || p.Limits.Body != 10<<20 || p.XMPP.BOSH.Path != "/http-bind" ||
		!p.XMPP.WebSocket.On() || p.Mode("/x") != ModeEnforce || !p.HasChat("/x") {
		t.Errorf("unexpected defaults: %+v", p)
	}
}

func TestBrokenPolicies(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"empty", "", "p.yaml:1:1: the file is empty; the smallest policy names version, site.upstream and xmpp.domain"},
		{"unknown key", smallest + "scirpts: {}\n", `p.yaml:4:1: unknown key "scirpts" here; known are: version, listen, tls, console, site, chat, xmpp, pages, scripts, compartments, csp, limits`},
		{"unknown key inside", smallest + "limits: {bodey: 1}\n", `p.yaml:4:10: unknown key "bodey" in limits; known are: body, header, sessions_per_address`},
		{"wrong type", smallest + "listen: 8080\n", "p.yaml:4:9: listen: want a list like [a, b], not the number 8080"},
		{"wrong type in a list", smallest + "listen: [8080]\n", "p.yaml:4:10: listen[0]: want text, not the number 8080"},
		{"not a truth value", smallest + "compartments: {a: {visible: often}}\n", `p.yaml:4:29: compartments.a.visible: want true or false, not "often"`},
		{"missing upstream", "version: 1\nsite:\n  hosts: [a.example]\nxmpp: {domain: example.com}\n", "p.yaml:3:3: site.upstream is missing: name the website's own server, like http://127.0.0.1:3000"},
		{"no site at all", "version: 1\nxmpp: {domain: example.com}\n", "p.yaml:1:1: site.upstream is missing: name the website's own server, like http://127.0.0.1:3000"},
		{"missing domain", "version: 1\nsite: {upstream: http://127.0.0.1:3000}\n", "p.yaml:1:1: xmpp.domain is missing: name the domain that users log in to"},
		{"future version", strings.Replace(smallest, "1", "2", 1), "p.yaml:1:10: version must be 1"},
		{"twice", smallest + "version: 1\n", `p.yaml:4:1: key "version" stands twice; the first is on line 1`},
		{"empty section", smallest + "pages:\n", "p.yaml:4:7: pages: is empty: give a value or leave the key out"},
		{"several at once, in order", smallest + "pages: [{match: x, mode: of}]\nchat: {placement: top}\n",
			"p.yaml:4:17: pages[0].match: the glob \"x\" must begin with \"/\"\n" +
				"p.yaml:4:26: pages[0].mode: \"of\" is not one of: enforce, report-only, off\n" +
				"p.yaml:5:19: chat.placement: \"top\" is not one of: inline, vault"},
		{"a script directive", smallest + "csp: {directives: {script-src: [\"*\"]}}\n", "p.yaml:4:32: script-src is chatproxy's own to write; scripts are allowed under scripts.rules"},
		{"a smuggled directive", smallest + "csp: {directives: {img-src: [\"*; script-src *\"]}}\n", `p.yaml:4:29: "*; script-src *" is more than one source: write a list`},
		{"no TLS to a far server", strings.Replace(smallest, "example.com", "example.com, tls: none, server: \"192.0.2.1:5222\"", 1), "p.yaml:3:34: tls: none sends passwords in the clear and is only for a server on loopback (xmpp.server: 127.0.0.1:5222)"},
		{"a rule without anything", smallest + "scripts: {rules: [{match: {}}]}\n",
			"p.yaml:4:19: this rule has no name; reports and logs show it\n" +
				"p.yaml:4:19: this rule has no action: allow, isolate or strip\n" +
				"p.yaml:4:27: this rule matches nothing: give match.src, match.digest or match.list"},
		{"an unknown compartment", smallest + "scripts: {rules: [{name: a, match: {src: [/a]}, action: isolate, compartment: ads}]}\n", `p.yaml:4:79: there is no compartment "ads" under compartments`},
		{"a URL glob without path", smallest + "scripts: {rules: [{name: a, match: {src: [\"https://ads.example\"]}, action: strip}]}\n", `p.yaml:4:43: scripts.rules[0].match.src[0]: "https://ads.example" has no path: write https://ads.example/** for all of that host`},
		{"user info in a glob", smallest + "scripts: {rules: [{name: a, match: {src: [\"https://a@b/\"]}, action: strip}]}\n", `p.yaml:4:43: scripts.rules[0].match.src[0]: "https://a@b/" has no host that a browser would ask`},
		{"a port that is two", smallest + "scripts: {rules: [{name: a, match: {src: [\"https://a:80:80/\"]}, action: strip}]}\n", `p.yaml:4:43: scripts.rules[0].match.src[0]: "https://a:80:80/" has no host that a browser would ask`},
		{"a wildcard in an address", smallest + "scripts: {rules: [{name: a, match: {src: [\"https://[::*]/\"]}, action: strip}]}\n", `p.yaml:4:43: scripts.rules[0].match.src[0]: "https://[::*]/" has a wildcard in an address: wildcards are for names`},
		{"a control character in a glob", smallest + "scripts: {rules: [{name: a, match: {src: [\"/a\\nb\"]}, action: strip}]}\n", `p.yaml:4:43: scripts.rules[0].match.src[0]: "/a\nb" has a control character`},
		{"upstream with a path", strings.Replace(smallest, "3000", "3000/app", 1), `p.yaml:2:18: site.upstream: "http://127.0.0.1:3000/app" names more than a server: give scheme, host and port only`},
		{"a size without unit we know", smallest + "limits: {body: 10MB}\n", `p.yaml:4:16: limits.body: "10MB" is not a size like 32KiB or 10MiB`},
		{"a network", smallest[:len("version: 1\n")] + "site: {upstream: http://127.0.0.1:3000, trusted_proxies: [10.0.0.0/33]}\nxmpp: {domain: example.com}\n", `p.yaml:2:59: site.trusted_proxies[0]: "10.0.0.0/33" is neither an address nor a network like 10.0.0.0/8`},
		{"aliases", "version: &v 1\nlisten: [*v]\n", "p.yaml:2:10: listen[0]: aliases are not supported: write the value out"},
		{"the vault is not built yet", smallest + "chat: {placement: vault}\n", "p.yaml:4:19: the vault is not built yet; write placement: inline and read docs/security.md on what that protects"},
		{"a digest", smallest + "scripts: {rules: [{name: a, match: {digest: [sha256-AAAA]}, action: allow}]}\n", `p.yaml:4:46: scripts.rules[0].match.digest[0]: "sha256-AAAA" is not a digest like sha384-… (base64)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("p.yaml", []byte(tt.file))
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("error %v, want Problems", err)
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
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
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), nil, 0o600); err != nil {
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

// A loader that accepts a file gives a policy that is whole.
func FuzzParse(f *testing.F) {
	f.Add([]byte(smallest))
	f.Add([]byte(smallest + "scripts: {rules: [{name: a, match: {src: [/a]}, action: allow}]}\n"))
	f.Add([]byte("version: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("f", data)
		if err == nil && (p.Site.Upstream.URL == nil || p.XMPP.Domain == "" || p.Version != 1) {
			t.Errorf("accepted without what is required: %q", data)
		}
	})
}

// Package policies is the policy file: its types, how it is loaded and checked,
// and how its rules decide.
//
// A file is YAML and is read strictly: an unknown key, a value of the wrong type
// or a missing upstream is a [Problem] with its line and column, and every
// problem of the file is reported at once.
package policies

import (
	"net/netip"
	"net/url"
)

// A Policy is one policy file. The zero value of a field is its default unless
// its comment names another.
type Policy struct {
	// Version is the version of the file's format. Only 1 is known. Required.
	Version int `yaml:"version"`
	// Listen holds the addresses to listen on, host:port. Default 127.0.0.1:8080.
	Listen []string `yaml:"listen"`
	// TLS is the certificate of the listeners. Default: none, plain HTTP.
	TLS TLS `yaml:"tls"`
	// Console is the operator's listener, host:port. Default: none.
	// Danger: it has no log-in; keep it on loopback.
	Console string `yaml:"console"`

	Site         Site                   `yaml:"site"`
	Chat         Chat                   `yaml:"chat"`
	XMPP         XMPP                   `yaml:"xmpp"`
	Pages        []PageRule             `yaml:"pages"`
	Scripts      Scripts                `yaml:"scripts"`
	Compartments map[string]Compartment `yaml:"compartments"`
	CSP          CSP                    `yaml:"csp"`
	Limits       Limits                 `yaml:"limits"`
}

// TLS names the files of the listeners' certificate.
type TLS struct {
	Certificate string `yaml:"certificate"` // PEM file, relative to the policy file
	Key         string `yaml:"key"`         // PEM file, relative to the policy file
}

// Site is the website behind the proxy.
type Site struct {
	// Upstream is the website's own server, an http or https URL without path. Required.
	Upstream URL `yaml:"upstream"`
	// Hosts are the names, with the port where it is not the scheme's own, that
	// the site is asked by; a request for another gets 421. Default: any.
	// Danger: with any host, a name that an attacker points here (DNS rebinding)
	// is served as the site.
	Hosts []string `yaml:"hosts"`
	// TrustedProxies are the networks whose X-Forwarded-For and
	// X-Forwarded-Proto are believed. Default: none.
	TrustedProxies []Prefix `yaml:"trusted_proxies"`
}

// Chat is the chat client and where it stands.
type Chat struct {
	// Client is "embedded", the Converse build inside the program, or a folder
	// that holds a Converse build. Default embedded.
	Client string `yaml:"client"`
	// Pages are globs of the page paths that get the chat; only pages in mode
	// enforce do. Default: all.
	Pages []Glob `yaml:"pages"`
	// Placement is "inline", in the page itself; "vault" is known and refused
	// until it is built. Default inline.
	// Danger: inline is no wall against a script that is allowed in the page.
	Placement Placement `yaml:"placement"`
	// Settings are given to converse.initialize. Addresses of our endpoints,
	// asset paths and the domain are set by chatproxy and win.
	Settings map[string]any `yaml:"settings"`
}

// Placement is where the chat runs.
type Placement string

// The placements.
const (
	PlacementInline Placement = "inline"
	PlacementVault  Placement = "vault"
)

// XMPP is the chat's server.
type XMPP struct {
	// Domain is the XMPP domain that users log in to. Required.
	Domain string `yaml:"domain"`
	// Server is host:port. Default: the SRV records of the domain.
	Server string `yaml:"server"`
	// TLS is "starttls", "direct" or "none". Default starttls.
	// Danger: none sends passwords in the clear; it is refused unless the server
	// is on loopback.
	TLS StreamTLS `yaml:"tls"`
	// CA is a PEM file of the authorities that sign the server's certificate,
	// relative to the policy file. Default: the system's.
	CA        string   `yaml:"ca"`
	BOSH      Endpoint `yaml:"bosh"`      // default path /http-bind
	WebSocket Endpoint `yaml:"websocket"` // default path /xmpp-websocket
}

// StreamTLS is how the stream to the XMPP server is encrypted.
type StreamTLS string

// The ways to encrypt the stream.
const (
	StreamStartTLS StreamTLS = "starttls"
	StreamDirect   StreamTLS = "direct"
	StreamNone     StreamTLS = "none"
)

// Endpoint is one of the two addresses that the chat client connects to.
type Endpoint struct {
	Enabled *bool  `yaml:"enabled"` // default true
	Path    string `yaml:"path"`    // an absolute path on the site's host
}

// On reports whether the endpoint is served.
func (e Endpoint) On() bool { return e.Enabled == nil || *e.Enabled }

// PageRule sets the mode of the pages that it matches. The first match wins.
type PageRule struct {
	Match Glob `yaml:"match"` // of the request's path. Required.
	Mode  Mode `yaml:"mode"`  // Required.
}

// Mode is how much of the protection a page gets.
type Mode string

// The modes of a page.
const (
	// ModeEnforce rewrites the page and enforces the policy. The default.
	ModeEnforce Mode = "enforce"
	// ModeReportOnly leaves scripts running and reports what enforce would stop.
	// The chat is not put on such a page.
	ModeReportOnly Mode = "report-only"
	// ModeOff passes the page on as it is. The chat is not put on such a page.
	// Danger: it shares the site's origin, so a hostile script on it can open a
	// page with an inline chat and read it.
	ModeOff Mode = "off"
)

// Scripts decides who may run.
type Scripts struct {
	// Default is the verdict on external scripts that nothing names. Default isolate.
	Default Verdict `yaml:"default"`
	// Inline is the verdict on inline scripts that nothing names. Default strip.
	// Danger: allow blesses whatever is injected into a page (CWE-79).
	Inline Verdict `yaml:"inline"`
	// Lists are files with filter lists in the syntax of Adblock Plus, like
	// EasyList, relative to the policy file. They decide nothing unless a rule
	// names them under match.list. Default: none.
	Lists []string `yaml:"lists"`
	Rules []Rule   `yaml:"rules"` // the first match wins

	compiled *conditions // the rules as Decide needs them
}

// Rule gives a verdict on the scripts that it matches.
type Rule struct {
	Name   string  `yaml:"name"`  // shown in reports and by explain. Required.
	Match  Match   `yaml:"match"` // Required.
	Action Verdict `yaml:"action"`
	// Compartment names the compartment of an isolated script. Default: one for
	// each origin that scripts come from.
	Compartment string `yaml:"compartment"`

	compartment []byte // Compartment
}

// Match holds conditions; a script matches when one of them holds.
type Match struct {
	// Src are globs of the script's URL. One that begins with "/" is of the
	// site's own origin. `**` stands for anything, `*` for anything but "/" in a
	// path and anything but "." in a host name. Without a "?" in the glob the
	// query is not looked at.
	Src []URLGlob `yaml:"src"`
	// Digest are CSP hashes of inline scripts, as "sha256-…", "sha384-…" or "sha512-…".
	Digest []Digest `yaml:"digest"`
	// List names one of scripts.lists, as it is written there: the URLs of
	// external scripts that the list blocks.
	// The guard cannot ask a list about a script that another script creates.
	// There a rule with a list that allows is left out, and behind a rule with a
	// list that isolates or strips nothing is allowed: what would be, is isolated.
	List string `yaml:"list"`
}

// Compartment is a frame with an opaque origin in which isolated scripts run.
type Compartment struct {
	// Visible puts the frame where the script stood. Default: a hidden frame.
	Visible bool `yaml:"visible"`
	// Width, Height and MaxHeight are in CSS pixels. Defaults 300, 250 and Height.
	Width     int `yaml:"width"`
	Height    int `yaml:"height"`
	MaxHeight int `yaml:"max_height"`
	// Connect are the origins that the compartment may reach beside those of its
	// own scripts.
	Connect []Origin `yaml:"connect"`
	// Popups lets a click open a window. Default false.
	Popups bool `yaml:"popups"`
}

// CSP is what the operator adds to the policy of a page.
type CSP struct {
	// Upstream is "combine": the upstream's own policies stay in force beside
	// ours, or "replace": they are dropped. Default combine.
	Upstream UpstreamCSP `yaml:"upstream"`
	// Directives are added to our policy or take the place of a default.
	// Script directives cannot be set.
	Directives map[string][]string `yaml:"directives"`
}

// UpstreamCSP is what becomes of the upstream's own policies.
type UpstreamCSP string

// What becomes of the upstream's own policies.
const (
	UpstreamCombine UpstreamCSP = "combine"
	UpstreamReplace UpstreamCSP = "replace"
)

// Limits bound what one client may cost.
type Limits struct {
	Body               Bytes `yaml:"body"`                 // of a request. Default 10MiB.
	Header             Bytes `yaml:"header"`               // of a request, all fields. Default 32KiB.
	SessionsPerAddress int   `yaml:"sessions_per_address"` // XMPP sessions. Default 20.
}

// URL is an absolute http or https URL.
type URL struct{ *url.URL }

// Prefix is a network or a single address.
type Prefix struct{ netip.Prefix }

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

	"chatproxy/policies/filters"
	"chatproxy/policies/lock"
)

// A Policy is one policy file. The zero value of a field is its default unless
// its comment names another.
type Policy struct {
	// Version is the version of the file's format. Only 1 is known. Required.
	Version int `yaml:"version"`
	// Listen are the addresses to listen on, host:port. Default 127.0.0.1:8080.
	Listen []string `yaml:"listen"`
	// TLS is the certificate of the listeners. Default: none, plain HTTP.
	TLS TLS `yaml:"tls"`
	// Console is the operator's listener, host:port. Default: none.
	// Danger: it has no log-in; keep it on loopback.
	Console string `yaml:"console"`

	// Site is the website behind the proxy. Required.
	Site Site `yaml:"site"`
	// Chat is the chat client and where it stands.
	Chat Chat `yaml:"chat"`
	// XMPP is the chat's server. Required.
	XMPP XMPP `yaml:"xmpp"`
	// Pages are rules that set the mode of pages; the first match wins. Default: all
	// are enforced.
	Pages []PageRule `yaml:"pages"`
	// Scripts is who may run.
	Scripts Scripts `yaml:"scripts"`
	// Compartments are the frames that isolated scripts run in, by name. Default: a
	// hidden one for each origin that scripts come from.
	Compartments map[string]Compartment `yaml:"compartments"`
	// CSP is what the operator adds to the policy of a page.
	CSP CSP `yaml:"csp"`
	// Limits are what one client may cost.
	Limits Limits `yaml:"limits"`

	// File is the path of the policy file, as it was given to Load or LoadSites. It
	// is not part of the file.
	File     string
	warnings Problems
}

// TLS names the files of the listeners' certificate.
type TLS struct {
	// Certificate is a PEM file with the certificate and its chain, relative to the
	// policy file. Default: none.
	Certificate string `yaml:"certificate"`
	// Key is a PEM file with the certificate's private key, relative to the policy
	// file. Default: none.
	// Danger: whoever reads it can be the site; nobody but chatproxy's user may.
	Key string `yaml:"key"`
	// ACME is how certificates are got without files. It is refused until it is
	// built. Default: not at all.
	ACME ACME `yaml:"acme"`
}

// ACME is how certificates are got from an authority (RFC 8555).
type ACME struct {
	// Email is where the authority writes when something is wrong. Default: none.
	Email string `yaml:"email"`
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
	// Danger: "inline" is no wall against a script that is allowed in the page.
	Placement Placement `yaml:"placement"`
	// Origin is the origin that the vault has to itself, like
	// https://chat.example.com. Required with placement vault.
	Origin Origin `yaml:"origin"`
	// Settings are Converse's own, as converse.initialize takes them. Addresses of
	// our endpoints, asset paths and the domain are set by chatproxy and win.
	// Default: none.
	Settings map[string]any `yaml:"settings"`
	// Plugins are the names of Converse plugins that may be registered beside the
	// build's own. Default: none.
	// Danger: a plugin reads every message.
	Plugins []string `yaml:"plugins"`
	// Cache is how the browser keeps messages between visits: "encrypted" with a
	// key that dies with the log-in, "memory" not at all, or "plain" as Converse
	// does. Default encrypted.
	// Danger: "plain" leaves conversations on a shared computer.
	Cache Cache `yaml:"cache"`
}

// Cache is how the browser keeps messages.
type Cache string

// The ways to keep messages.
const (
	CacheEncrypted Cache = "encrypted"
	CacheMemory    Cache = "memory"
	CachePlain     Cache = "plain"
)

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
	// Server is the address of the XMPP server, host:port. Default: the SRV records
	// of the domain, or the domain itself if it has none.
	Server string `yaml:"server"`
	// TLS is how the stream to the server is encrypted: "starttls" before anything
	// is said, "direct" from the first byte, "auto" for what the SRV records say of
	// each address, or "none". Which SRV records are used follows: `_xmpp-client` for
	// starttls, `_xmpps-client` for direct, both as one list by priority and weight
	// for auto (XEP-0368). Default: starttls with server, auto without.
	// Danger: "none" sends passwords in the clear; it is refused unless the server
	// is on loopback.
	TLS StreamTLS `yaml:"tls"`
	// CA is a PEM file of the authorities that sign the server's certificate,
	// relative to the policy file. It is for bosh.upstream and websocket.upstream too.
	// Default: the system's.
	CA string `yaml:"ca"`
	// ConnectTimeout is how long it may take to find the server and to connect to it,
	// all of its addresses together. Default 10s.
	ConnectTimeout Duration `yaml:"connect_timeout"`
	// HandshakeTimeout is how long STARTTLS and TLS with the server may take.
	// Default 10s.
	HandshakeTimeout Duration `yaml:"handshake_timeout"`
	// ProxyProtocol is whether the server is told each client's address before the
	// stream, by the PROXY protocol, version 2. Default false.
	// Danger: the server believes it from whoever connects: let only the proxy reach
	// that port. A server that does not expect it refuses every connection.
	ProxyProtocol bool `yaml:"proxy_protocol"`
	// BOSH is where XEP-0124 and XEP-0206 are spoken.
	BOSH BOSH `yaml:"bosh"`
	// WebSocket is where RFC 7395 is spoken.
	WebSocket Endpoint `yaml:"websocket"`
	// Origins are further origins whose pages may use bosh and websocket, beside the
	// site's own. Default: none.
	// Danger: a page of such an origin can do what a visitor's own chat can. A
	// compartment's frame cannot: its origin is "null", and that is never let in.
	Origins []Origin `yaml:"origins"`
	// Stanzas is the stanza policy: what clients and server may say to each other.
	Stanzas Stanzas `yaml:"stanzas"`
	// Drain is how clients are let go when the program ends, or when a reload names
	// another server.
	Drain Drain `yaml:"drain"`
}

// Drain is how clients are let go: BOSH clients are told system-shutdown, WebSocket
// clients get `<close/>` and status 1001, and the server keeps the sessions that it can
// (XEP-0198). The listeners are closed first, so that whoever comes back finds the next
// process.
type Drain struct {
	// Spread is the longest time over which clients are let go, so that not all of
	// them come back in one second. At most 200 are told in a second, so with few of
	// them it takes less. Default 10s.
	Spread Duration `yaml:"spread"`
	// Wait is how long requests and sessions may take to end after that. Default 10s.
	Wait Duration `yaml:"wait"`
	// SeeOtherURI is where WebSocket clients are sent, a wss or https URL: the
	// see-other-uri of RFC 7395. Default: none; they come back here.
	SeeOtherURI string `yaml:"see_other_uri"`
}

// StreamTLS is how the stream to the XMPP server is encrypted.
type StreamTLS string

// The ways to encrypt the stream.
const (
	StreamStartTLS StreamTLS = "starttls"
	StreamDirect   StreamTLS = "direct"
	StreamAuto     StreamTLS = "auto"
	StreamNone     StreamTLS = "none"
)

// Endpoint is the address of XMPP over WebSocket.
type Endpoint struct {
	// Enabled is whether the endpoint is served. Default true.
	Enabled *bool `yaml:"enabled"`
	// Path is an absolute path on the site's host. Default /xmpp-websocket.
	Path string `yaml:"path"`
	// Upstream is the XMPP server's own endpoint, a ws or wss URL, to which this one is
	// passed through where its own must be used. Plain ws is for a server on loopback
	// only; over it the server is asked for the host xmpp.domain, over wss for the
	// URL's. Default: none; the stream goes to xmpp.server.
	Upstream EndpointURL `yaml:"upstream"`
}

// On reports whether the endpoint is served.
func (e Endpoint) On() bool { return e.Enabled == nil || *e.Enabled }

// BOSH is the address of the connection manager, and what clients may ask it for.
// All times are whole seconds.
type BOSH struct {
	// Enabled is whether the endpoint is served. Default true.
	Enabled *bool `yaml:"enabled"`
	// Path is an absolute path on the site's host. Default /http-bind.
	Path string `yaml:"path"`
	// Upstream is the XMPP server's own endpoint, an http or https URL, to which this
	// one is passed through where its own must be used. Plain http is for a server on
	// loopback only; over it the server is asked for the host xmpp.domain, over https
	// for the URL's. Default: none; the stream goes to xmpp.server. With it, the keys
	// below are the server's affair.
	// Danger: a session that is passed through is not looked into: xmpp.stanzas is
	// refused beside it, and the limits of log-ins, stanzas and bytes do not hold for it.
	Upstream EndpointURL `yaml:"upstream"`
	// Wait is the longest time that a request is held; clients may ask for less.
	// Default 1m. Keep it below the time after which what stands in front cuts an idle
	// connection.
	Wait Duration `yaml:"wait"`
	// Hold is how many requests of a session are held at most, 1 to 4. More than one is
	// of no use to browsers, and each costs a connection. Default 1.
	Hold int `yaml:"hold"`
	// Inactivity is how long a session lives without a request. Default 1m.
	Inactivity Duration `yaml:"inactivity"`
	// Polling is the shortest time between two empty requests of a client that polls.
	// Default 2s.
	Polling Duration `yaml:"polling"`
	// MaxPause is the longest pause that a client may ask for. Default 2m.
	MaxPause Duration `yaml:"max_pause"`
	// Streams is how many streams a session may have, 1 to 16: accounts of one client.
	// Each counts as a session. Default 4.
	Streams int `yaml:"streams"`
	// Replay is how many bytes of responses are kept for a session whose client may not
	// have got them. More than that end the session. Default 4MiB.
	Replay Bytes `yaml:"replay"`
	// Compress is whether responses are compressed with gzip for clients that accept it.
	// Default false.
	// Danger: somebody who can write to a user and sees how long the encrypted responses
	// to the user are can guess at what else is in them (BREACH).
	Compress bool `yaml:"compress"`
	// FormerDomains were served here once. Clients that still ask for one are told that
	// it is gone, and not that it is unknown. Default: none.
	FormerDomains []string `yaml:"former_domains"`
	// SeeOtherURI is the https URL that clients are sent to which come without TLS.
	// Default: they are served.
	SeeOtherURI string `yaml:"see_other_uri"`
}

// On reports whether the endpoint is served.
func (b BOSH) On() bool { return b.Enabled == nil || *b.Enabled }

// PageRule sets the mode of the pages that it matches. The first match wins.
type PageRule struct {
	// Match is a glob of the request's path: `**` stands for anything, `*` for
	// anything but "/". Required.
	Match Glob `yaml:"match"`
	// Mode is "enforce", "report-only" (scripts go on running, what enforce would stop
	// is reported, no chat) or "off" (the page passes as it is, no chat). Required.
	// Danger: a page in mode off shares the site's origin, so a hostile script on it
	// can open a page with an inline chat and read it.
	Mode Mode `yaml:"mode"`
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
	// Danger: "allow" blesses whatever is injected into a page (CWE-79).
	Inline Verdict `yaml:"inline"`
	// Lists are files with filter lists in the syntax of Adblock Plus, like
	// EasyList, relative to the policy file. They decide nothing unless a rule
	// names them under match.list. Default: none.
	Lists []string `yaml:"lists"`
	// Lock is the file that chatproxy pin writes, relative to the policy file; each
	// script in it is allowed as long as it is what was pinned. Default: none.
	Lock string `yaml:"lock"`
	// Rules are what is asked, in this order and after the lock; the first match
	// wins. Default: none.
	Rules []Rule `yaml:"rules"`

	compiled   *conditions // the rules as Decide needs them
	lists      map[string]*filters.List
	locked     *lock.Compiled // nil without a lock
	pinsInline bool           // the lock has inline scripts
}

// Rule gives a verdict on the scripts that it matches.
type Rule struct {
	// Name is shown in reports, in the log and by explain. Required.
	Name string `yaml:"name"`
	// Match is which scripts the rule is for. Required.
	Match Match `yaml:"match"`
	// Action is "allow" (the script gets the nonce and runs in the page), "isolate"
	// (it runs in a compartment) or "strip" (it is removed). Required.
	Action Verdict `yaml:"action"`
	// Compartment is the name of an isolated script's compartment. Default: one for
	// each origin that scripts come from.
	Compartment string `yaml:"compartment"`
	// Forward are functions that scripts of the page call, like dataLayer.push, gtag or
	// fbq, by their path from the global object: the calls are passed on into the
	// rule's compartment, which must be named. Default: none.
	Forward []CallPath `yaml:"forward"`

	compartment []byte // Compartment
}

// Match says which scripts a rule is for: those for which one of src, digest, text
// and list holds, and each of page, type, id and class that is given. Without any of
// the first four it is for all scripts of which the others hold.
type Match struct {
	// Src are globs of the script's URL. One that begins with "/" is of the
	// site's own origin. `**` stands for anything, `*` for anything but "/" in a
	// path and anything but "." in a host name. Without a "?" in the glob the
	// query is not looked at. Default: none.
	Src []URLGlob `yaml:"src"`
	// Digest are CSP hashes of inline scripts, as "sha256-…", "sha384-…" or "sha512-…".
	// Default: none.
	Digest []Digest `yaml:"digest"`
	// Text are strings of which an inline script has one in its text, as it is
	// written. For isolate and strip only: whoever can inject a script can write
	// any string into it. Default: none.
	Text []string `yaml:"text"`
	// List is one of scripts.lists, as it is written there: the rule is for the
	// external scripts that the list blocks. Default: none.
	// The guard cannot ask a list about a script that another script creates.
	// There a rule with a list that allows is left out, and behind a rule with a
	// list that isolates or strips nothing is allowed: what would be, is isolated.
	// The same goes for rules with page, type, id or class.
	List string `yaml:"list"`
	// Page are globs of the paths of the pages that the rule is for. Default: all.
	Page []Glob `yaml:"page"`
	// Type are values of the script's type attribute, in any case. Default: any.
	// Danger: whoever injects markup writes it too; with "allow" it protects nothing.
	Type []string `yaml:"type"`
	// ID are values of the script's id attribute. Default: any.
	// Danger: whoever injects markup writes it too; with "allow" it protects nothing.
	ID []string `yaml:"id"`
	// Class are words of the script's class attribute, one of which it has.
	// Default: any.
	// Danger: whoever injects markup writes it too; with "allow" it protects nothing.
	Class []string `yaml:"class"`
}

// Compartment is a frame with an opaque origin in which isolated scripts run.
type Compartment struct {
	// Visible is whether the frame is seen: it stands where the script stood, or in the
	// slot. Default false.
	Visible bool `yaml:"visible"`
	// Slot is a CSS selector of the element of the page that a visible frame is put
	// into, instead of where its script stood; the first that matches counts. Scripts
	// that stand inside of such an element have a frame for each of them. Default: none.
	Slot string `yaml:"slot"`
	// Width is how wide a visible frame is, in CSS pixels, and never wider than what
	// it stands in. Default: the slot's width, or 300 without a slot.
	Width int `yaml:"width"`
	// Height is how high a visible frame is at first, in CSS pixels. Default: the
	// slot's height, or 250 where that is 0 or there is no slot.
	Height int `yaml:"height"`
	// MaxWidth is how wide a visible frame may become when its scripts ask for it, in
	// CSS pixels. Default: the width.
	MaxWidth int `yaml:"max_width"`
	// MaxHeight is how high a visible frame may become when its scripts ask for it or
	// its content needs it, in CSS pixels. Default: the height.
	MaxHeight int `yaml:"max_height"`
	// Connect are the servers that the compartment may reach beside those of its own
	// scripts, with requests, scripts, styles and whatever else. Default: none.
	Connect []Source `yaml:"connect"`
	// Images are the servers that it may load images, sound and video from beside
	// those. Default: none.
	Images []Source `yaml:"images"`
	// Frames are the servers whose pages it may have in frames of its own beside
	// those, like an ad's creative. Default: none.
	Frames []Source `yaml:"frames"`
	// Storage are the names of the cookies and storage keys that live on after the
	// visit, for this compartment alone; `*` in a name stands for anything. Default: none.
	Storage []string `yaml:"storage"`
	// Popups is whether a click may open a window. Default false.
	Popups bool `yaml:"popups"`
	// TopNavigation is whether a click may send the whole page to another address, as
	// some ads do. Default false.
	// Danger: a click that the visitor meant for something else in the frame can do it too.
	TopNavigation bool `yaml:"top_navigation"`
	// Permissions are the features of the browser that the frame may use, by their
	// names in Permissions-Policy, like autoplay. Default: none.
	Permissions []Feature `yaml:"permissions"`
}

// CSP is what the operator adds to the policy of a page.
type CSP struct {
	// Upstream is "combine": the upstream's own policies stay in force beside
	// ours, or "replace": they are dropped. Default combine.
	Upstream UpstreamCSP `yaml:"upstream"`
	// Directives are sources by the name of their directive, like img-src; each
	// is added to our policy or takes the place of our own directive of that name.
	// Script directives cannot be set. Default: none.
	// Danger: what is let in here is let in on pages with the chat too; a style
	// sheet can read messages.
	Directives map[string][]string `yaml:"directives"`
	// Reports is what becomes of the browsers' violation reports.
	Reports Reports `yaml:"reports"`
}

// Reports is how violation reports are kept.
type Reports struct {
	// Keep is how long a report is kept, like 30d or 12h. Default 30d.
	Keep Duration `yaml:"keep"`
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
	// Body is the largest body of a request, like 512KiB. Default 10MiB.
	Body Bytes `yaml:"body"`
	// Header is the largest header of a request, all fields together. Default 32KiB.
	Header Bytes `yaml:"header"`
	// SessionsPerAddress is how many XMPP sessions one client address may have. Of an
	// IPv6 address the first 64 bits count, here and below. Default 20.
	SessionsPerAddress int `yaml:"sessions_per_address"`
	// Sessions is how many XMPP sessions there may be. Default 20000.
	Sessions int `yaml:"sessions"`
	// NewSessionsPerAddress is how many XMPP sessions may begin in a second from one
	// client address. At once may begin as many as sessions_per_address and twice this
	// number. Default 5.
	NewSessionsPerAddress int `yaml:"new_sessions_per_address"`
	// NewSessions is how many XMPP sessions may begin in a second in all, and at once
	// twice as many. Default 500.
	NewSessions int `yaml:"new_sessions"`
	// LoginFailuresPerAddress is how many log-ins from one client address may fail
	// before the next has to wait: a second at first, up to 15 minutes. After 15
	// minutes without a failure all is forgotten. Default 20.
	LoginFailuresPerAddress int `yaml:"login_failures_per_address"`
	// LoginFailuresPerAccount is the same for one account, whose next log-in waits up
	// to a minute: with more, anybody could keep others out. For PLAIN and SCRAM,
	// which name the account first. Default 10.
	LoginFailuresPerAccount int `yaml:"login_failures_per_account"`
	// StanzasPerSecond is how many stanzas a client may send in a second, and at once
	// ten times as many. A client that is faster is read more slowly. Default 100.
	StanzasPerSecond int `yaml:"stanzas_per_second"`
	// StanzaBytesPerSecond is the same for bytes. Default 256KiB.
	StanzaBytesPerSecond Bytes `yaml:"stanza_bytes_per_second"`
	// Flood is how long a client may try to be faster than that before its session
	// ends. Default 30s.
	Flood Duration `yaml:"flood"`
	// SessionIdle is how long an XMPP session lives without a stanza. Default 1d.
	SessionIdle Duration `yaml:"session_idle"`
	// SessionLife is how long an XMPP session lives at all. Default 7d.
	SessionLife Duration `yaml:"session_life"`
}

// URL is an absolute http or https URL.
type URL struct{ *url.URL }

// EndpointURL is an absolute http, https, ws or wss URL with a path.
type EndpointURL struct{ *url.URL }

// Prefix is a network or a single address.
type Prefix struct{ netip.Prefix }

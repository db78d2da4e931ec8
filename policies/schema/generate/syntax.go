package main

// A syntax is how the text of a scalar is written. The schema takes whatever the
// loader takes, and as little else as a regular expression can say.
type syntax struct {
	one, many string   // what a reader calls it
	pattern   string   // of the whole text, in the dialect that Go and JavaScript share
	number    bool     // a plain number does too
	examples  []string // for the schema
}

// syntaxes are those of the types with UnmarshalText that are no closed set of words.
var syntaxes = map[string]syntax{
	"URL":         {"URL of a server", "URLs of servers", `[hH][tT][tT][pP][sS]?://[^/?#@*'";,\s]+/*`, false, []string{"http://127.0.0.1:3000"}},
	"EndpointURL": {"URL of an endpoint", "URLs of endpoints", `(?:[hH][tT][tT][pP][sS]?|[wW][sS][sS]?)://[^/?#@*'";,\s]+(?:/[^?#\s]*)?`, false, []string{"http://127.0.0.1:5280/http-bind", "wss://xmpp.example.com/xmpp-websocket"}},
	"Origin":      {"origin", "origins", `[hH][tT][tT][pP][sS]?://[^/?#@*'";,\s]+/*`, false, []string{"https://ads.example"}},
	"Source":      {"source", "[sources](#sources)", `[hH][tT][tT][pP][sS]?:(?://(?:\*\.)?[^/?#@*'";,\s]+/*)?`, false, []string{"https://ads.example", "https://*.ads.example", "https:"}},
	"CallPath":    {"function", "functions", `[A-Za-z_$][A-Za-z0-9_$]*(?:\.[A-Za-z_$][A-Za-z0-9_$]*){0,7}`, false, []string{"dataLayer.push", "gtag"}},
	"Feature":     {"feature", "features", `[a-z][a-z0-9-]*`, false, []string{"autoplay", "fullscreen"}},
	"Prefix":      {"network", "networks", `[0-9a-fA-F:.]+(?:%\w+)?(?:/[0-9]{1,3})?`, false, []string{"10.0.0.0/8", "192.0.2.7"}},
	"Bytes":       {"[size](#sizes)", "[sizes](#sizes)", `\+?0*[1-9][0-9]*(?:KiB|MiB|GiB)?`, true, []string{"32KiB", "10MiB"}},
	"Duration":    {"[duration](#durations)", "[durations](#durations)", `\+?(?:0*[1-9][0-9]*d|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)`, false, []string{"12h", "30d"}},
	"Digest":      {"digest", "digests", `'*(?:sha256-[A-Za-z0-9+/]{43}=|sha384-[A-Za-z0-9+/]{64}|sha512-[A-Za-z0-9+/]{86}==)'*`, false, []string{"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}},
	"Glob":        {"[page glob](#pages-by-path)", "[page globs](#pages-by-path)", `/.*`, false, []string{"/**", "/admin/**"}},
	"URLGlob":     {"[script glob](#scripts-by-address)", "[script globs](#scripts-by-address)", `/(?:[^/].*)?|https?://[^/@?#%\s\\]+/.*`, false, []string{"/static/**", "https://ads.example/**"}},
	"JIDGlob":     {"JID glob", "JID globs", `[^@/]+(?:@[^@/]+)?(?:/.+)?`, false, []string{"support@example.com", "*@example.com"}},
}

// variable is what stands for the value of an environment variable, of which the
// schema knows nothing: such a text passes.
const variable = `\$\{`

// A bound is what the type of a key does not say.
type bound struct {
	one   int    // the only number; 0 for any
	text  string // pattern of the text
	names string // pattern of the names of a map
}

// bounds are by block, in Go, and key.
var bounds = map[string]bound{
	"Policy.version":      {one: 1},
	"Policy.compartments": {names: `^[a-z0-9_-]+$`},
	"CSP.directives":      {names: `^[^A-Z]*$`},
	"Endpoint.path":       {text: `^/|` + variable},
	"BOSH.path":           {text: `^/|` + variable},
}

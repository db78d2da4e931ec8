package rewrite

import (
	"slices"
	"strings"
)

// Kind is how a script comes into the page.
type Kind string

// The kinds that the rewriter decides on.
const (
	External Kind = "external" // <script src>
	Inline   Kind = "inline"   // <script> with text, import maps and speculation rules among them
	Preload  Kind = "preload"  // <link rel=modulepreload> and <link rel=preload as=script>
)

// A Script is one that the page asks to run or to load.
type Script struct {
	Kind   Kind
	Line   int
	Column int
	Src    string // as written, character references decoded; not resolved
	Text   string // of an inline script, line ends normalised as the browser hashes it
	Type   string // "" for a classic script, else "module", "importmap", "speculationrules"
	Nonce  string // what the upstream wrote
}

// Action is what the rewriter does with a script.
type Action struct {
	Do Edit
	// Compartment is where an isolated script will run.
	Compartment string
}

// Edit is one of the three things that can happen to a script.
type Edit int

// The edits. The zero value is the one that grants nothing.
const (
	Strip Edit = iota
	Isolate
	Allow
)

// scriptType tells what a <script> is, by "prepare the script element" (HTML
// §4.12.1.1) and whether the browser runs it at all; what it does not run is data.
func scriptType(tag *startTag) (kind string, runs bool) {
	typ, hasType := tag.get("type")
	language, hasLanguage := tag.get("language")
	switch {
	case hasType && typ == "", !hasType && (!hasLanguage || language == ""):
		return "", true
	case !hasType:
		typ = "text/" + language
	}
	typ = strings.ToLower(strings.Trim(typ, " \t\n\f\r"))
	switch {
	case slices.Contains(javaScriptTypes, typ):
		return "", true
	case typ == "module", typ == "importmap", typ == "speculationrules":
		return typ, true
	}
	return typ, false
}

// javaScriptTypes are the JavaScript MIME type essence strings, MIME Sniffing §4.6.
var javaScriptTypes = []string{
	"application/ecmascript", "application/javascript", "application/x-ecmascript", "application/x-javascript",
	"text/ecmascript", "text/javascript", "text/javascript1.0", "text/javascript1.1", "text/javascript1.2",
	"text/javascript1.3", "text/javascript1.4", "text/javascript1.5", "text/jscript", "text/livescript",
	"text/x-ecmascript", "text/x-javascript",
}

// loadsScript reports whether a <link> fetches a script ahead of its use.
func loadsScript(tag *startTag) bool {
	rel, _ := tag.get("rel")
	as, _ := tag.get("as")
	for _, token := range strings.Fields(strings.ToLower(rel)) {
		if token == "modulepreload" || token == "preload" && strings.EqualFold(strings.TrimSpace(as), "script") {
			return true
		}
	}
	return false
}

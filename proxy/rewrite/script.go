package rewrite

// Kind is how a script comes into the page.
type Kind string

// The kinds that the rewriter decides on.
const (
	External      Kind = "external"       // <script src>, in SVG <script href>
	Inline        Kind = "inline"         // <script> with text, import maps and speculation rules among them
	Preload       Kind = "preload"        // <link rel=modulepreload> and <link rel=preload as=script>
	Handler       Kind = "handler"        // an event handler content attribute
	JavaScriptURL Kind = "javascript-url" // an attribute with a javascript: URL
	Style         Kind = "style"          // <style> or <link> that carries a nonce; it is allowed or left without
)

// A Script is one that the page asks to run or to load. Its bytes are valid until
// Decide returns.
type Script struct {
	Kind      Kind
	Src       []byte // as written, character references decoded; not resolved
	Text      []byte // what the browser hashes: of an inline script with line ends normalised, of a handler its code, of a javascript: URL all of it
	HasText   bool   // Text is known
	TooLong   bool   // an inline script whose text can never be known, by its length or its form
	Type      string // "" for a classic script, else "module", "importmap", "speculationrules"
	Nonce     []byte // what the upstream wrote
	Attribute []byte // the name of the attribute, of a handler or a javascript: URL

	page *Rewriter // for Position and Value
	tok  []byte    // the element's start tag, for Value
}

// Value returns what the script's element has under another attribute, by its name
// in lower case: character references decoded, nil where it has none. Like the
// script's bytes it is there until Decide returns.
func (s *Script) Value(name string) []byte {
	if s.tok == nil {
		return nil // the script is an attribute itself
	}
	return s.page.attributeValue(s.tok, name)
}

// Action is what the rewriter does with a script.
type Action struct {
	Do Edit
	// Compartment is where an isolated script will run.
	Compartment []byte
	// Integrity is what an allowed external script must be, as Subresource Integrity
	// writes it; it takes the place of the upstream's own. CrossOrigin is true when
	// the script comes from another origin, which has to let the browser look (SRI §3.5).
	Integrity   string
	CrossOrigin bool
}

// Edit is one of the things that can happen to a script.
type Edit int

// The edits. The zero value is the one that grants nothing.
const (
	// Strip takes the script out: the element with its text, the handler's
	// attribute, the code of a javascript: URL.
	Strip Edit = iota
	// Isolate makes it inert data for the guard, at its place in the page. What is
	// no script element is stripped instead.
	Isolate
	// Allow grants the nonce. Handlers and javascript: URLs stay as they are; the
	// policy's hashes decide on them.
	Allow
	// NeedText asks to be asked again with the text of an inline script. It is an
	// answer only while neither HasText nor TooLong is set.
	NeedText
)

// scriptType tells what a <script> is, by "prepare the script element" (HTML
// §4.12.1.1) and whether the browser runs it at all; what it does not run is data.
func (r *Rewriter) scriptType(tok []byte) (kind string, runs bool) {
	typ := r.tag.find(tok, "type")
	if typ == nil {
		language := r.tag.find(tok, "language")
		if language == nil || language.value == language.valueEnd {
			return "", true
		}
		from := len(r.values)
		r.values = append(append(r.values, "text/"...), r.value(tok, language)...)
		return mimeType(r.values[from:])
	}
	if typ.value == typ.valueEnd {
		return "", true
	}
	return mimeType(trimSpace(r.value(tok, typ)))
}

func mimeType(typ []byte) (kind string, runs bool) {
	var buf [32]byte // longer than every type that runs
	if len(typ) > len(buf) {
		return "", false
	}
	for i, c := range typ {
		buf[i] = lower[c]
	}
	switch string(buf[:len(typ)]) {
	case "module":
		return "module", true
	case "importmap":
		return "importmap", true
	case "speculationrules":
		return "speculationrules", true
	// The JavaScript MIME type essence strings, MIME Sniffing §4.6.
	case "application/ecmascript", "application/javascript", "application/x-ecmascript", "application/x-javascript",
		"text/ecmascript", "text/javascript", "text/javascript1.0", "text/javascript1.1", "text/javascript1.2",
		"text/javascript1.3", "text/javascript1.4", "text/javascript1.5", "text/jscript", "text/livescript",
		"text/x-ecmascript", "text/x-javascript":
		return "", true
	}
	return "", false
}

// loadsScript reports whether a <link> fetches a script ahead of its use.
func (r *Rewriter) loadsScript(tok []byte) bool {
	rel, as := r.tag.find(tok, "rel"), r.tag.find(tok, "as")
	if rel == nil {
		return false
	}
	for tokens := r.value(tok, rel); ; {
		for len(tokens) > 0 && class[tokens[0]]&isSpace != 0 {
			tokens = tokens[1:]
		}
		n := 0
		for n < len(tokens) && class[tokens[n]]&isSpace == 0 {
			n++
		}
		switch token := tokens[:n]; {
		case n == 0:
			return false
		case equalFold(token, "modulepreload"):
			return true
		case equalFold(token, "preload") && as != nil && equalFold(trimSpace(r.value(tok, as)), "script"):
			return true
		}
		tokens = tokens[n:]
	}
}

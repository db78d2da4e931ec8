package rewrite

// maxName is the longest element name that is told apart; the longest that the
// standard knows, feComponentTransfer, has 19 bytes.
const maxName = 24

// kind of an HTML element, by what it means to the rewriter.
type kind byte

const (
	other        kind = iota
	void              // no content, HTML §13.1.2
	htmlElement       // <html>
	headElement       // <head>
	rawText           // RAWTEXT or RCDATA follows its start tag
	plaintext         // everything after it is text
	script            // script data follows
	style             // RAWTEXT follows; may carry a nonce
	link              // void
	meta              // void
	base              // void
	iframe            // RAWTEXT follows; has a srcdoc
	svgRoot           // <svg>
	mathRoot          // <math>
	selectOrPart      // <select>
	template          // <template>
	frameset          // <frameset>
	tableOrPart       // <table> and what only stands in one; <col> is void
)

// kindOf returns the kind of an element by its lower-case name. With scripting on,
// as in every browser that has scripts to protect, <noscript> is raw text
// (§13.2.6.4.4).
func kindOf(name []byte) kind {
	switch string(name) {
	case "html":
		return htmlElement
	case "head":
		return headElement
	case "script":
		return script
	case "style":
		return style
	case "title", "textarea", "xmp", "noembed", "noframes", "noscript":
		return rawText
	case "iframe":
		return iframe
	case "plaintext":
		return plaintext
	case "link":
		return link
	case "meta":
		return meta
	case "base":
		return base
	case "svg":
		return svgRoot
	case "math":
		return mathRoot
	case "select":
		return selectOrPart
	case "template":
		return template
	case "frameset":
		return frameset
	case "table", "caption", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr", "col":
		return tableOrPart
	case "area", "basefont", "bgsound", "br", "embed", "frame", "hr", "image", "img", "input", "keygen", "param", "source", "track", "wbr":
		return void
	}
	return other
}

// eventful tells by the first byte of a name and its length whether the name may be
// one that matters in plain HTML, where most tags change nothing.
var eventful = func() (table [256]uint32) {
	for _, name := range [...]string{
		"html", "head", "script", "style", "title", "textarea", "xmp", "noembed", "noframes", "noscript", "iframe", "plaintext",
		"link", "meta", "base", "svg", "math", "select", "template", "frameset", "table",
	} {
		table[name[0]] |= 1 << len(name)
		table[name[0]-'a'+'A'] |= 1 << len(name)
	}
	return table
}()

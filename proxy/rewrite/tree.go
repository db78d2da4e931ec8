package rewrite

// tree follows as much of the tree builder as the tokenizer's state needs: the
// elements open from the outermost <svg> or <math> inwards (HTML §13.2.6.5), and
// whether a <select> or <template> is open. Inside <svg> a <style> is an ordinary
// element and the <script> in it is live; a rewriter that does not follow the tree
// sees scripts where the browser sees text, and the other way round.
//
// It is exact where markup is well nested there, and says when it is not
// (ambiguity.go). In plain HTML, which is nearly all of every page, it has nothing
// to do: see [tree.plain].
type tree struct {
	open      []element // from the outermost foreign element; empty in plain HTML
	selects   bool      // inside <select>
	templates int       // depth of <template> in plain HTML
	tables    bool      // a <table> was seen in plain HTML
	scanned   bool      // the last tag is one that a preload scanner reads as raw text
	text      bool      // text was seen in plain HTML, so the body has begun (§13.2.6.4.7, frameset-ok)
	doubts    doubt
}

// maxDepth bounds the elements that are followed in foreign content. Browsers stop
// nesting at 512.
const maxDepth = 256

type namespace byte

const (
	inHTML namespace = iota
	inSVG
	inMathML
)

type element struct {
	name   [maxName]byte
	length uint8
	ns     namespace
}

func newElement(name []byte, ns namespace) element {
	e := element{length: uint8(len(name)), ns: ns}
	copy(e.name[:], name)
	return e
}

func (e *element) is(name []byte) bool { return string(e.name[:e.length]) == string(name) }

// plain reports whether no open element changes how tags are read.
func (t *tree) plain() bool { return len(t.open) == 0 && !t.selects && t.templates == 0 }

// foreign reports whether the adjusted current node is outside the HTML
// namespace: CDATA sections exist there, and raw text elements do not.
func (t *tree) foreign() bool { return len(t.open) > 0 && t.open[len(t.open)-1].ns != inHTML }

// htmlRules reports whether a start tag is read by the rules for HTML: in plain
// HTML and at integration points (§13.2.6).
func (t *tree) htmlRules() bool {
	return len(t.open) == 0 || t.open[len(t.open)-1].integrationPoint()
}

func (e *element) integrationPoint() bool {
	name := string(e.name[:e.length])
	switch e.ns {
	case inHTML:
		return true
	case inSVG:
		return name == "foreignobject" || name == "desc" || name == "title"
	}
	switch name {
	case "mi", "mo", "mn", "ms", "mtext":
		return true
	}
	return false
}

// startTag notes a start tag. It returns the namespace that the element gets, and
// whether the tree builder ignores the tag.
func (t *tree) startTag(name []byte, k kind, tag *startTag, tok []byte) (ns namespace, ignored bool) {
	t.markup()
	if len(t.open) > 0 && !t.htmlRules() {
		return t.foreignStartTag(name, k, tag, tok), false
	}
	if t.selects && !plainInSelect(name) {
		t.doubt(doubtSelect) // Chromium reads it as in body, others ignore it or close the select
	}
	switch k {
	case svgRoot, mathRoot:
		ns = inSVG
		if k == mathRoot {
			ns = inMathML
		}
		if !tag.selfClosing {
			t.push(name, ns)
		}
		return ns, false
	case frameset:
		if t.text {
			return inHTML, true // in body, with frameset-ok "not ok": a parse error, ignored
		}
		t.doubt(doubtFrameset)
	case selectOrPart:
		t.selects = true
	case template:
		if len(t.open) > 0 {
			// html.Parse loses its content there, browsers do not.
			t.doubt(doubtTemplate)
		}
		t.templates++
	case tableOrPart:
		t.tableTag(name)
	}
	if len(t.open) > 0 {
		switch {
		case string(name) == "mglyph", string(name) == "malignmark":
			t.doubt(doubtGlyph)
		case closesParagraph(name) && t.inParagraph():
			// Its </p> finds none: it breaks out in Firefox, in others it does not.
			t.doubt(doubtNesting)
		}
		switch k {
		case void, link, meta, base:
		default:
			if string(name) != "col" {
				t.push(name, inHTML)
			}
		}
	}
	return inHTML, false
}

// tableTag notes the start tag of a table or of one of its parts.
func (t *tree) tableTag(name []byte) {
	if t.doubts != certain {
		return // there is nothing left to learn, and the search may be long
	}
	if len(t.open) == 0 {
		if t.templates > 0 && (string(name) == "col" || string(name) == "colgroup") {
			// "in column group" without a colgroup ignores start tags, raw text or not.
			t.doubt(doubtTableTemplate)
		}
		t.tables = true
		return
	}
	// At an integration point the insertion mode is still that of a table outside,
	// if there is one, and closes what is open inside of it. A table that began
	// after the integration point is as it looks.
	outside := false
	for i := len(t.open) - 1; i >= 0; i-- {
		e := &t.open[i]
		switch {
		case e.ns != inHTML:
			outside = true
		case string(e.name[:e.length]) == "table":
			if outside {
				t.doubt(doubtTable)
			}
			return
		}
	}
	if t.tables || t.templates > 0 {
		t.doubt(doubtTable)
	}
}

// foreignStartTag is §13.2.6.5, "any other start tag" and those that break out.
func (t *tree) foreignStartTag(name []byte, k kind, tag *startTag, tok []byte) namespace {
	ns := t.open[len(t.open)-1].ns
	if breaksOut(name) || string(name) == "font" && hasFontAttribute(tag, tok) {
		for len(t.open) > 0 && !t.htmlRules() {
			t.open = t.open[:len(t.open)-1]
		}
		ns, _ := t.startTag(name, k, tag, tok)
		return ns
	}
	if string(name) == "annotation-xml" {
		t.doubt(doubtAnnotation) // an integration point by its attributes and children
	}
	if !tag.selfClosing {
		t.push(name, ns)
	}
	if readAsRawText(name) {
		if t.scanned = true; tag.selfClosing {
			t.markup()
		}
	}
	return ns
}

// markup notes a tag or a comment. After the start tag of a <style> in SVG, the preload
// scanners of Chromium and WebKit, which know nothing of the tree, read raw text up to
// its end tag. They would find "<img src='//evil/?" where the page has a comment, and
// send off what follows, nonce and all, as the address of an image (CWE-200).
func (t *tree) markup() {
	if t.scanned {
		t.scanned = false
		t.doubt(doubtPreload)
	}
}

// inParagraph reports whether a <p> is open since the last foreign element.
func (t *tree) inParagraph() bool {
	for i := len(t.open) - 1; i >= 0 && t.open[i].ns == inHTML; i-- {
		if t.open[i].is(paragraph) {
			return true
		}
	}
	return false
}

var paragraph = []byte("p")

func (t *tree) push(name []byte, ns namespace) {
	switch {
	case name == nil:
		t.doubt(doubtName)
	case len(t.open) == maxDepth:
		t.doubt(doubtDepth)
	default:
		t.open = append(t.open, newElement(name, ns))
	}
}

// endTag notes an end tag.
func (t *tree) endTag(name []byte) {
	if t.scanned && len(t.open) > 0 && t.open[len(t.open)-1].is(name) {
		t.scanned = false
	}
	t.markup()
	if len(t.open) == 0 {
		switch string(name) {
		case "select":
			t.selects = false
		case "template":
			if t.templates > 0 {
				t.templates--
				t.selects = false // it stood inside
			}
		default:
			if t.selects && !plainInSelect(name) {
				t.doubt(doubtSelect)
			}
		}
		return
	}
	if string(name) == "select" {
		t.selects = false
	}
	if t.foreign() {
		// Up through the foreign elements; what passes an HTML element is read
		// by rules that need the whole stack, and </p> and </br> break out.
		if string(name) != "p" && string(name) != "br" {
			lowest := 0
			if t.doubts != certain {
				// A search that fails begins the doubt. After that it must not be
				// long, or a page of such tags takes quadratic time (CWE-407).
				lowest = max(0, len(t.open)-8)
			}
			for i := len(t.open) - 1; i >= lowest && t.open[i].ns != inHTML; i-- {
				if t.open[i].is(name) {
					if t.open[i].ns != t.open[len(t.open)-1].ns {
						// Chromium and WebKit give the end tag the case that names
						// have where it stands, and then it is not this element's.
						t.doubt(doubtNesting)
					}
					t.open = t.open[:i]
					return
				}
			}
		}
		t.doubt(doubtNesting)
		return
	}
	if t.open[len(t.open)-1].is(name) {
		t.open = t.open[:len(t.open)-1]
		return
	}
	if k := kindOf(name); string(name) != "br" && (k == void || k == link || k == meta || k == base) {
		return // a parse error, ignored
	}
	t.doubt(doubtNesting)
}

// plainInSelect is what every browser reads alike inside <select>.
func plainInSelect(name []byte) bool {
	switch string(name) {
	case "option", "optgroup", "hr", "select", "script":
		return true
	}
	return false
}

// readAsRawText lists the start tags after which a tokenizer that does not know the
// tree leaves the data state.
func readAsRawText(name []byte) bool {
	switch kindOf(name) {
	case rawText, script, style, iframe, plaintext:
		return true
	}
	return false
}

// closesParagraph lists the start tags that close an open <p>, §13.2.6.4.7.
func closesParagraph(name []byte) bool {
	switch string(name) {
	case "address", "article", "aside", "blockquote", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt",
		"fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr",
		"li", "listing", "main", "menu", "nav", "ol", "p", "plaintext", "pre", "search", "section", "summary", "table",
		"ul", "xmp":
		return true
	}
	return false
}

// breaksOut lists the start tags that end foreign content, §13.2.6.5.
func breaksOut(name []byte) bool {
	switch string(name) {
	case "b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em",
		"embed", "h1", "h2", "h3", "h4", "h5", "h6", "head", "hr", "i", "img", "li", "listing", "menu", "meta", "nobr",
		"ol", "p", "pre", "ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul", "var":
		return true
	}
	return false
}

func hasFontAttribute(tag *startTag, tok []byte) bool {
	return tag.find(tok, "color") != nil || tag.find(tok, "face") != nil || tag.find(tok, "size") != nil
}

// inSVG reports whether a start tag that is not read by HTML's rules makes an
// element of SVG.
func (t *tree) inSVG() bool {
	return len(t.open) > 0 && !t.htmlRules() && t.open[len(t.open)-1].ns == inSVG
}

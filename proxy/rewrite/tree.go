package rewrite

import "slices"

// The tree builder decides how the tokenizer reads on: inside <svg> a <style> is
// an ordinary element and the <script> in it is live, in <select> some browsers
// ignore a <textarea> and others do not. A rewriter that does not follow the
// tree sees scripts where the browser sees text, and the other way round;
// Cloudflare's became a gadget for cross-site scripting that way.
//
// tree follows as much of the tree as the tokenizer's state needs: the elements
// open from the outermost <svg> or <math> inwards (HTML §13.2.6.5), and whether a
// <select> or <template> is open. It is exact where markup is well nested there.
// Where it cannot be certain it says so once and for ever: [tree.ambiguous].
// From then on the document is granted nothing. What the tree believes after that
// no longer matters, because nothing that it finds gets a nonce.
type tree struct {
	open      []element // from the outermost foreign element; empty in plain HTML
	selects   bool      // inside <select>
	templates int       // depth of <template> in plain HTML
	ambiguous string    // why, or "" while all is certain
}

type namespace byte

const (
	inHTML namespace = iota
	inSVG
	inMathML
)

type element struct {
	name string
	ns   namespace
}

// foreign reports whether the adjusted current node is outside the HTML
// namespace: CDATA sections exist there, and raw text elements do not.
func (t *tree) foreign() bool { return len(t.open) > 0 && t.open[len(t.open)-1].ns != inHTML }

// htmlRules reports whether a start tag is read by the rules for HTML: in plain
// HTML and at integration points (§13.2.6).
func (t *tree) htmlRules() bool {
	return len(t.open) == 0 || t.open[len(t.open)-1].integrationPoint()
}

func (e element) integrationPoint() bool {
	switch e.ns {
	case inHTML:
		return true
	case inSVG:
		return e.name == "foreignobject" || e.name == "desc" || e.name == "title"
	}
	switch e.name {
	case "mi", "mo", "mn", "ms", "mtext":
		return true
	}
	return false
}

func (t *tree) doubt(why string) {
	if t.ambiguous == "" {
		t.ambiguous = why
	}
}

// startTag notes a start tag. It returns the namespace that the element gets.
func (t *tree) startTag(name string, tag *startTag) namespace {
	if len(t.open) > 0 && !t.htmlRules() {
		return t.foreignStartTag(name, tag)
	}
	if t.selects && !slices.Contains(plainInSelect, name) {
		// Chromium reads this as in body, others ignore or close the select.
		t.doubt("<" + name + "> inside <select>")
	}
	if t.templates > 0 && (name == "col" || name == "colgroup") {
		// "in column group" without a colgroup ignores start tags, raw text or not.
		t.doubt("<" + name + "> inside <template>")
	}
	switch name {
	case "svg", "math":
		ns := inSVG
		if name == "math" {
			ns = inMathML
		}
		if !tag.selfClosing {
			t.open = append(t.open, element{name, ns})
		}
		return ns
	case "frameset":
		t.doubt("<frameset>") // after it start tags are ignored
	case "select":
		t.selects = true
	case "template":
		if len(t.open) > 0 {
			// html.Parse loses its content there, browsers do not: no oracle.
			t.doubt("<template> inside foreign content")
		}
		t.templates++
	case "mglyph", "malignmark":
		if len(t.open) > 0 {
			t.doubt("<" + name + "> at an integration point")
		}
	}
	if len(t.open) > 0 && !slices.Contains(void, name) {
		t.open = append(t.open, element{name, inHTML})
	}
	return inHTML
}

// foreignStartTag is §13.2.6.5, "any other start tag" and those that break out.
func (t *tree) foreignStartTag(name string, tag *startTag) namespace {
	ns := t.open[len(t.open)-1].ns
	if slices.Contains(breakouts, name) || name == "font" && hasAny(tag, "color", "face", "size") {
		for len(t.open) > 0 && !t.htmlRules() {
			t.open = t.open[:len(t.open)-1]
		}
		return t.startTag(name, tag)
	}
	if name == "annotation-xml" {
		t.doubt("<annotation-xml>") // an integration point by its attributes and children
	}
	if !tag.selfClosing {
		t.open = append(t.open, element{name, ns})
	}
	return ns
}

// endTag notes an end tag.
func (t *tree) endTag(name string) {
	if len(t.open) == 0 {
		switch name {
		case "select":
			t.selects = false
		case "template":
			t.templates = max(0, t.templates-1)
		default:
			if t.selects && !slices.Contains(plainInSelect, name) {
				t.doubt("</" + name + "> inside <select>")
			}
		}
		return
	}
	if name == "select" {
		t.selects = false
	}
	if t.foreign() {
		if name == "p" || name == "br" {
			// Breaks out like the start tags.
			t.doubt("</" + name + "> in foreign content")
			return
		}
		// Up through the foreign elements; what passes an HTML element is read
		// by rules that need the whole stack.
		for i := len(t.open) - 1; i >= 0 && t.open[i].ns != inHTML; i-- {
			if t.open[i].name == name {
				t.open = t.open[:i]
				return
			}
		}
		t.doubt("</" + name + "> closes nothing in foreign content")
		return
	}
	if top := t.open[len(t.open)-1]; top.name == name {
		t.open = t.open[:len(t.open)-1]
		return
	}
	if slices.Contains(void, name) && name != "br" {
		return // a parse error, ignored
	}
	t.doubt("</" + name + "> is badly nested inside foreign content")
}

// plainInSelect is what every browser reads alike inside <select>.
var plainInSelect = []string{"option", "optgroup", "hr", "select", "script"}

// void elements have no content, HTML §13.1.2.
var void = []string{"area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img",
	"input", "keygen", "link", "meta", "param", "source", "track", "wbr"}

// breakouts are the start tags that end foreign content, §13.2.6.5.
var breakouts = []string{"b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em",
	"embed", "h1", "h2", "h3", "h4", "h5", "h6", "head", "hr", "i", "img", "li", "listing", "menu", "meta", "nobr",
	"ol", "p", "pre", "ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul", "var"}

func hasAny(tag *startTag, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { _, ok := tag.get(name); return ok })
}

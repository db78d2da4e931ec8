package rewrite

import "strings"

// hostile are pages of about n bytes that are built to be slow, or to be held.
var hostile = map[string]func(n int) string{
	"one huge tag name":        func(n int) string { return "<" + strings.Repeat("a", n) + ">" },
	"one huge attribute name":  func(n int) string { return "<a " + strings.Repeat("b", n) + ">" },
	"one huge attribute value": func(n int) string { return `<a b="` + strings.Repeat("c", n) + `">` },
	"one huge unquoted value":  func(n int) string { return `<a b=` + strings.Repeat("c", n) + `>` },
	"one huge script tag":      func(n int) string { return `<script b="` + strings.Repeat("c", n) + `">good</script>` },
	"many attributes":          func(n int) string { return "<a " + strings.Repeat("b=c ", n/4) + ">" },
	"many handlers in one tag": func(n int) string { return "<a " + strings.Repeat("onx=c ", n/6) + ">" },
	"many slashes":             func(n int) string { return "<a" + strings.Repeat("/", n) + ">" },
	"many tags of equal attributes": func(n int) string {
		return strings.Repeat("<script "+strings.Repeat("b ", maxAttributes-1)+"></script>", n/(2*maxAttributes+16))
	},
	"nested SVG":             func(n int) string { return strings.Repeat("<svg>", n/5) },
	"nested SVG integration": func(n int) string { return strings.Repeat("<svg><desc>", n/11) },
	"deep nesting":           func(n int) string { return strings.Repeat("<div>", n/5) },
	"end tags in SVG":        func(n int) string { return "<svg>" + strings.Repeat("<g>", 200) + strings.Repeat("</x>", n/4) },
	"open comments":          func(n int) string { return strings.Repeat("<!--", n/4) },
	"dashes in a comment":    func(n int) string { return "<!--" + strings.Repeat("-", n) },
	"almost closed comments": func(n int) string { return "<!--" + strings.Repeat("--!", n/3) },
	"open CDATA":             func(n int) string { return "<svg>" + strings.Repeat("<![CDATA[", n/9) },
	"brackets in CDATA":      func(n int) string { return "<svg><![CDATA[" + strings.Repeat("]", n) },
	"almost closed script":   func(n int) string { return "<script>" + strings.Repeat("</scr", n/5) },
	"escaped script":         func(n int) string { return "<script><!--" + strings.Repeat("<script", n/7) },
	"double escaped script":  func(n int) string { return "<script><!--" + strings.Repeat("<script></script>", n/17) },
	"dashes in a script":     func(n int) string { return "<script><!--" + strings.Repeat("-", n) },
	"one huge script":        func(n int) string { return "<script>good" + strings.Repeat("x", n) + "</script>" },
	"scripts just too long": func(n int) string {
		return strings.Repeat("<script>good"+strings.Repeat("<", maxHeld)+"</script>", max(1, n/maxHeld))
	},
	"almost closed title": func(n int) string { return "<title>" + strings.Repeat("</titl", n/6) },
	"open tags":           func(n int) string { return strings.Repeat("<a ", n/3) },
	"less-than signs":     func(n int) string { return strings.Repeat("<", n) },
	"an unclosed quote":   func(n int) string { return "<p>" + strings.Repeat("<a b='", n/6) },
	"character references": func(n int) string {
		return `<script src="` + strings.Repeat("&amp", min(n, maxHeld/2)/4) + `"></script>` + strings.Repeat("&", n)
	},
	"srcdoc in srcdoc": func(n int) string {
		return strings.Repeat(`<iframe srcdoc="<iframe srcdoc='<p onclick=a>'>"></iframe>`, n/58)
	},
	"one huge srcdoc":           func(n int) string { return `<iframe srcdoc="` + strings.Repeat("<p>", n/3) + `"></iframe>` },
	"an SVG script with no end": func(n int) string { return "<svg><script>" + strings.Repeat("x", n) },
	"selects":                   func(n int) string { return strings.Repeat("<select><option>", n/16) },
	"bogus comments":            func(n int) string { return strings.Repeat("<?", n/2) },
	"end tags with attributes":  func(n int) string { return strings.Repeat("</a b='", n/7) },
	"white space":               func(n int) string { return strings.Repeat(" ", n) },
}

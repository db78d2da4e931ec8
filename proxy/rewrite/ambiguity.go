package rewrite

// The ambiguity rule: where the simulation cannot be certain how every browser
// reads on, the rest of the document is granted nothing. Its scripts get no nonce,
// and so do not run; what is stripped or isolated still is. The first doubt of a
// document is reported and counted, and there is no way back to certainty.
//
// History. Cloudflare's rewriter, LazyHTML, did not follow the tree: inside
// <select> browsers ignored a <xmp> that it took for raw text, so markup that was
// harmless to the browser became script after rewriting, and sites that were safe
// without the proxy were not behind it. lol-html, its successor, simulates parts of
// the tree builder and stops where that is not enough; its guard is called the same.
// Here a wrong guess would hand the page's nonce to an injector (CWE-436), so there
// are more places at which we stop:
//
//   - <select>: Chromium reads its content as in body, others ignore or close;
//   - <frameset> that may take effect: after it nearly every tag is ignored;
//   - table parts in <template>, after which tags may be ignored;
//   - anything badly nested inside <svg> or <math>, where what an end tag closes
//     depends on the whole stack of open elements and on the list of active
//     formatting elements;
//   - <annotation-xml>, <mglyph>, <malignmark> and <template> in foreign content;
//   - "<![CDATA[" at an integration point: the standard reads a CDATA section,
//     WebKit a comment that ends at the first ">";
//   - table tags inside foreign content that may stand in a table: the insertion
//     mode, which is the table's, closes the foreign element too;
//   - markup inside what a preload scanner takes for raw text: the scanners of Chromium
//     and WebKit fetch by a reading of their own, which does not know <svg>;
//   - "<" in a CDATA section, for the same reason;
//   - a nesting or a name beyond what is followed.
//
// Reviews found every second of these by attacks that worked; TestNonceDoesNotLeak in
// integration has them. x/net's tokenizer and html.Parse were asked about all of this, and three browsers
// about what those two get wrong (rawtext.go has one such case). html.Parse is no
// fallback for documents in doubt: decision 0008 says why.
type doubt string

// The doubts, as they are reported.
const (
	certain            doubt = ""
	doubtSelect        doubt = "what <select> may contain"
	doubtFrameset      doubt = "<frameset>"
	doubtTableTemplate doubt = "table columns in a <template>"
	doubtTemplate      doubt = "<template> in foreign content"
	doubtNesting       doubt = "bad nesting in foreign content"
	doubtAnnotation    doubt = "<annotation-xml>"
	doubtGlyph         doubt = "<mglyph> or <malignmark> at an integration point"
	doubtCDATA         doubt = "<![CDATA[ at an integration point"
	doubtPreload       doubt = "raw text in foreign content"
	doubtTable         doubt = "table tags in foreign content"
	doubtDepth         doubt = "foreign content that nests too deep"
	doubtName          doubt = "a tag in foreign content that is too long"
)

func (t *tree) doubt(why doubt) {
	if t.doubts == certain {
		t.doubts = why
	}
}

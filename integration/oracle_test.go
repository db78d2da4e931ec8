package integration

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"chatproxy/csp"
	"chatproxy/integration/browsers"
	"chatproxy/proxy/rewrite"
)

// pieces hide scripts from a parser, and attributes from one another.
var pieces = []string{
	"<script>x</script>", "<script src=good></script>", "<script", "</script>", "<!--", "-->", "--!>", "<!-->", "<!--<", "<!--< <script>", "<script type=x>", "<script type=x><!--< <script></script>",
	"x", " ", "<p>", "</p>", "<div>", "</div>", "<svg>", "</svg>", "<math>", "</math>", "<svg a=b/>", "<style>", "</style>", "<title>", "</title>", "<textarea>", "</textarea>", "<iframe>", "</iframe>", "<xmp>", "<noembed>",
	"<plaintext>", "<select>", "</select>", "<option>", "<template>", "</template>", "<table>", "</table>", "<tr>", "<td>", "</td>", "<col>", "<foreignObject>", "</foreignObject>", "<desc>", "</desc>", "<mi>", "</mi>", "<ms>", "<mtext>", "<g>", "</g>",
	"<annotation-xml encoding=text/html>", "</annotation-xml>", "<![CDATA[", "]]>", "<![CDATA[>", "<font>", "<b>", "<br>", "<img title='", "<img title=\"", "<a href=", "'", "\"", ">", "=", "/", "<head>", "</head>", "<body>", "<script/>", "<input>", "<form>", "</form>", "<frameset>", "</frameset>", "&#32;",
	"&quot;", "&#39;", "<?x", "</ x>", "<>", "<!x", "<link rel=modulepreload href=good>", "<script src=good x=", "<script src=\"good\"a='", "<script src=good id=a id=b>", "<script href=good>", "<script xlink:href=good />", "<script href=bad xlink:href=good>",
	"<svg/nonce>", "<svg/onx>", "<svg a=b nonce=''/>", "<script src=good nonce=''/bad></script>", "<script src nonce=1 =good></script>", "<script src=good onx=1 =bad></script>", "<script data-a nonce=1 =bad src=good></script>",
	"<<script>bad</script>", "<<link rel=modulepreload href=bad>", "script src=good ", "<p><div></div></p>", "<p><p></p></p>", "</p>", "<clipPath>", "</clipPath>", "<foreignobject>", "</foreignobject>",
}

// nests are contexts in which a script may not be what it seems.
var nests = [][2]string{
	{"<svg>", "</svg>"}, {"<svg><desc>", "</desc></svg>"}, {"<svg><foreignObject>", "</foreignObject></svg>"}, {"<math><mi>", "</mi></math>"}, {"<table><tr><td>", "</td></tr></table>"}, {"<table>", "</table>"}, {"<template>", "</template>"},
	{"<svg><style>", "</style></svg>"}, {"<style>", "</style>"}, {"<textarea>", "</textarea>"}, {"<!--", "-->"}, {"<svg><![CDATA[", "]]></svg>"}, {"<script type=x><!--", "--></script>"}, {"<b>", "</b>"}, {"<p>", "</p>"}, {"<a title='", "'>"}, {"<svg><script>", "</script></svg>"},
	{"<svg><foreignObject><math>", "</foreignObject></svg>"}, {"<math><mi><svg>", "</mi></math>"}, {"<svg><desc><p>", "</p></desc></svg>"}, {"<<script>bad</script>", ">"},
}

func generate(rng *rand.Rand, b *strings.Builder, depth int) {
	for range 1 + rng.IntN(5) {
		switch n := rng.IntN(10); {
		case n < 3 && depth > 0:
			nest := nests[rng.IntN(len(nests))]
			b.WriteString(nest[0])
			generate(rng, b, depth-1)
			if rng.IntN(5) > 0 {
				b.WriteString(nest[1])
			}
		case n < 5:
			b.WriteString("<script src=good></script>")
		default:
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
	}
}

// rewritten returns the page with the nonce granted to the scripts whose address is
// good or whose text is x, how many were granted it, and whether there was doubt.
// Those of the page's end have no end tag.
func rewritten(t *testing.T, nonce csp.Nonce, page string) (out string, granted int, doubt bool) {
	t.Helper()
	reader := rewrite.NewReader(strings.NewReader(page), rewrite.Options{
		Nonce:  nonce,
		Report: func(e rewrite.Event) { doubt = doubt || e.Kind == rewrite.Ambiguous || e.Kind == rewrite.Dangling },
		Decide: func(s *rewrite.Script) rewrite.Action {
			switch {
			case s.Kind == rewrite.Inline && !s.HasText && !s.TooLong:
				return rewrite.Action{Do: rewrite.NeedText}
			case string(s.Src) == "good", s.Kind == rewrite.Inline && string(s.Text) == "x":
				return rewrite.Action{Do: rewrite.Allow}
			}
			return rewrite.Action{}
		}})
	defer reader.Close()
	all, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(all), strings.Count(string(all), nonce.String()), doubt
}

// What the rewriter grants, it grants to what every browser takes for that very
// script: the nonce stands in nonce attributes of scripts that were allowed and
// nowhere else. And where it is in no doubt, it grants to all of them: each browser
// finds as many scripts in the page as were granted the nonce. html.Parse cannot be
// asked here, for it has faults of its own.
func TestBrowsersAgreeWithEveryGrant(t *testing.T) {
	const documents, batch = 20_000, 1000
	nonce, err := csp.ParseNonce("chatproxyNonceForThisTest0")
	if err != nil {
		t.Fatal(err)
	}
	type sent struct {
		Page    string `json:"page"`    // as the upstream has it
		Out     string `json:"out"`     // as it is sent
		Certain bool   `json:"certain"` // there was no doubt
	}
	rng := rand.New(rand.NewPCG(7, 11))
	var all []sent
	grants, certain := 0, 0
	add := func(page string) {
		out, n, doubt := rewritten(t, nonce, page)
		all = append(all, sent{page, out, !doubt})
		grants += n
		if !doubt {
			certain++
		}
	}
	for range documents {
		var b strings.Builder
		generate(rng, &b, 3)
		add(b.String())
	}
	for _, page := range found {
		add(page)
	}
	if grants < documents/2 || certain < documents/2 {
		t.Fatalf("only %d grants in %d documents, of which %d without doubt: the generator shows nothing", grants, documents, certain)
	}
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			b := browsers.Start(t, engine)
			b.Open("about:blank")
			for start := 0; start < len(all); start += batch {
				input, err := json.Marshal(all[start:min(start+batch, len(all))])
				if err != nil {
					t.Fatal(err)
				}
				var wrong []struct {
					Index int    `json:"index"`
					Why   string `json:"why"`
				}
				b.EvalInto(&wrong, misplaced, string(input), nonce.String())
				for _, w := range wrong {
					t.Errorf("%s\n page %q\n sent %q", w.Why, all[start+w.Index].Page, all[start+w.Index].Out)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
	t.Logf("%d documents, %d without doubt, %d grants, %d browsers", len(all), certain, grants, len(browsers.All))
}

// found are documents in which a grant once went wrong.
var found = []string{
	`<script type=x><!--< <script></script><img title="</script><iframe srcdoc='"><script data-x="&quot; src=//evil/x.js y=&#39;" src=good z="&#39;"></script>'></iframe>`,
	`<script type=x><!--< <script></script><img title="</script><img src='//evil/?"><script src=good></script><p>it's</p>`,
	`<svg><title><![CDATA[><iframe srcdoc=']]><script data-x="&quot; src=//evil/x.js y=&#39;" src=good z="&#39;"></script>'></iframe>`,
	`<math><ms><![CDATA[><img title=']]><script src=good></script>'>`,
	`<script src=good <link rel=icon nonce="x" href=y></script>`,
}

// misplaced returns the documents in which the nonce is anywhere but in the nonce
// attribute of a script or preload that was allowed, and those without doubt in
// which one that is allowed, and whose end the page has, is without. Foreign
// documents that the parser makes here run nothing.
const misplaced = `
const [documents, nonce] = [JSON.parse(arguments[0]), arguments[1]];
const HTML = "http://www.w3.org/1999/xhtml", SVG = "http://www.w3.org/2000/svg", XLINK = "http://www.w3.org/1999/xlink";
const allowed = (element) => {
  if (element.namespaceURI === HTML && element.localName === "link") return element.relList.contains("modulepreload") && element.getAttribute("href") === "good";
  if (element.localName !== "script") return false;
  let src = null;
  if (element.namespaceURI === HTML) src = element.getAttribute("src");
  else if (element.namespaceURI === SVG) src = element.getAttribute("href") ?? element.getAttributeNS(XLINK, "href");
  else return false;
  if (element.hasAttribute("type")) return false;
  return src === "good" || (src === null && element.textContent === "x");
};
const elements = function* (root) {
  const walker = document.createTreeWalker(root);
  for (let node = walker.currentNode; node; node = walker.nextNode()) {
    yield node;
    if (node.content) yield* elements(node.content);
  }
};
const parse = (page) => new DOMParser().parseFromString(page, "text/html");
const wrong = (root) => {
  for (const node of elements(root)) {
    if (node.nodeType !== Node.ELEMENT_NODE) {
      if (node.nodeType !== Node.DOCUMENT_NODE && node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE && (node.data ?? node.name ?? "").includes(nonce)) return true;
      continue;
    }
    for (const attribute of node.attributes) {
      if (attribute.name === "nonce") {
        if (attribute.value.includes(nonce) && !allowed(node)) return true;
      } else if (attribute.name.includes(nonce.toLowerCase()) || attribute.value.includes(nonce)) return true;
    }
  }
  return false;
};
const END = "chatproxy-end";
const refused = (element) => {
  const names = element.getAttributeNames();
  return new Set(names).size !== names.length || names.some((name) => name.includes("<") || /<(script|style|link)/i.test(element.getAttribute(name)));
};
const missing = (root) => {
  for (const node of elements(root)) {
    if (node.nodeType !== Node.ELEMENT_NODE || !allowed(node) || refused(node)) continue;
    if (node.querySelector(END) || node.textContent.includes("<" + END)) continue;
    if (node.getAttributeNames().some((name) => name.includes(END) || node.getAttribute(name).includes(END))) continue;
    if (node.getAttribute("nonce") !== nonce) return true;
  }
  return false;
};
return documents.flatMap(({ page, out, certain }, index) => {
  if (wrong(parse(out))) return [{ index, why: "the nonce stands where it must not" }];
  if (certain && missing(parse(out + "<" + END + ">"))) return [{ index, why: "a script that is allowed has no nonce" }];
  return [];
});
`

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
	"<plaintext>", "<select>", "</select>", "<option>", "<template>", "</template>", "<table>", "</table>", "<tr>", "<td>", "<col>", "<foreignObject>", "</foreignObject>", "<desc>", "</desc>", "<mi>", "</mi>", "<ms>", "<mtext>",
	"<annotation-xml encoding=text/html>", "</annotation-xml>", "<![CDATA[", "]]>", "<![CDATA[>", "<font>", "<b>", "<br>", "<img title='", "<img title=\"", "<a href=", "'", "\"", ">", "=", "/", "<head>", "</head>", "<body>", "<script/>", "<input>", "<form>", "</form>",
	"&quot;", "&#39;", "<?x", "</ x>", "<>", "<!x", "<link rel=modulepreload href=good>", "<script src=good x=", "<script src=\"good\"a='", "<script src=good id=a id=b>",
}

// What the rewriter grants, it grants to what every browser takes for that very
// script: the nonce stands in nonce attributes of scripts that were allowed and
// nowhere else. html.Parse cannot be asked here, for it shares faults with the
// tokenizer that the rewriter stands on.
func TestBrowsersAgreeWithEveryGrant(t *testing.T) {
	const documents, batch = 20_000, 1000
	nonce, err := csp.ParseNonce("chatproxyNonceForThisTest0")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(7, 11))
	pages := make([]string, documents)
	grants := 0
	for i := range pages {
		var b strings.Builder
		for range 1 + rng.IntN(10) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
			if rng.IntN(4) == 0 {
				b.WriteString("<script src=good></script>")
			}
		}
		pages[i] = b.String()
	}
	pages = append(pages, found...)
	rewritten := make([]string, len(pages))
	for i, page := range pages {
		out, err := io.ReadAll(rewrite.NewReader(strings.NewReader(page), rewrite.Options{Nonce: nonce, Decide: func(s rewrite.Script) rewrite.Action {
			if s.Src == "good" || s.Kind == rewrite.Inline && s.Text == "x" {
				return rewrite.Action{Do: rewrite.Allow}
			}
			return rewrite.Action{}
		}}))
		if err != nil {
			t.Fatal(err)
		}
		rewritten[i] = string(out)
		grants += strings.Count(rewritten[i], nonce.String())
	}
	if grants < documents/2 {
		t.Fatalf("only %d grants in %d documents: the generator shows nothing", grants, documents)
	}
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			b := browsers.Start(t, engine)
			b.Open("about:blank")
			for start := 0; start < len(rewritten); start += batch {
				end := min(start+batch, len(rewritten))
				input, err := json.Marshal(rewritten[start:end])
				if err != nil {
					t.Fatal(err)
				}
				var wrong []int
				b.EvalInto(&wrong, misplaced, string(input), nonce.String())
				for _, i := range wrong {
					t.Errorf("the nonce stands where it must not\n page %q\n sent %q", pages[start+i], rewritten[start+i])
				}
			}
		})
	}
	t.Logf("%d documents, %d grants, %d browsers", len(pages), grants, len(browsers.All))
}

// found are documents in which a grant once went wrong.
var found = []string{
	`<script type=x><!--< <script></script><img title="</script><iframe srcdoc='"><script data-x="&quot; src=//evil/x.js y=&#39;" src=good z="&#39;"></script>'></iframe>`,
	`<script type=x><!--< <script></script><img title="</script><img src='//evil/?"><script src=good></script><p>it's</p>`,
	`<svg><title><![CDATA[><iframe srcdoc=']]><script data-x="&quot; src=//evil/x.js y=&#39;" src=good z="&#39;"></script>'></iframe>`,
	`<math><ms><![CDATA[><img title=']]><script src=good></script>'>`,
	`<script src=good <link rel=icon nonce="x" href=y></script>`,
}

// misplaced returns the indexes of the documents in which the nonce is anywhere but
// in the nonce attribute of a script or preload that was allowed. Foreign documents
// that the parser makes here run nothing.
const misplaced = `
const [pages, nonce] = [JSON.parse(arguments[0]), arguments[1]];
const allowed = (element) => {
  if (element.namespaceURI !== "http://www.w3.org/1999/xhtml") return false;
  if (element.localName === "link") return element.getAttribute("href") === "good";
  if (element.localName !== "script") return false;
  const src = element.getAttribute("src");
  return src === "good" || (src === null && element.textContent === "x");
};
const wrong = (root) => {
  const walker = document.createTreeWalker(root);
  for (let node = walker.currentNode; node; node = walker.nextNode()) {
    if (node.nodeType !== Node.ELEMENT_NODE) {
      if (node.nodeType !== Node.DOCUMENT_NODE && node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE && (node.data ?? node.name ?? "").includes(nonce)) return true;
      continue;
    }
    for (const attribute of node.attributes) {
      if (attribute.name === "nonce") {
        if (attribute.value.includes(nonce) && !allowed(node)) return true;
      } else if (attribute.name.includes(nonce.toLowerCase()) || attribute.value.includes(nonce)) return true;
    }
    if (node.content && wrong(node.content)) return true;
  }
  return false;
};
return pages.flatMap((page, index) => wrong(new DOMParser().parseFromString(page, "text/html")) ? [index] : []);
`

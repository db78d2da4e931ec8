package lock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// show writes a script with its holes as «kind», which reads better than offsets.
func show(text string) string {
	holes, ok := findHoles([]byte(text))
	if !ok {
		return "none"
	}
	var b strings.Builder
	at := 0
	for _, h := range holes {
		b.WriteString(text[at:h.start])
		if h.kind&holeParsed != 0 {
			fmt.Fprintf(&b, "«p%c»", h.kind&^holeParsed)
		} else {
			fmt.Fprintf(&b, "«%c»", h.kind)
		}
		at = h.end
	}
	return b.String() + text[at:]
}

// open are scripts with what is open in them.
var open = []struct{ name, text, want string }{
	{"state", `window.__STATE__ = {"user":{"id":1,"tags":["a",null]}};`, `window.__STATE__ = «o»;`},
	{"state on lines", "var s = {\n  \"a\": 1,\n\t\"b\" : [ ]\n}\nfoo()", "var s = «o»\nfoo()"},
	{"declarations", `var a = 1, b = "x", c = -2.5e3, d = [], e = true; let f = null; const g = {}`, `var a = «n», b = «s», c = «n», d = «a», e = «n»; let f = «n»; const g = «o»`},
	{"single quotes", `var a = 'it\'s "b"';`, `var a = «q»;`},
	{"bracket path", `window["dataLayer"] = [{"a":1}];`, `window["dataLayer"] = «a»;`},
	{"this", `this.config = {};`, `this.config = «o»;`},
	{"mixed object", `var o = {a: 1, "b": [1,"x"], 'c': 'd', f: function(){ return "x" }, 5: "y"};`, `var o = {a: «n», "b": «a», 'c': «q», f: function(){ return "x" }, 5: «s»};`},
	{"keys in single quotes", `var o = {'a': 1, "b": {'c': [2]}}, p = {'\x5f_proto__': 3, d: 4};`, `var o = {'a': «n», "b": {'c': «a»}}, p = {'\x5f_proto__': 3, d: «n»};`},
	{"mixed array", `var o = [1, foo, "b", {"c": 2}, , ...rest, 3];`, `var o = [«n», foo, «s», «o», , ...rest, «n»];`},
	{"nested mixed", `var o = {a: {b: {c: "x", d: e}}};`, `var o = {a: {b: {c: «s», d: e}}};`},
	{"trailing comma", `var o = {"a": 1,};`, `var o = {"a": «n»,};`},
	{"comment within", `var o = {"a": 1 /* why */};`, `var o = {"a": «n» /* why */};`},
	{"push", `dataLayer.push({"event":"view"}); window._q.push({event: "x", a: b});`, `dataLayer.push(«o»); window._q.push({event: «s», a: b});`},
	{"push of a command", `_paq.push(["setUserId", "joe", 1]);`, `_paq.push(["setUserId", «s», «n»]);`},
	{"push two", `q.push({"a":1}, {"b":2})`, `q.push(«o», «o»)`},
	{"JSON.parse", `var s = JSON.parse("{\"a\":1}"), t = JSON.parse('[1]'), u = {v: JSON.parse("1"), w};`, `var s = JSON.parse(«po»), t = JSON.parse(«pa»), u = {v: JSON.parse(«pn»), w};`},
	{"in a function", `(function(){ var a = {"b":1}; })();`, `(function(){ var a = «o»; })();`},
	{"in a function in an object", `var o = {f: function(){ x.y = 1; }, z: "w"};`, `var o = {f: function(){ x.y = «n»; }, z: «s»};`},
	{"in an arrow function", `go(() => { a = "b" })`, `go(() => { a = «s» })`},
	{"after if", `if (x) a = "b"; else a = "c";`, `if (x) a = «s»; else a = «s»;`},
	{"in a block", `if (x) { a = 1 } try { b = 2 } catch { c = 3 } finally { d = 4 }`, `if (x) { a = «n» } try { b = «n» } catch { c = «n» } finally { d = «n» }`},
	{"line ends", "a = 1\nb = \"x\"\nc.d = {}\n", "a = «n»\nb = «s»\nc.d = «o»\n"},
	{"line ends with comments", "a = 1 // one\nb = 2 /* \n */ c = 3", "a = «n» // one\nb = «n» /* \n */ c = «n»"},
	{"sequence", `a=1,b={},c="x"`, `a=«n»,b=«o»,c=«s»`},
	{"CRLF", "a = 1\r\nb = 2", "a = «n»\r\nb = «n»"},
	{"regexp beside", `var r = /"[/"]/g, a = "x"; b = c / d / e;`, `var r = /"[/"]/g, a = «s»; b = c / d / e;`},
	{"template beside", "var t = `a ${ {b: `${1}`} } = \"x\";`, a = 1;", "var t = `a ${ {b: `${1}`} } = \"x\";`, a = «n»;"},
	{"object under a name that sounds", `var pageUrls = {"a":"b"};`, `var pageUrls = «o»;`},
	{"element with data", `el.data = {"a":1};`, `el.data = «o»;`},
	{"beyond ASCII", `var s = {"ключ":"знач"}; // да`, `var s = «o»; // да`},
	{"arrow in HTML escapes", `var s = {"a":"\u003c!--\u003cscript>"};`, `var s = «o»;`},
	{"arrow in a value", `var s = {"a":"-->"};`, `var s = «o»;`},
	{"no data", `foo();`, `foo();`},
	{"empty", ``, ``},
	{"use strict", `"use strict"; var a = "x";`, `"use strict"; var a = «s»;`},
	{"reads location", `var p = {url: location.href, id: 7};`, `var p = {url: location.href, id: «n»};`},
	{"timer", `setTimeout(function(){ a = 1 }, 5)`, `setTimeout(function(){ a = «n» }, 5)`},
}

// fixed are scripts with a value that must not be open, each with its reason.
var fixed = []struct{ name, text string }{
	{"directive", `"use strict";`},
	{"import declaration", `import a from "x"; import "y"; export * from "z";`},
	{"import attributes", `import a from "x" with {type: "json"};`},
	{"argument", `f("x"); g({"a":1}); h([1]); fbq("init", "1");`},
	{"part of an expression", `a = "x" + b; c = b + "x"; d = "x".e; e = ["x"].join(); f = {"a":1}.a; g = 1 + 2; h = "x" ? 1 : 2; i = 2 + 3 in x`},
	{"call on a literal", "a = \"x\"\n(function(){})()"},
	{"index on a literal", "a = \"x\"\n[0]"},
	{"tagged", "a = \"x\"\n`b`"},
	{"division behind", "a = 4\n/ 2"},
	{"operator behind", "a = 4\n+ 2; b = 1\nin c; d = {}\ninstanceof e"},
	{"dot behind", "a = \"x\"\n.b"},
	{"chained", `a = b = "x";`},
	{"chained to a sink", `onload = a = "x";`},
	{"other assignments", `a += "x"; b ||= {}; c -= 1; d ??= {};`},
	{"in parentheses", `(a = "x"); if (b = 1) {} while (c = 2) ; for (d = 0;;) ;`},
	{"default of a parameter", `function f(a = "x") {} (b = {}) => b;`},
	{"default in a pattern", `var {a = "x"} = b; [c = "d"] = e; ({f = "g"} = h);`},
	{"body of an arrow function", `var f = () => "x", g = () => a = "y";`},
	{"ternary", `a ? b : c = "x"; d = e ? "f" : "g"`},
	{"label", `a: b = "x";`},
	{"case", `switch (a) { case "b": c = "d" }`},
	{"return", `function f() { return "x" }`},
	{"template literal", "a = `x`; b = `${\"y\"}`;"},
	{"regexp", `a = /"x"/; b = /[=]"y";/`},
	{"computed key", `a = {["b"]: "c", d};`},
	{"shorthand method", `a = {b() {}, get c() { return "d" }}`},
	{"computed path", `a[b] = "x"; a[0] = "y"; a["b" + c] = "z"; f().x = "w";`},
	{"optional path", `a?.b("x")`},
	{"no JSON", `a = 0x10; b = .5; c = 1n; d = 5.; e = "\x41"; f = "\0"; g = '\x41'; h = +1; i = - 1; j = undefined; k = 1_0`},
	{"line continuation", "a = \"x\\\ny\""},
	{"prototype", `a = {"__proto__": foo};  b = {__proto__: {"x": 1}}; c = {"__proto__": "x"}; d = {"\u005f_proto__": "x"}; e = {"constructor": "x"}`},
	{"prototype in JSON.parse", `a = JSON.parse('{"__proto__":{"x":1}}'); b = JSON.parse("{\"\\u005f_proto__\":1}")`},
	{"prototype as target", `a.__proto__ = {"x":1}; b.prototype.c = {}; d["__proto__"] = {}`},
	{"constructor as target", `e["constructor"] = {}`},
	{"markup in a state", `a = {"innerHTML": b, "__html": "x"}; `},
	{"JSON.parse of no JSON", `a = JSON.parse("{b}"); c = JSON.parse('1 2'); d = JSON.parse("")`},
	{"JSON.parse elsewhere", `f(JSON.parse("1")); a.JSON.parse("1"); b = JSON.parse("1").c; d = JSON.parse("1", e); g = x.JSON.parse("1")`},
	{"push of a scalar", `a.push("x", 1, 'y'); a.push("x")`},
	{"push of a command alone", `a.push(["x"])`},
	{"push to what is no path", `f().push({"a":1}); (a || []).push({"a":1}); a[b].push({"a":1}); push({"a":1})`},
	{"push within", `b = a.push({"x":1}); f(a.push({"x":1}))`},
	{"loader", `window.dojoConfig = {"a":1}; MathJax = {"loader":{}}`},
	{"flight data", `self.__next_f.push([1,"2:I[…]"])`},
	{"webpack", `webpackChunk_x.push([[1],{"2":"x"}]); __webpack_public_path__ = "/x/"`},
	{"names that sound", `var html = "x", scriptUrl = "y", cdnPath = ["z"], callback = "w";`},
	{"keys that sound", `var a = {href: "x", onload: "y", srcdoc: "z", templateUrl: "w", b};`},
	{"handlers", `window.onerror = "x"; onload = {"a":1}`},
	{"element", `el.text2 = foo; s.type = "module"; s.id = "x"; s.value = "y"; s.className = "z"`},
	{"style", `a.style = "x"; b.sandbox = "y"; c.nonce = "z"; d.style.color = "w"; document.domain = "v"; var location2 = f`},
	{"escaped name in brackets", `a["\x6cocation"] = "x"; b["\u0073rc"] = {}`},
	{"in a string", `a = "b = \"c\";" + d`},
	{"spread", `a = {..."x", ...[1]}`},
	{"label's block", `a: { b = "x" }`},
	{"class in an expression", `a = class { b = "x" }`},
}

// refused are scripts that have no template.
var refused = []struct{ name, text string }{
	{"eval", `var a = "x"; eval(a)`},
	{"Function", `var a = "x"; new Function(a)`},
	{"document.write", `var a = "x"; document.write(a)`},
	{"innerHTML", `var a = "x"; el.innerHTML = a`},
	{"innerHTML in brackets", `var a = "x"; el["innerHTML"] = a`},
	{"innerHTML literal", `el.innerHTML = "<b>"`},
	{"src", `var a = "x"; s.src = a`},
	{"location", `var a = "x"; location = a`},
	{"location literal", `location = "javascript:alert(1)"`},
	{"window.location", `window.location = "x"`},
	{"href", `location.href = "x"`},
	{"location.replace", `var a = "x"; location.replace(a)`},
	{"cookie", `document.cookie = "x"`},
	{"import()", `var a = "x"; import(a)`},
	{"import() of a literal", `import("x")`},
	{"timer with text", `var a = "x"; setTimeout(a, 1)`},
	{"timer with a literal", `setTimeout("alert(1)", 1)`},
	{"script element", `var a = "x", s = document.createElement("script"); s.setAttribute("src", a)`},
	{"loader", `var map = {"a":"/a"}; require({paths: map})`},
	{"loader's configuration", `var require = {"baseUrl":"/js"}`},
	{"jQuery", `var a = "x"; $("#b").html(a)`},
	{"comment like HTML's", "a = 1 <!-- b"},
	{"closing comment like HTML's", "a = 1\n--> b"},
	{"closing comment at the beginning", "--> b"},
	{"goes toward", `while (n --> 0) a = 1`},
	{"open comment in a value", `var a = {"b":"<!--"}`},
	{"script in a value", `var a = {"b":"<ScRiPt "}`},
	{"end of script in a value", `var a = {"b":"</SCRIPT"}`},
	{"NUL", "a = 1;\x00"},
	{"invalid UTF-8", "a = \"\xff\""},
	{"U+2028", "a = \"\u2028\""},
	{"U+2029 in a comment", "// \u2029 a = \"x\""},
	{"hashbang", "#!/bin/node\na = 1"},
	{"escape in a name", `l\u006fcation2 = "x"`},
	{"name beyond ASCII", `имя = "x"`},
	{"white space beyond ASCII", "a\u00a0= 1"},
	{"byte order mark", "\ufeffa = 1"},
	{"slash after a brace", `x = {} / 2; a = "b"`},
	{"slash after a block", `{} /a = "b"/`},
	{"slash after ++", `x++ / 2; a = "b"; c / d`},
	{"slash after of", `for (x of /a/) ;`},
	{"unterminated string", `a = "x`},
	{"unterminated comment", `a = 1 /*`},
	{"unterminated template", "a = 1; `x ${"},
	{"unterminated regexp", "a = /x\n/"},
	{"unbalanced", `a = (1]`},
	{"unbalanced in a template", "a = `${ ( }`; b = `)`"},
	{"not closed", `f({`},
	{"not opened", `})`},
	{"octal", `a = 010`},
	{"decorator", `@a class B {}`},
	{"too deep", strings.Repeat("(", maxDepth+1) + strings.Repeat(")", maxDepth+1)},
	{"too deep in data", "a = " + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)},
	{"too long", "a = 1;" + strings.Repeat(" ", maxTemplate)},
}

func TestSkeletonOpens(t *testing.T) {
	for _, test := range open {
		t.Run(test.name, func(t *testing.T) {
			if got := show(test.text); got != test.want {
				t.Errorf("%s\n got %s\nwant %s", test.text, got, test.want)
			}
		})
	}
}

func TestSkeletonFixes(t *testing.T) {
	for _, test := range fixed {
		t.Run(test.name, func(t *testing.T) {
			if got := show(test.text); got != test.text && got != "none" {
				t.Errorf("%s\n got %s", test.text, got)
			}
		})
	}
}

func TestSkeletonRefuses(t *testing.T) {
	for _, test := range refused {
		t.Run(test.name, func(t *testing.T) {
			if got := show(test.text); got != "none" {
				t.Errorf("%.200s\n got %.200s", test.text, got)
			}
		})
	}
}

// Who controls the data only, or sends a known script with changes, gets another digest
// or none.
func TestAttacksChangeTheDigest(t *testing.T) {
	for _, test := range []struct{ name, before, after string }{
		{"breaking out of a string", `var a = "x"; b(a)`, `var a = "";alert(1);""; b(a)`},
		{"breaking out with an operator", `var a = "x"; b(a)`, `var a = ""+alert(1)+""; b(a)`},
		{"a call for a value", `var a = {"b":1};`, `var a = {"b":alert(1)};`},
		{"a function for a value", `var a = {"b":1};`, `var a = {"b":function(){}};`},
		{"a getter", `var a = {"b":1};`, `var a = {get b(){return alert(1)}};`},
		{"a prototype", `var a = {"b":1};`, `var a = {"__proto__":{"b":1}};`},
		{"a prototype, escaped", `var a = {"b":1};`, `var a = {"\u005f\u005fproto__":{"b":1}};`},
		{"a template literal", `var a = "b";`, "var a = `b`;"},
		{"a template literal with code", `var a = "b";`, "var a = `${alert(1)}`;"},
		{"a regexp", `var a = 1;`, `var a = /x/;`},
		{"an identifier", `var a = null;`, `var a = self;`},
		{"a string for a number", `var a = 1;`, `var a = "<img>";`},
		{"an object for a string", `var a = "b";`, `var a = {"toString":1};`},
		{"another quote", `var a = "b";`, `var a = 'b';`},
		{"another command", `_paq.push(["setUserId","b"])`, `_paq.push(["setTrackerUrl","b"])`},
		{"another key", `var a = {b: "c", d};`, `var a = {e: "c", d};`},
		{"another target", `a.b = "c";`, `a.d = "c";`},
		{"one property more", `var a = {b: "c", d};`, `var a = {b: "c", e: "f", d};`},
		{"a line end", `var a = 1;b()`, "var a = 1;\nb()"},
		{"a comment", `var a = 1;b()`, `var a = 1/**/;b()`},
		{"one statement more", `var a = 1;`, `var a = 1;alert(1);`},
		{"a call behind", "var a = 1\nb()", "var a = 1\n(b())"},
		{"the end of the element", `var a = {"b":"c"};`, `var a = {"b":"</script><script>alert(1)//"};`},
		{"the escaped state", `var a = {"b":"c"};`, `var a = {"b":"<!--<script>"};`},
		{"a comment in a value", `var a = {"b":"c"};`, `var a = {"b":"c"/*"*/};`},
		{"a line continuation", `var a = "b";`, "var a = \"b\\\n\";"},
		{"a hex escape", `var a = "b";`, `var a = "\x62";`},
		{"what JSON.parse reads", `var a = JSON.parse("{}");`, `var a = JSON.parse("{\"__proto__\":{}}");`},
		{"JSON.parse of a string for an object", `var a = JSON.parse("{}");`, `var a = JSON.parse("\"<b>\"");`},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, ok := Skeleton([]byte(test.before))
			if !ok || !bytes.ContainsRune(before, 0) && bytes.IndexByte(before, holeMark) < 0 {
				t.Fatalf("%s has no holes", test.before)
			}
			after, ok := Skeleton([]byte(test.after))
			if ok && TemplateDigest(before, false) == TemplateDigest(after, false) {
				t.Errorf("%s\n%s\nhave the same digest", test.before, test.after)
			}
		})
	}
}

func TestTemplateDigestTellsModules(t *testing.T) {
	if TemplateDigest([]byte("a"), true) == TemplateDigest([]byte("a"), false) {
		t.Error("a module and a classic script have the same digest")
	}
}

// Skeleton must not write behind the text: it stands in the middle of a page.
func TestSkeletonLeavesTheRestOfThePage(t *testing.T) {
	page := []byte(`a = 1;</script>`)
	Skeleton(page[:6])
	if string(page) != `a = 1;</script>` {
		t.Errorf("the page became %q", page)
	}
}

// acorn is a parser of JavaScript that Node brings along: an opinion that shares no code
// with ours. It reports each hole that is no literal, or not the complete one.
const acorn = `
const acorn = require('internal/deps/acorn/acorn/dist/acorn');
let parsed = 0;
const cases = JSON.parse(require('fs').readFileSync(0, 'utf8'));
for (const { text, holes } of cases) {
  const options = { ecmaVersion: 'latest', allowReturnOutsideFunction: true };
  let tree;
  try { tree = acorn.parse(text, options); } catch (e) {
    try { tree = acorn.parse(text, { ...options, sourceType: 'module' }); } catch (e) { continue; }  // does not run
  }
  parsed++;
  const want = new Map(holes.map(h => [h.start + ':' + h.end, h]));
  const parents = [];
  (function visit(node) {
    if (!node || typeof node.type !== 'string') return;
    const key = node.start + ':' + node.end;
    const hole = want.get(key);
    if (hole && ['Literal', 'ObjectExpression', 'ArrayExpression', 'UnaryExpression'].includes(node.type)) {
      const parent = parents.at(-1);
      const fine = parent.type === 'VariableDeclarator' && parent.init === node
        || parent.type === 'AssignmentExpression' && parent.operator === '=' && parent.right === node
        || parent.type === 'Property' && parent.value === node && parents.at(-2).type === 'ObjectExpression'
        || parent.type === 'ArrayExpression'
        || parent.type === 'PropertyDefinition' && parent.value === node
        || parent.type === 'CallExpression' && parent.arguments.includes(node) &&
           (parent.callee.property?.name === 'push' || parent.callee.property?.name === 'parse' && parent.callee.object.name === 'JSON');
      if (fine) {
        want.delete(key);
        // The script's own meaning of the literal is JSON's.
        if (parent.callee?.property?.name !== 'parse') {
          const s = text.slice(node.start, node.end);
          if (s[0] !== "'") {
            const a = JSON.stringify(JSON.parse(s)), b = JSON.stringify((0, eval)('(' + s + ')'));
            if (a !== b) console.log(JSON.stringify({ text, hole, a, b }));
          }
        }
      }
    }
    parents.push(node);
    for (const k in node) {
      const child = node[k];
      if (Array.isArray(child)) child.forEach(visit); else if (child && typeof child === 'object') visit(child);
    }
    parents.pop();
  })(tree);
  for (const hole of want.values()) console.log(JSON.stringify({ text, hole }));
}
console.log('done');
console.error(parsed);
`

type acornHole struct {
	Start int `json:"start"` // in UTF-16 code units
	End   int `json:"end"`
}

func TestAcornAgrees(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	type acornCase struct {
		Text  string      `json:"text"`
		Holes []acornHole `json:"holes"`
	}
	var cases []acornCase
	add := func(text string) {
		holes, ok := findHoles([]byte(text))
		if !ok || len(holes) == 0 {
			return
		}
		units := func(n int) int {
			count := 0
			for _, r := range text[:n] {
				count++
				if r > 0xFFFF {
					count++
				}
			}
			return count
		}
		c := acornCase{Text: text}
		for _, h := range holes {
			c.Holes = append(c.Holes, acornHole{units(h.start), units(h.end)})
		}
		cases = append(cases, c)
	}
	random := rand.New(rand.NewPCG(1, 2))
	texts := seeds(t)
	for _, text := range texts {
		add(text)
	}
	for range 40_000 {
		text := []byte(texts[random.IntN(len(texts))])
		if random.IntN(2) == 0 {
			text = []byte(open[random.IntN(len(open))].text)
		}
		for range 1 + random.IntN(3) {
			text = mutate(random, text)
		}
		add(string(text))
	}
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "--expose-internals", "--no-warnings", "-e", acorn)
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	if string(out) != "done\n" {
		t.Errorf("acorn sees no literal of its own in:\n%.4000s", out)
	}
	parsed := strings.TrimSpace(stderr.String())
	if n, err := strconv.Atoi(parsed); err != nil || n < 1000 {
		t.Errorf("only %s of %d scripts with holes could be compared", parsed, len(cases))
	}
	t.Logf("%d scripts with holes, of which %s parse", len(cases), parsed)
}

// pieces are what mutate puts in: what matters to the rules.
var pieces = []string{
	`"`, `'`, "`", `\`, `/`, `//`, `/*`, `*/`, "\n", ` `, `;`, `,`, `:`, `=`, `==`, `=>`, `.`, `?.`, `...`, `(`, `)`, `[`, `]`, `{`, `}`, "${",
	`+`, `-`, `++`, `--`, `-->`, `<!--`, `?`, `!`, `in `, `of `, `instanceof `, `var `, `let `, `async `, `await `, `yield `, `return `, `function `, `class `,
	`static `, `get `, `if(`, `for(`, `while(`, `else `, `do `, `case `, `a`, `b.c`, `this`, `1`, `0`, `-1`, `1e5`, `1n`, `"x"`, `'y'`, `null`, `true`, `{"a":1}`, `[1]`,
	`a = "x"`, `"__proto__":`, `JSON.parse("1")`, `q.push(`, `/"/`, `/[/]/`, `import `, `from `, `export `, `\u0061`, `</script`, `é`, "\u2028", "\x00", "\xff",
}

func mutate(random *rand.Rand, text []byte) []byte {
	at := random.IntN(len(text) + 1)
	end := at
	if random.IntN(2) == 0 {
		end = min(at+random.IntN(6), len(text))
	}
	piece := ""
	if random.IntN(4) != 0 {
		piece = pieces[random.IntN(len(pieces))]
	}
	return []byte(string(text[:at]) + piece + string(text[end:]))
}

// seeds returns the scripts of the tables and of testdata.
func seeds(tb testing.TB) []string {
	var texts []string
	for _, test := range open {
		texts = append(texts, test.text)
	}
	for _, test := range fixed {
		texts = append(texts, test.text)
	}
	for _, test := range refused {
		if len(test.text) < 1000 {
			texts = append(texts, test.text)
		}
	}
	files, err := filepath.Glob("testdata/scripts/*.js")
	if err != nil {
		tb.Fatal(err)
	}
	if len(files) == 0 {
		tb.Fatal("testdata/scripts has no scripts")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

// randomJSON returns a value as json.Marshal writes it, of a kind.
func randomJSON(random *rand.Rand, kind holeKind, depth int) []byte {
	var v any
	switch kind {
	case holeScalar:
		v = []any{nil, true, false, random.IntN(100), -random.Float64(), 1e300}[random.IntN(6)]
	case holeString:
		v = randomText(random)
	case holeArray:
		v = append([]any{}, randomValue(random, depth-1), randomValue(random, depth-1))[:random.IntN(3)]
	case holeObject:
		v = map[string]any{randomText(random): randomValue(random, depth-1), "k": randomValue(random, depth-1)}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func randomValue(random *rand.Rand, depth int) any {
	kinds := []holeKind{holeScalar, holeString, holeArray, holeObject}
	if depth <= 0 {
		kinds = kinds[:2]
	}
	return json.RawMessage(randomJSON(random, kinds[random.IntN(len(kinds))], depth))
}

func randomText(random *rand.Rand) string {
	var b strings.Builder
	for range random.IntN(4) {
		b.WriteString(pieces[random.IntN(len(pieces))])
	}
	return strings.ReplaceAll(b.String(), "__proto__", "_proto_")
}

// replaceHole returns the text with another value in the hole.
func replaceHole(random *rand.Rand, text []byte, h hole) []byte {
	var value []byte
	switch {
	case h.kind == holeSingle:
		// What json.Marshal writes, in single quotes.
		b := randomJSON(random, holeString, 0)
		value = []byte("'" + strings.ReplaceAll(strings.ReplaceAll(string(b[1:len(b)-1]), `\"`, `"`), `'`, `\'`) + "'")
	case h.kind&holeParsed != 0:
		b, err := json.Marshal(string(randomJSON(random, h.kind&^holeParsed, 3)))
		if err != nil {
			panic(err)
		}
		value = b
	default:
		value = randomJSON(random, h.kind, 3)
	}
	return []byte(string(text[:h.start]) + string(value) + string(text[h.end:]))
}

// shape is a script's meaning without its data, by a parser that does not share our
// rules: the tree of the text in which each hole is a variable of its own.
func shape(tb testing.TB, text []byte, holes []hole) (tree string, ok bool) {
	if _, err := js.Parse(parse.NewInputBytes(bytes.Clone(text)), js.Options{}); err != nil {
		return "", false
	}
	var blanked bytes.Buffer
	at := 0
	for i, h := range holes {
		blanked.Write(text[at:h.start])
		fmt.Fprintf(&blanked, " $hole%d ", i)
		at = h.end
	}
	blanked.Write(text[at:])
	ast, err := js.Parse(parse.NewInputBytes(blanked.Bytes()), js.Options{})
	if err != nil {
		tb.Fatalf("%s\nparses, but not with names for its holes: %v", text, err)
	}
	// Each hole stands where an expression stands, which a string, a comment, a key and
	// a pattern are not.
	counter := &holeCounter{seen: map[string]int{}}
	js.Walk(counter, ast)
	for i := range holes {
		if name := fmt.Sprintf("$hole%d", i); counter.seen[name] != 1 {
			tb.Fatalf("%s\nhole %d, %s, is no expression for the parser", text, i, text[holes[i].start:holes[i].end])
		}
	}
	return ast.JSString(), true
}

type holeCounter struct{ seen map[string]int }

func (c *holeCounter) Enter(n js.INode) js.IVisitor {
	if v, ok := n.(*js.Var); ok && strings.HasPrefix(string(v.Data), "$hole") {
		c.seen[string(v.Data)]++
	}
	return c
}

func (c *holeCounter) Exit(js.INode) {}

// FuzzSkeleton checks that an edit outside of the holes changes the skeleton, that
// another value in a hole does not, and that the parser sees the same code in both.
func FuzzSkeleton(f *testing.F) {
	for i, text := range seeds(f) {
		f.Add([]byte(text), uint64(i))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		holes, ok := findHoles(text)
		if !ok {
			return
		}
		skeleton := skeletonOf(text, holes)
		at := 0
		for _, h := range holes {
			if h.start < at || h.end <= h.start || h.end > len(text) {
				t.Fatalf("%s\nholes %v are out of order", text, holes)
			}
			at = h.end
		}
		tree, parses := shape(t, text, holes)
		random := rand.New(rand.NewPCG(seed, 0))

		// Any edit that keeps the skeleton is one of values alone.
		for range 4 {
			edited := mutate(random, text)
			others, ok := findHoles(edited)
			if !ok || !bytes.Equal(skeletonOf(edited, others), skeleton) {
				continue
			}
			if len(others) != len(holes) {
				t.Fatalf("%s\n%s\nhave the same skeleton with %d and %d holes", text, edited, len(holes), len(others))
			}
			at, otherAt := 0, 0
			for i := range holes {
				if !bytes.Equal(text[at:holes[i].start], edited[otherAt:others[i].start]) {
					t.Fatalf("%s\n%s\nhave the same skeleton and differ before hole %d", text, edited, i)
				}
				at, otherAt = holes[i].end, others[i].end
			}
			if !bytes.Equal(text[at:], edited[otherAt:]) {
				t.Fatalf("%s\n%s\nhave the same skeleton and differ behind the last hole", text, edited)
			}
			if other, otherParses := shape(t, edited, others); otherParses && parses && other != tree {
				t.Fatalf("%s\n%s\nhave the same skeleton and mean\n%s\n%s", text, edited, tree, other)
			}
		}

		// Outside of the holes, with one byte between, each byte counts.
		edges := make([]bool, len(text)+1)
		for _, h := range holes {
			for i := h.start; i <= h.end; i++ {
				edges[i] = true
			}
		}
		for range 4 {
			i := random.IntN(len(text) + 1)
			if edges[i] || i == len(text) {
				continue
			}
			edited := bytes.Clone(text)
			edited[i] ^= byte(1 + random.IntN(255))
			if other, ok := Skeleton(edited); ok && bytes.Equal(other, skeleton) {
				t.Fatalf("%q\n%q\nhave the same skeleton", text, edited)
			}
		}

		// Another value keeps it.
		if len(holes) == 0 {
			return
		}
		edited := replaceHole(random, text, holes[random.IntN(len(holes))])
		if len(edited) > maxTemplate {
			return
		}
		others, ok := findHoles(edited)
		if !ok || !bytes.Equal(skeletonOf(edited, others), skeleton) {
			t.Fatalf("%s\n%s\nhave different skeletons", text, edited)
		}
		other, otherParses := shape(t, edited, others)
		if parses != otherParses || other != tree {
			t.Fatalf("%s\n%s\nparse as\n%s\n%s", text, edited, tree, other)
		}
	})
}

func BenchmarkSkeleton(b *testing.B) {
	text := []byte(`window.__STATE__ = {"items":[` + strings.TrimSuffix(strings.Repeat(`{"id":12345,"name":"some name"},`, 1400), ",") + `]};`)
	if show(string(text)) != `window.__STATE__ = «o»;` {
		b.Fatal(show(string(text)))
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Skeleton(text)
	}
}

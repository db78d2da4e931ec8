// document.write while the page is parsed.
//// inline
window.ran = [];
window.step = (name) => ran.push(name + "@" + (document.currentScript ? document.currentScript.id || "-" : "none"));
//// src id=setup
// What stands behind the script that writes, up to the next script of the page.
window.behind = (id) => {
  let html = "";
  for (let node = document.getElementById(id).nextSibling; node && !(node.nodeName === "SCRIPT" && /^(s\d|setup)/.test(node.id)); node = node.nextSibling) {
    html += node.outerHTML ?? (node.nodeType === 3 ? node.data : "<!--" + node.data + "-->");
  }
  return html.replaceAll(VENDOR, "VENDOR").trim();
};
window.dw = (text) => document.write(text);
//// src id=s1
dw("<p id=p1>one</p>");
note("at once", document.getElementById("p1") !== null);
dw("two"); dw(" three"); dw("<b>bo"); dw("ld</b"); dw(">"); dw("<i title='a"); dw(" > b'>it</i>"); document.writeln("line"); dw("end &am"); dw("p; more");
dw("", "several ", "<u>", "args</u>", 5, null, undefined);
//// src id=s2
note("pieces", behind("s1"));
dw("<div id=outer><span>before</span><script id=w1>step('inline'); note('the element around', document.getElementById('outer').innerHTML); document.write('<em>from within</em>'); step('after')</scr" + "ipt><span>behind</span></div>");
step("caller");
dw("<scr"); dw("ipt id=w2>step('split"); dw("')</scri"); dw("pt>tail");
step("caller again");
//// src id=s3
note("inline scripts", behind("s2"));
note("order", ran.splice(0));
dw("<script id=w3 src='" + VENDOR + "/extra/write-one.js'></script><p>behind the external one</p>");
step("caller of external");
dw("<p>and more</p>");
note("not yet", document.getElementById("one") === null);
//// src id=s4
note("external scripts", behind("s3"));
note("order of external", ran.splice(0));
dw("<table id=tt><tr><td>cell"); dw("</td><td>other</table>");
dw("<select><option>a<option>b</select><ul><li>1<li>2</ul>");
dw("<b><p>mis</b>nested</p>");
dw("<template id=tm><p>in it</p></template><noscript><p>none</p></noscript><svg><circle r=1 /></svg><!-- a comment --><textarea>\n<p></textarea>");
dw("<style>#styled{width:77px}</style><div id=styled></div>");
note("style", getComputedStyle(document.getElementById("styled")).width);
note("template", document.getElementById("tm").content.firstChild.outerHTML);
note("svg", document.querySelector("svg circle") instanceof SVGElement);
note("noscript", document.querySelector("noscript p") === null);
//// src id=s5
note("markup", behind("s4").replace(/<style>.*?<\/style>/, "").replace(/<noscript>.*?<\/noscript>/, ""));
note("noscript's text", document.querySelector("noscript").textContent);
dw("<script>throw new Error('mine')</scr" + "ipt><script id=w5>step('after an error')</scr" + "ipt>");
dw("<script id=w6 src='" + VENDOR + "/extra/missing.js' onerror='step(\"error\")'></scr" + "ipt><script id=w7>step('after a missing one')</scr" + "ipt>");
//// src id=s6
note("errors", ran.splice(0));
dw("<script type='text/template' id=w8><b>data</b></scr" + "ipt><script type=application/json id=w9>{}</scr" + "ipt><script nomodule id=w10>step('nomodule')</scr" + "ipt>");
dw("<img id=im src='data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==' onload='step(\"image\")'>");
dw("<script id=w11>document.write('<script id=w12>step(\"nested\"); document.write(\"<i>deep</i>\")</scr' + 'ipt>'); step('outer of nested')</scr" + "ipt>");
dw("<script async id=w13 src='" + VENDOR + "/extra/write-async.js'></scr" + "ipt>");
//// src id=s7
const own = document.createElement("script"); own.id = "own"; own.text = "step('made'); document.write('<s id=made>made</s>')"; document.head.append(own);
note("data", [document.getElementById("w8").textContent, document.getElementById("w9").textContent]);
note("made", document.getElementById("made") !== null);
tryout("open while parsing", () => document.open() === document);
dw("<p id=still>still here</p>");
note("still", document.getElementById("still") !== null && document.getElementById("s1") !== null);
tryout("close while parsing", () => document.close());
(async () => {
  await until(() => ran.some((name) => name.startsWith("image")) && ran.some((name) => name.startsWith("async")));
  note("the rest", ran.splice(0).sort());
  await until(() => document.readyState === "complete");
  note("async did not write", document.getElementById("async-wrote") === null);
  note("nested", document.querySelector("#w12").nextSibling?.nodeName);
  finish();
})();

package integration

import (
	"testing"

	"chatproxy/integration/browsers"
)

// A start tag in the value of an attribute is data. What the guard puts into it must not
// end the value: it made elements, and ran a script of the site, out of text that had been
// escaped (CWE-116). The control is the page without chatproxy, which shows what the text is.
func TestMarksEndNoAttribute(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			tr := newTrial(t, trialOptions{
				html: `<body><p>x<script src="/own/main.js"></script>`,
				own: map[string]string{
					"main": `window.go = () => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.onload = () => setTimeout(done, 300);
  frame.srcdoc = '<p title="<script ><script src=/own/gadget.js></script><img id=broken src=nothing>">hello</p><script src=/own/real.js></scr' + 'ipt>';
  document.body.append(frame);
});
document.write('<b title="<script ><i id=written></i>">w</b>');`,
					"gadget": `say("gadget")`,
					"real":   `say("real")`,
				},
			})
			b := browsers.Start(t, engine)
			for _, address := range []string{tr.page, tr.bare} {
				tr.said.reset()
				b.Open(address + "/page")
				b.Eval(`await go()`)
				tr.hears(t, "real") // what is a script runs
				settle(b)
				var made []bool
				b.EvalInto(&made, `return [!!document.querySelector("#written"), !!document.querySelector("iframe").contentDocument.querySelector("#broken")]`)
				if made[0] || made[1] || tr.heard("gadget") {
					t.Errorf("%s: elements of data: %v; scripts said %s", address, made, tr.said.String())
				}
			}
		})
	}
}

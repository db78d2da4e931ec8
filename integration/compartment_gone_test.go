package integration

import (
	"strings"
	"testing"

	"chatproxy/integration/browsers"
)

// gone is a page with a compartment whose frame the page does something to.
func gone(t *testing.T, keys string) (*trial, *browsers.Browser) {
	tr := newTrial(t, trialOptions{
		policy: `    - {name: v, match: {src: ["VENDOR/**"]}, action: isolate, compartment: v, forward: [v.send]}
compartments: {v: {` + keys + `}}
`,
		html: `<body><div class=ad></div><section></section><script src="/own/page.js"></script><script src="VENDOR/v.js"></script><p>text`,
		own: map[string]string{"page": `window.events = [];
window.add = (src) => {
  const script = document.createElement("script");
  script.onload = script.onerror = ({ type }) => events.push(type);
  script.src = src;
  document.head.append(script);
};`},
		scripts: map[string]string{
			"v":     `window.mine = true; window.v = { send(x) { say("sent " + x) } }; say("ready")`,
			"next":  `if (!window.mine) window.v = { send(x) { say("sent again " + x) } }; say("next")`,
			"stuck": `MessagePort.prototype.postMessage = () => {}; say("stuck")`, // and never tells that it has run
		},
	})
	b := browsers.Start(t, browsers.Chromium)
	b.Open(tr.page + "/page")
	tr.hears(t, "ready")
	b.Eval(`v.send("one")`)
	tr.hears(t, "sent one")
	return tr, b
}

// goesOn has the page call, and add a script to the compartment, which must get there.
func goesOn(t *testing.T, tr *trial, b *browsers.Browser, sent string) {
	t.Helper()
	b.Eval(`events.length = 0; v.send("two"); add("` + tr.vendor + `/next.js")`)
	b.Wait(`events.join() === "load"`, patience)
	tr.hears(t, "next")
	tr.hears(t, sent+" two")
	settle(b)
	if n := b.Eval(`return document.querySelectorAll("iframe").length`); n != 1.0 {
		t.Errorf("there are %v frames", n)
	}
}

// A page that replaces its body, as Turbo does with each visit, keeps its hidden compartments.
func TestHiddenCompartmentsOutliveTheBody(t *testing.T) {
	tr, b := gone(t, "")
	b.Eval(`const body = document.createElement("body"); body.innerHTML = "<p>new"; document.documentElement.replaceChild(body, document.body)`)
	goesOn(t, tr, b, "sent")
	if strings.Count(tr.said.String(), "ready") != 1 {
		t.Errorf("the compartment was opened anew: %s", tr.said.String())
	}
}

// Where the page takes a frame away, who waits for its scripts is told, and the next script
// has a new one. It gets the calls that were made meanwhile, and of hidden ones no others.
func TestFramesThatAreTakenAwayAreOpenedAnew(t *testing.T) {
	tr, b := gone(t, "")
	b.Eval(`add("` + tr.vendor + `/stuck.js")`)
	tr.hears(t, "stuck")
	b.Eval(`document.querySelector("iframe").remove()`)
	b.Wait(`events.join() === "error"`, patience)
	goesOn(t, tr, b, "sent again")
	if tr.heard("sent again one") {
		t.Errorf("a call was made twice: %s", tr.said.String())
	}
	// At once, too.
	tr.said.reset()
	b.Eval(`document.querySelector("iframe").remove()`)
	goesOn(t, tr, b, "sent again")
}

// A frame that goes to another document runs no more scripts; the next has a new one.
func TestFramesThatWentElsewhereAreOpenedAnew(t *testing.T) {
	tr, b := gone(t, "")
	b.Eval(`document.querySelector("iframe").src = "about:blank"`)
	b.Wait(`!document.querySelector("iframe")`, patience)
	goesOn(t, tr, b, "sent again")
}

// A frame that is moved with its slot is loaded anew by the browser, without its scripts.
func TestFramesInSlotsThatMoveAreOpenedAnew(t *testing.T) {
	tr, b := gone(t, "visible: true, slot: .ad")
	b.Eval(`document.querySelector("section").append(document.querySelector(".ad"))`)
	goesOn(t, tr, b, "sent again")
	if n := b.Eval(`return document.querySelectorAll("section .ad iframe").length`); n != 1.0 {
		t.Errorf("there are %v frames in the slot", n)
	}
}

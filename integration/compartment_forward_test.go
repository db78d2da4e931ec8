package integration

import (
	"strings"
	"testing"

	"chatproxy/integration/browsers"
)

// forwarding is a page with calls of every kind and a vendor that takes them as gtag.js
// and fbevents.js do: it replays the queue that it finds, and defines functions late.
var forwarding = trialOptions{
	policy: `    - {name: vendor, match: {src: ["VENDOR/other.js"]}, action: isolate, compartment: other, forward: [dataLayer.push]}
    - {name: other, match: {src: ["VENDOR/**"]}, action: isolate, compartment: vendor, forward: [dataLayer.push, gtag, fbq, tt.track, tt.page]}
compartments: {vendor: {}, other: {}}
`,
	html: `<script src="/own/before.js"></script><script src="VENDOR/vendor.js"></script><script src="VENDOR/other.js"></script><script src="/own/after.js"></script>`,
	own: map[string]string{
		"before": `window.dataLayer = window.dataLayer || [];
function gtag() { dataLayer.push(arguments) }
gtag("js", new Date(86400000));
dataLayer.push({ event: "early", node: document.body, eventCallback(...args) { (window.called ||= []).push(JSON.stringify(args)); } });
window.isArray = Array.isArray(dataLayer) && dataLayer.length === 2;
!function (f) { if (f.fbq) return; window.snippetRan = true; f.fbq = function () {}; }(window);
fbq("track", "PageView", { value: 1.5 });
window.tt = window.tt || [];
tt.track("Buy"); tt.page();`,
		"after": `dataLayer = [{ event: "in a new array" }]; dataLayer.push({ event: "late" });
addEventListener("load", () => setTimeout(() => gtag("event", "after load")));`,
	},
	scripts: map[string]string{
		"vendor": `var take = (item) => {
  var args = Object.prototype.toString.call(item) === "[object Arguments]";
  say((args ? "arguments " : "object ") + JSON.stringify(args ? Array.from(item) : item));
  if (item.eventCallback) { item.eventCallback("G-1", { nested: [1, null] }); item.eventCallback("again", function () {}); }
};
(window.dataLayer = window.dataLayer || []).forEach(take);
var push = dataLayer.push;
dataLayer.push = function () { Array.from(arguments, take); return push.apply(dataLayer, arguments) };
setTimeout(() => { window.fbq = function () { say("fbq " + JSON.stringify(Array.from(arguments))) } }, 300);
setTimeout(() => {
  window.tt = { order: [], page() { this.order.push("page"); say("tt " + this.order) } };
  setTimeout(() => { tt.track = function (what) { this.order.push(what) } }, 200);
}, 100);`,
		"other": `dataLayer.forEach((item) => say("other " + JSON.stringify(item))); dataLayer.push = (item) => say("other " + JSON.stringify(item));`,
	},
}

// Calls of the page arrive in the compartments, whenever the page makes them and whenever
// the vendor's function is there; the functions among their arguments are called in the page.
func TestCallsAreForwarded(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			tr := newTrial(t, forwarding)
			b := browsers.Start(t, engine)
			b.Open(tr.page + "/page")
			for _, want := range []string{
				`arguments ["js","1970-01-02T00:00:00.000Z"]`,
				`object {"event":"early","node":null}`,
				`object {"event":"in a new array"}`,
				`object {"event":"late"}`,
				`arguments ["event","after load"]`,
				`fbq ["track","PageView",{"value":1.5}]`,
				`tt Buy,page`, // in the page's order, though page was there first
				`other {"event":"late"}`,
			} {
				tr.hears(t, want)
			}
			b.Wait(`window.called?.join() === '["G-1",{"nested":[1,null]}],["again",null]'`, patience)
			var page []any
			b.EvalInto(&page, `return [isArray, window.snippetRan ?? null, dataLayer.length, typeof fbq, window.called.length]`)
			if got := page; got[0] != true || got[1] != nil || got[2] != 3.0 || got[3] != "function" || got[4] != 2.0 {
				t.Errorf("the page sees %v", got)
			}
			for _, once := range []string{`"event":"early"`, `"event":"late"}`, `fbq `} {
				if n := strings.Count(strings.ReplaceAll(tr.said.String(), "[other", ""), once); n > 2 || once == "fbq " && n != 1 {
					t.Errorf("%s arrived %d times:\n%s", once, n, tr.said.String())
				}
			}

			// Without chatproxy the vendor takes the same calls, but for those into functions
			// that it does not have yet.
			tr.said.reset()
			b.Open(tr.bare + "/page")
			tr.hears(t, `arguments ["js","1970-01-02T00:00:00.000Z"]`)
			b.Wait(`window.snippetRan === true`, patience)
		})
	}
}

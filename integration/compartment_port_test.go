package integration

import (
	"strings"
	"testing"
	"time"

	"chatproxy/integration/browsers"
)

// takePort is how a hostile script gets at the port over which its compartment talks to
// the page: the prelude cannot hide it from what runs in the same realm.
const takePort = `var rawPost = MessagePort.prototype.postMessage, thePort = null, gotPort = new Promise((got) => {
  const { get } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data");
  Object.defineProperty(MessageEvent.prototype, "data", { get() {
    if (this.target instanceof MessagePort) { thePort = this.target; got(thePort) }
    return get.call(this);
  } });
  for (const name of ["postMessage", "addEventListener", "start"]) {
    const own = MessagePort.prototype[name];
    MessagePort.prototype[name] = function (...args) { thePort = this; got(this); return own.apply(this, args) };
  }
});
`

// attackOnPort is a page with two compartments: hostile and victim. Both are given a
// function; the page's function of the one is not the other's to call.
func attackOnPort(hostile string) trialOptions {
	return trialOptions{
		policy: `    - {name: victim, match: {src: ["VENDOR/victim.js"]}, action: isolate, compartment: victim, forward: [victim]}
    - {name: hostile, match: {src: ["VENDOR/**"]}, action: isolate, compartment: hostile, forward: [hostile]}
compartments: {victim: {}, hostile: {visible: true, width: 300, height: 250, max_width: 400, max_height: 300}}
`,
		html: `<body><script src="/own/page.js"></script><script src="VENDOR/victim.js"></script><div><script src="VENDOR/hostile.js"></script></div><p>text</p>`,
		own: map[string]string{
			"page": `window.warned = []; window.victims = []; window.hostiles = [];
const { warn } = console;
console.warn = (...args) => { warned.push(args.join(" ")); warn(...args) };
window.victim && victim((...args) => victims.push(args));
window.hostile && hostile((...args) => hostiles.push(args));`,
		},
		scripts: map[string]string{
			"victim":  `window.victim = (f) => { window.f = f; say("victim is there"); addEventListener("message", () => f("from the victim")) };`,
			"hostile": takePort + hostile,
		},
	}
}

// A compartment calls the functions that it was given, and no other's.
func TestForgedCallbacksAreNobodys(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			tr := newTrial(t, attackOnPort(`window.hostile = async (f) => {
  f("the first"); // so that the prelude uses the port
  const port = await gotPort;
  for (const id of [0, -1, 2, 3, 1e9, 1.5, NaN, "1", null, [1], "__proto__", "constructor"]) port.postMessage({ type: "callback", id, args: ["forged " + id] });
  port.postMessage({ type: "callback", id: 1, args: [{}] });
  port.postMessage({ type: "callback", id: 1, args: [["window"]] });
  port.postMessage({ type: "callback", id: 1, args: ["x".repeat(20e6)] });
  port.postMessage({ type: "callback", id: 1, args: [["object", "__proto__", ["object", "polluted", true], "constructor", ["object", "prototype", ["object", "polluted", true]]]] });
  port.postMessage(JSON.parse('{"type": "callback", "id": 1, "args": ["own"], "__proto__": {"polluted": true}}'));
  f("the last");
};`))
			b := browsers.Start(t, engine)
			b.Open(tr.page + "/page")
			tr.hears(t, "victim is there")
			b.Wait(`hostiles.at(-1)?.[0] === "the last"`, 20*time.Second)
			var page struct {
				Hostiles, Victims []any
				Polluted          bool
				Keys              []string
			}
			b.EvalInto(&page, `return { hostiles, victims, polluted: Boolean({}.polluted || hostiles[1][0].polluted === undefined && Object.getPrototypeOf(hostiles[1][0]) !== Object.prototype), keys: Object.keys(hostiles[1][0]) }`)
			if len(page.Victims) != 0 {
				t.Errorf("the victim's function was called with %v", page.Victims)
			}
			if len(page.Hostiles) != 4 || page.Polluted || strings.Join(page.Keys, " ") != "__proto__ constructor" {
				t.Errorf("the hostile one's own function was called %d times, with %.500v; polluted %v, keys %v", len(page.Hostiles), page.Hostiles, page.Polluted, page.Keys)
			}
			// The control: who was given the function can call it.
			b.Eval(`document.querySelectorAll("iframe").forEach((frame) => frame.contentWindow.postMessage("call", "*"))`)
			b.Wait(`victims.join() === "from the victim"`, patience)
		})
	}
}

// A flood is dropped and its sender cut off, once and for all; the page stays responsive.
// What comes at an easy pace goes on being heard.
func TestFloodsAreCutOff(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			tr := newTrial(t, attackOnPort(`window.hostile = async (f) => {
  f("before"); // so that the prelude uses the port
  const port = await gotPort;
  addEventListener("message", (event) => {
    if (event.data === "flood") {
      for (let i = 0; i < 100000; i++) port.postMessage({ type: "callback", id: 1, args: ["flood", i] });
      say("flooded");
    } else if (event.data === "after") {
      f("after");
      port.postMessage({ type: "resize", width: 300, height: 300 });
      say("tried after");
    }
  });
  say("ready");
};`))
			b := browsers.Start(t, engine)
			b.Open(tr.page + "/page")
			tr.hears(t, "ready")
			b.Wait(`hostiles.join() === "before"`, patience) // the control: it is heard
			const frame = `document.querySelector("div iframe")`
			b.Eval(frame + `.contentWindow.postMessage("flood", "*")`)
			b.Wait(`warned.length > 0`, patience)
			if !tr.hears(t, "flooded") {
				return
			}
			b.Eval(frame + `.contentWindow.postMessage("after", "*")`)
			tr.hears(t, "tried after")
			settle(b)
			var page struct {
				Calls  int
				Height float64
				After  bool
				Warned []string
			}
			b.EvalInto(&page, `return { calls: hostiles.length, height: `+frame+`.getBoundingClientRect().height, after: hostiles.some((args) => args[0] === "after"), warned }`)
			if page.Calls > 700 || page.Height != 250 || page.After || len(page.Warned) != 1 || !strings.Contains(page.Warned[0], "hostile sends too much") {
				t.Errorf("after the flood: %+v", page)
			}
			b.Eval(`document.querySelectorAll("iframe").forEach((frame) => frame.contentWindow.postMessage("call", "*"))`)
			b.Wait(`victims.join() === "from the victim"`, patience) // the other one is still heard
		})
	}
}

// A frame that goes to another document takes no port there, and what it had is closed. A
// page that greets every document of its frame, as the control does, talks to the other.
func TestASecondDocumentGetsNoPort(t *testing.T) {
	const second = `<script>addEventListener("message", (event) => { if (event.ports.length) say("got a port in " + document.title + ": " + JSON.stringify(event.data)) });</script><title>second</title><script>say("second is there")</script>`
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			o := attackOnPort(`window.hostile = async (f) => {
  f("from the first");
  const leave = () => location.href = "VENDOR/second";
  addEventListener("message", (event) => { if (event.data === "leave") leave() });
};`)
			o.pages = map[string]string{"/second": second, "/first": `<script>location.href = "/second"</script>`}
			o.own["greeter"] = `addEventListener("load", () => {
  const frame = document.createElement("iframe");
  frame.onload = () => frame.contentWindow.postMessage("naive hello", "*", [new MessageChannel().port2]);
  frame.src = "VENDOR/first";
  document.body.append(frame);
});`
			tr := newTrial(t, o)
			b := browsers.Start(t, engine)
			b.Open(tr.page + "/page")
			b.Wait(`hostiles.join() === "from the first"`, patience)
			b.Eval(`document.querySelector("div iframe").contentWindow.postMessage("leave", "*")`)
			tr.hears(t, "second is there")
			b.Eval(`hostile("to the second"); history.replaceState(null, "", "?changed"); document.title = "changed"`)
			settle(b)
			if tr.heard("got a port") {
				t.Errorf("the second document got the port: %s", tr.said.String())
			}

			b.Eval(`const script = document.createElement("script"); script.src = "/own/greeter.js"; document.head.append(script); return new Promise((done) => script.onload = done)`)
			b.Eval(`dispatchEvent(new Event("load"))`)
			tr.hears(t, `got a port in second: "naive hello"`)
		})
	}
}

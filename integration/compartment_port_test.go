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

// A flood is dropped and its sender cut off and taken away; the page stays responsive. What
// comes at an easy pace goes on being heard, and the next script has a frame again.
func TestFloodsAreCutOff(t *testing.T) {
	for _, engine := range browsers.All {
		for _, flood := range []string{`{ type: "callback", id: 1, args: ["flood", i] }`, `{ type: "nonsense", i }`} {
			t.Run(string(engine)+"/"+strings.Split(flood, `"`)[1], func(t *testing.T) {
				o := attackOnPort(`window.hostile = async (f) => {
  f("before"); // so that the prelude uses the port
  const port = await gotPort;
  addEventListener("message", (event) => {
    if (event.data === "flood") for (let i = 0; i < 100000; i++) port.postMessage(` + flood + `);
  });
  say("ready");
};`)
				o.scripts["again"] = `say("again"); window.hostile = (f) => f("again")`
				tr := newTrial(t, o)
				b := browsers.Start(t, engine)
				b.Open(tr.page + "/page")
				tr.hears(t, "ready")
				b.Wait(`hostiles.join() === "before"`, patience) // the control: it is heard
				b.Eval(`document.querySelector("div iframe").contentWindow.postMessage("flood", "*")`)
				b.Wait(`warned.length > 0`, patience)
				settle(b)
				var page struct {
					Calls, Frames int
					Warned        []string
				}
				b.EvalInto(&page, `return { calls: hostiles.length, frames: document.querySelectorAll("div iframe").length, warned }`)
				if page.Calls > 700 || page.Frames != 0 || len(page.Warned) != 1 || !strings.Contains(page.Warned[0], "hostile sends too much") {
					t.Errorf("after the flood: %+v", page)
				}
				b.Eval(`document.querySelectorAll("iframe").forEach((frame) => frame.contentWindow.postMessage("call", "*"))`)
				b.Wait(`victims.join() === "from the victim"`, patience) // the other one is still heard
				b.Eval(`const script = document.createElement("script"); script.src = "` + tr.vendor + `/again.js"; document.querySelector("div").append(script)`)
				tr.hears(t, "again")
			})
		}
	}
}

// expensive posts a message that takes long to read ten times, to what PORT is.
const expensive = `const big = Array.from({ length: 1000000 }, (_, a) => ({ a }));
addEventListener("message", async (event) => {
  if (event.data !== "go") return;
  for (let i = 0; i < 10; i++) { POST; await new Promise((done) => setTimeout(done, 20)) }
  say("sent");
});
say("ready");`

// One message can take as long to read as a thousand. Chromium reads it when the page
// does, and has the frame in a process of its own: there, who sends one is cut off. In the
// others a frame's script can hold up the page anyway.
func TestWhatTakesLongToReadIsCutOff(t *testing.T) {
	o := attackOnPort(`window.hostile = async (f) => {
  f("before");
  const port = await gotPort;
` + strings.Replace(expensive, "POST", `port.postMessage({ type: "nonsense", big })`, 1) + `};`)
	o.pages = map[string]string{"/naive": `<script>addEventListener("message", ({ ports: [port] }) => {
  if (!port) return;
` + strings.Replace(expensive, "POST", "port.postMessage({ big })", 1) + `});</script>`}
	// The control: a page that reads whatever comes.
	o.own["naive"] = `const frame = document.createElement("iframe"), { port1, port2 } = new MessageChannel();
window.spent = 0;
window.naive = frame;
port1.onmessage = (event) => { const before = performance.now(); event.data; spent += performance.now() - before };
frame.onload = () => frame.contentWindow.postMessage("hello", "*", [port2]);
frame.src = "VENDOR/naive";
document.body.append(frame);`
	tr := newTrial(t, o)
	b := browsers.Start(t, browsers.Chromium)
	b.Open(tr.page + "/page")
	tr.hears(t, "ready")
	b.Eval(`document.querySelector("div iframe").contentWindow.postMessage("go", "*")`)
	b.Wait(`warned.join().includes("hostile sends too much") && !document.querySelector("div iframe")`, patience)

	tr.said.reset()
	b.Open(tr.bare + "/page")
	b.Eval(`const script = document.createElement("script"); script.src = "/own/naive.js"; document.body.append(script)`)
	tr.hears(t, "ready")
	b.Eval(`naive.contentWindow.postMessage("go", "*")`)
	b.Wait(`spent > 500`, patience)
}

// The page's listeners hear nothing that a compartment, or a frame in one, posts to its
// window; of other frames they do.
func TestTheWindowHearsNoCompartment(t *testing.T) {
	const inner = `const frame = document.createElement("iframe");
frame.srcdoc = "<script>parent.parent.postMessage('from within', '*')<\/script>";
document.documentElement.append(frame);`
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			tr := newTrial(t, trialOptions{
				policy: `    - {name: v, match: {src: ["VENDOR/**"]}, action: isolate, compartment: v}
compartments: {v: {}}
`,
				html: `<body><script src="/own/page.js"></script><script src="VENDOR/v.js"></script>`,
				own: map[string]string{"page": `window.heard = [];
addEventListener("message", ({ data }) => heard.push(data), true);
window.onmessage = ({ data }) => heard.push(data);`},
				scripts: map[string]string{"v": `var top = window.top;
for (const to of [parent, top]) to.postMessage("from the compartment", "*");
` + inner + `
say("posted");`},
				pages: map[string]string{"/other": `<script>parent.postMessage("from another", "*"); ` + inner + `</script>`},
			})
			b := browsers.Start(t, engine)
			b.Open(tr.page + "/page")
			tr.hears(t, "posted")
			settle(b)
			// The control: a frame of the page's own.
			b.Eval(`const frame = document.createElement("iframe"); frame.src = "` + tr.vendor + `/other"; document.body.append(frame)`)
			b.Wait(`heard.filter((data) => data === "from another").length === 2 && heard.includes("from within")`, patience)
			var heard []string
			b.EvalInto(&heard, `return heard`)
			if all := strings.Join(heard, ", "); strings.Contains(all, "compartment") || strings.Count(all, "within") != 2 {
				t.Errorf("the page hears %s", all)
			}
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

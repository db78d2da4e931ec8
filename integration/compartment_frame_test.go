package integration

import (
	"slices"
	"strings"
	"testing"

	"chatproxy/integration/browsers"
)

// A compartment becomes as large as the policy lets it, whatever it asks for, and covers
// nothing of the page.
func TestResizesStayWithinBounds(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			o := attackOnPort(`window.hostile = async (f) => {
  f("hello");
  const port = await gotPort, post = rawPost.bind(port);
  MessagePort.prototype.postMessage = () => {}; // the prelude tells the content's own size
  addEventListener("message", (event) => { for (const [width, height] of event.data) post({ type: "resize", width, height }) });
  document.documentElement.style.cssText = "position:fixed;inset:-9999px;z-index:2147483647;overflow:visible";
};`)
			o.html = `<style>iframe { position: fixed; inset: 0; z-index: 9999; margin: -500px; transform: scale(9) } p { width: 100px; height: 100px; margin: 0 }</style>` + o.html
			tr := newTrial(t, o)
			b := browsers.Start(t, engine)
			b.Open(tr.page + "/page")
			b.Wait(`hostiles.join() === "hello"`, patience)
			const frame = `document.querySelector("div iframe")`
			ask := func(sizes string) { b.Eval(frame + `.contentWindow.postMessage(` + sizes + `, "*")`) }
			const size = `(() => { const { width, height, left, top } = ` + frame + `.getBoundingClientRect(); return [width, height].join() })()`
			ask(`[[350, 280]]`) // the control: within the bounds it gets what it wants
			b.Wait(size+` === "350,280"`, patience)
			ask(`[[100000, 100000], [99999, 99999]]`)
			b.Wait(size+` === "400,300"`, patience)
			ask(`[[1, 1], [0, 0]]`)
			b.Wait(size+` === "300,250"`, patience)
			ask(`[[1e9, 400], ["400", 400], [-1, -1], [NaN, NaN]]`)
			settle(b)
			b.Wait(size+` === "300,250"`, patience)
			var covered string
			b.EvalInto(&covered, `
const frame = `+frame+`.getBoundingClientRect(), text = document.querySelector("p").getBoundingClientRect();
return document.elementFromPoint(text.left + 50, text.top + 50)?.localName + " " + (frame.bottom <= text.top)`)
			if covered != "p true" {
				t.Errorf("on the page's text is %s", covered)
			}
		})
	}
}

// frameLeaving tries to send the page elsewhere and to open windows.
const frameLeaving = `const ways = {
  top: () => { top.location = "VENDOR/landed" },
  open: () => { if (open("VENDOR/landed")) say("a window was opened") },
  anchor: () => click("_top"), blank: () => click("_blank"),
  form: () => { const form = document.createElement("form"); form.action = "VENDOR/landed"; form.target = "_top"; document.body.append(form); form.submit() },
};
const click = (target) => { const a = document.createElement("a"); a.href = "VENDOR/landed"; a.target = target; document.body.append(a); a.click(); a.remove() };
addEventListener("load", () => {
  for (const way in ways) try { ways[way]() } catch (error) {}
  say("tried to leave");
  const a = document.createElement("a");
  a.href = "VENDOR/clicked"; a.target = KIND;
  a.style.cssText = "position:fixed;inset:0;display:block";
  document.body.append(a);
  say("link is there");
});`

// Nothing leaves the page without a click, also where the policy lets clicks do so; and a
// click does what the policy lets it.
func TestLeavingNeedsAClick(t *testing.T) {
	for _, engine := range browsers.All {
		for _, tt := range []struct{ name, keys, target, want string }{
			{"popups", "popups: true", "_blank", "asked for /clicked"},
			{"top navigation", "top_navigation: true", "_top", "asked for /clicked"},
			{"neither", "popups: false", "_blank", ""},
			{"the page", "popups: true", "_top", ""}, // WebKit opens a window instead
		} {
			t.Run(string(engine)+"/"+tt.name, func(t *testing.T) {
				tr := newTrial(t, trialOptions{
					policy: `    - {name: ad, match: {src: ["VENDOR/**"]}, action: isolate, compartment: ad}
compartments: {ad: {visible: true, ` + tt.keys + `}}
`,
					html:    `<body><div><script src="VENDOR/leave.js"></script></div>`,
					scripts: map[string]string{"leave": strings.Replace(frameLeaving, "KIND", `"`+tt.target+`"`, 1)},
				})
				b := browsers.Start(t, engine)
				b.Open(tr.page + "/page")
				tr.hears(t, "tried to leave")
				tr.hears(t, "link is there")
				settle(b)
				// Firefox's blocker of popups is switched off while it is driven.
				blocks := engine != browsers.Firefox || !strings.Contains(tt.keys, "popups: true")
				if blocks && (tr.heard("landed") || tr.heard("window was opened")) || b.URL() != tr.page+"/page" {
					t.Fatalf("without a click: %s; the page is %s", tr.said.String(), b.URL())
				}
				b.Click("iframe")
				if tt.want != "" {
					tr.hears(t, tt.want)
					return
				}
				settle(b)
				if b.URL() != tr.page+"/page" || tt.target == "_blank" && tr.heard("/clicked") {
					t.Errorf("a click did what the policy does not let it: %s", tr.said.String())
				}

				b.Open(tr.bare + "/page") // the control: any script of a page can send it elsewhere
				tr.hears(t, "asked for /landed")
			})
		}
	}
}

// A visible compartment stands in its slot, also one that comes after its script, and
// has its size; without a slot it stands where the script stood.
func TestSlots(t *testing.T) {
	tr := newTrial(t, trialOptions{
		policy: `    - {name: top, match: {src: ["VENDOR/top.js"]}, action: isolate, compartment: top}
    - {name: box, match: {src: ["VENDOR/box.js"]}, action: isolate, compartment: box}
    - {name: lost, match: {src: ["VENDOR/lost.js"]}, action: isolate, compartment: lost}
compartments:
  top: {visible: true, slot: "#top > div", max_height: 120}
  box: {visible: true, slot: .box, width: 200, height: 50}
  lost: {visible: true, slot: "#nowhere"}
`,
		html: `<script src="VENDOR/top.js"></script><body><p>text</p>
<section class=box id=one><script src="VENDOR/box.js"></script></section>
<section class=box id=two><script src="VENDOR/box.js"></script></section>
<article><script src="VENDOR/lost.js"></script></article>
<div style="height:3000px"></div><div id=top><div style="width:468px;height:60px;padding:5px"></div></div>`,
		scripts: map[string]string{
			"top":  takePort + `say("top"); gotPort.then((port) => port.addEventListener("message", ({ data }) => { if (data.type === "view") say("view " + data.view.ratio + " " + data.view.width) }));` + "\n" + `Object.defineProperty(window, "views", { value: [] });`,
			"box":  `say("box");`,
			"lost": `say("lost");`,
		},
	})
	b := browsers.Start(t, browsers.Chromium)
	b.Open(tr.page + "/page")
	for _, script := range []string{"top", "box", "lost"} {
		tr.hears(t, script)
	}
	b.Wait(`document.querySelectorAll("iframe").length === 4`, patience)
	var got []string
	b.EvalInto(&got, `return [...document.querySelectorAll("iframe")].map((frame) => [(frame.closest("[id]") ?? frame.parentElement).id || frame.parentElement.localName, frame.offsetWidth, frame.offsetHeight, frame.title, frame.inert].join())`)
	slices.Sort(got)
	want := []string{"article,300,250,lost,false", "one,200,50,box,false", "top,468,70,top,false", "two,200,50,box,false"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	b.Eval(`document.title = "to have a message"; document.querySelector("#top").scrollIntoView()`)
	tr.hears(t, "view 1 468")
	b.Eval(`scrollTo(0, 0)`)
	tr.hears(t, "view 0 468")
}

// What the browser lets a frame use is what the policy lists.
func TestPermissionsOfACompartment(t *testing.T) {
	tr := newTrial(t, trialOptions{
		policy: `    - {name: plain, match: {src: ["VENDOR/plain.js"]}, action: isolate, compartment: plain}
    - {name: video, match: {src: ["VENDOR/video.js"]}, action: isolate, compartment: video}
compartments: {plain: {}, video: {visible: true, permissions: [autoplay, fullscreen]}}
`,
		html:    `<body><div><script src="VENDOR/video.js"></script></div><script src="VENDOR/plain.js"></script>`,
		scripts: map[string]string{"plain": `say("plain " + document.featurePolicy.allowedFeatures());`, "video": `say("video " + document.featurePolicy.allowedFeatures().sort());`},
	})
	b := browsers.Start(t, browsers.Chromium)
	b.Open(tr.page + "/page")
	tr.hears(t, "plain ")
	tr.hears(t, "video autoplay,fullscreen")
	var n int
	b.EvalInto(&n, `return document.featurePolicy.allowedFeatures().length`)
	if n < 20 {
		t.Errorf("control: the page itself may use %d features, so this test shows nothing", n)
	}
}

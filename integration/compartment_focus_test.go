package integration

import (
	"strings"
	"testing"

	"chatproxy/integration/browsers"
)

// takesKeys tells every key that it gets, and takes the focus once it is told to.
const takesKeys = `addEventListener("keydown", (event) => say("key " + event.key), true);
const field = document.createElement("input");
const take = () => setInterval(() => { window.focus(); field.focus({ preventScroll: true }); }, 20);
addEventListener("message", (event) => { if (event.data === "take") take(); });
document.documentElement.append(field);
`

// A script that takes the focus gets what is typed into the page. In the page itself it
// needs not even that; out of a compartment it gets nothing, whatever the reader did
// before.
func TestCompartmentsDoNotTakeTheFocus(t *testing.T) {
	const visible = `    - {name: v, match: {src: ["VENDOR/**"]}, action: isolate, compartment: v}
compartments: {v: {visible: true, width: 300, height: 250}}
`
	field := func(b *browsers.Browser) { b.Click("#i") }
	// For so long a click or a key counts as the user's activity.
	pass := func(b *browsers.Browser) { b.Eval(`await new Promise((done) => setTimeout(done, 5500))`) }
	for name, tt := range map[string]struct {
		policy string
		before func(b *browsers.Browser)
	}{
		"hidden":                    {"", field},
		"visible":                   {visible, field},
		"visible, clicked before":   {visible, func(b *browsers.Browser) { b.Click("iframe"); field(b); pass(b) }},
		"visible, clicked just now": {visible, func(b *browsers.Browser) { b.Click("iframe"); field(b) }},
		"visible, under the pointer": {visible, func(b *browsers.Browser) {
			field(b)
			b.Eval(`d.style.cssText = "position: absolute; left: 0; top: 0; z-index: 9"; await new Promise((done) => setTimeout(done, 300))`)
			pass(b)
		}},
	} {
		for _, engine := range browsers.All {
			t.Run(name+"/"+string(engine), func(t *testing.T) {
				tr := newTrial(t, trialOptions{
					policy:  tt.policy,
					html:    `<body><input id=i type=password><div id=d><script src="VENDOR/v.js"></script></div>`,
					scripts: map[string]string{"v": takesKeys + `say("ready");`},
				})
				b := browsers.Start(t, engine)
				b.Open(tr.page + "/page")
				tr.hears(t, "ready")
				tt.before(b)
				typed := "bc"
				b.Press("b")
				b.Press("c")
				b.Eval(`document.querySelector("iframe").contentWindow.postMessage("take", "*"); await new Promise((done) => setTimeout(done, 600))`)
				for _, key := range "hunter2" {
					b.Press(string(key))
					typed += string(key)
				}
				settle(b)
				if strings.Contains(tr.said.String(), "key ") {
					t.Errorf("the compartment got keys: %s", tr.said.String())
				}
				got := b.Eval(`return document.querySelector("#i").value`)
				// WebKit gives the keys to nobody until the next click where a frame that was
				// clicked in is taken away.
				nobody := engine == browsers.WebKit && strings.Contains(name, "clicked")
				if got != typed && !(nobody && got == "bc") {
					t.Errorf("the page has %q of %q", got, typed)
				}

				b.Open(tr.bare + "/page") // the control
				b.Click("#i")
				b.Press("b")
				tr.hears(t, "key b")
			})
		}
	}
}

// The reader gets into a visible compartment by a click and by the Tab key, and the
// page's own call of focus takes no frame away.
func TestTheReaderGetsIntoACompartment(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			tr := newTrial(t, trialOptions{
				policy: `    - {name: v, match: {src: ["VENDOR/**"]}, action: isolate, compartment: v}
compartments: {v: {visible: true, width: 300, height: 250}}
`,
				html:    `<body><input id=i><div id=d><script src="VENDOR/v.js"></script></div>`,
				scripts: map[string]string{"v": `addEventListener("keydown", (event) => say("key " + event.key), true); document.body.innerHTML = "<button>an ad</button>"; say("ready");`},
			})
			b := browsers.Start(t, engine)
			b.Open(tr.page + "/page")
			tr.hears(t, "ready")
			b.Click("iframe")
			b.Wait(`document.activeElement.localName === "iframe"`, patience)
			b.Press("x")
			tr.hears(t, "key x")

			b.Click("#i")
			b.Wait(`document.activeElement.id === "i"`, patience)
			if engine != browsers.WebKit { // which goes to buttons with Tab only where the user has it so
				b.Press("Tab")
				b.Wait(`document.activeElement.localName === "iframe"`, patience)
				b.Press("y")
				tr.hears(t, "key y")
				b.Click("#i")
			}
			b.Eval(`document.querySelector("iframe").focus()`)
			settle(b)
			if n := b.Eval(`return document.querySelectorAll("iframe").length`); n != 1.0 {
				t.Errorf("%v frames are left", n)
			}
		})
	}
}

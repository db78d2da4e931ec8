package integration

import (
	"time"

	"chatproxy/integration/browsers"
)

// What the reader does at the desk.

// typeBoth fills in the form.
func typeBoth(b *browsers.Browser) {
	b.Type("#letter", typedText)
	b.Type("#password", typedPassword)
}

// typeAndEnter fills in the form and sends it off.
func typeAndEnter(b *browsers.Browser) {
	typeBoth(b)
	b.Click("#enter")
}

// selectSecret selects the text.
func selectSecret(b *browsers.Browser) {
	b.Click("#secret")
	b.Eval("getSelection().selectAllChildren(secret)")
}

// copySecret copies the text.
func copySecret(b *browsers.Browser) {
	selectSecret(b)
	b.Press("Control+c")
}

// copyAndPaste copies the text and pastes it into the form.
func copyAndPaste(b *browsers.Browser) {
	copySecret(b)
	b.Click("#letter")
	b.Press("Control+v")
}

// does is what the page's own script does.
func does(js string) func(*browsers.Browser) {
	return func(b *browsers.Browser) { b.Eval(js) }
}

// clickPage clicks in the middle of the page, whatever is there.
func clickPage(b *browsers.Browser) { b.Click("html") }

// clickFrame clicks the attack's own frame, or the page where it has none.
func clickFrame(b *browsers.Browser) {
	if b.Eval(`return !!document.querySelector("#slot iframe")`) == true {
		b.Click("#slot iframe")
		return
	}
	clickPage(b)
}

// typeOnly clicks into the field and types, wherever the keys go: the first a tenth of a
// second later, as nobody is quicker.
func typeOnly(b *browsers.Browser) {
	b.Click("#letter")
	b.Eval("await new Promise((done) => setTimeout(done, 100))")
	for _, key := range typedText {
		b.Press(string(key))
	}
}

// goToHash follows a link within the page, and returns.
func goToHash(b *browsers.Browser) {
	b.Eval(`const here = location.href;
const there = new Promise((done) => addEventListener("hashchange", done, { once: true }));
next.href = "#to-the-inbox";
next.click();
await there;
history.replaceState(history.state, "", here);`)
}

// dismissModals gives modal windows their time and dismisses them.
func dismissModals(b *browsers.Browser) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range 12 {
		<-tick.C
		b.Dismiss()
	}
}

// comeBack loads the page again.
func comeBack(b *browsers.Browser) {
	b.Eval("setTimeout(() => location.reload())")
	b.Wait(`performance.getEntriesByType("navigation")[0].type === "reload" && window.ready`, patience)
}

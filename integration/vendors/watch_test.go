package vendors

import (
	"context"
	"slices"
	"strings"
	"testing"

	"chatproxy/integration/browsers"
)

// The control of what the matrix does not see: an error and a violation are noticed
// where a vendor's script runs and in the page.
func TestWhatGoesWrongIsSeen(t *testing.T) {
	libraries, err := LoadLibraries(nodeModules)
	if err != nil {
		t.Fatal(err)
	}
	stands := newStands(t, libraries)
	b := browsers.Start(t, browsers.Chromium)
	i := slices.IndexFunc(stands["compartment"], func(s stand) bool { return s.vendor.Key == "plausible" })
	s := stands["compartment"][i]
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	told := func(kind, text string) {
		t.Helper()
		if !s.inbox.Wait(ctx, 0, func(_ []Hit, troubles []Trouble) bool {
			return slices.ContainsFunc(troubles, func(t Trouble) bool { return t.Kind == kind && strings.Contains(t.Text, text) })
		}) {
			t.Errorf("the collector was not told of %s %q: %+v", kind, text, s.inbox.Troubles())
		}
	}

	b.Open(s.site + Path)
	told("watching", "")
	b.EvalInFrame("iframe", `
		const script = document.createElement("script");
		script.textContent = 'throw new Error("thrown in the compartment")';
		document.body.append(script);
		fetch("http://elsewhere.localhost/").catch(() => {})`)
	told("error", "thrown in the compartment")
	told("violation", "connect-src http://elsewhere.localhost/")
	// What a driver's script throws is told without its text.
	b.Eval(`setTimeout(() => { throw new Error("thrown in the page") }); document.body.insertAdjacentHTML("beforeend", '<img src="/nowhere.png" onerror="window.ran = true">')`)
	b.Wait(`seen.some((text) => text.startsWith("error ")) && seen.some((text) => text.startsWith("violation script-src-attr"))`, patience)
	if b.Eval("return window.ran") != nil {
		t.Error("the page is not in enforce mode")
	}
}

package vendors

import (
	"context"
	"slices"
	"strings"
	"testing"

	"chatproxy/integration/browsers"
)

// The control of what the matrix does not see: an error and a violation are noticed
// where a vendor's script runs, in the page, and by chatproxy itself.
func TestWhatGoesWrongIsSeen(t *testing.T) {
	libraries, err := LoadLibraries(nodeModules)
	if err != nil {
		t.Fatal(err)
	}
	stands, proxy := newStands(t, libraries)
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
	b.EvalInFrame("iframe", `setTimeout(() => { throw new Error("thrown in the compartment") }); fetch("http://elsewhere.localhost/").catch(() => {})`)
	told("error", "thrown in the compartment")
	told("violation", "connect-src http://elsewhere.localhost/")
	b.Eval(`setTimeout(() => { throw new Error("thrown in the page") }); document.body.insertAdjacentHTML("beforeend", '<img src="/nowhere.png" onerror="window.ran = true">')`)
	b.Wait(`seen.some((text) => text.includes("thrown in the page")) && seen.some((text) => text.startsWith("violation script-src-attr"))`, patience)
	if b.Eval("return window.ran") != nil {
		t.Error("the page is not in enforce mode")
	}
	select {
	case <-proxy.Output.Has("msg=violation"):
	case <-ctx.Done():
		t.Error("chatproxy has not got the browser's report")
	}
}

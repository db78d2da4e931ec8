package integration

import (
	"slices"
	"strings"
	"testing"

	"chatproxy/integration/browsers"
)

// keeping is a page with a vendor that keeps names of its own, of which the policy lists
// some, and another vendor that looks for them.
var keeping = trialOptions{
	policy: `    - {name: vendor, match: {src: ["VENDOR/vendor.js"]}, action: isolate, compartment: vendor}
    - {name: other, match: {src: ["VENDOR/**"]}, action: isolate, compartment: other}
compartments:
  vendor: {storage: [_ga, "id*", brief]}
  other: {storage: ["*"]}
`,
	html: `<script src="VENDOR/vendor.js"></script><script src="VENDOR/other.js"></script><script src="/own/page.js"></script>`,
	own:  map[string]string{"page": `window.own = 1;`},
	scripts: map[string]string{
		"vendor": `var tell = () => "cookie " + document.cookie.split("; ").filter((c) => /^(_ga|junk|brief)=/.test(c)).sort() + " id " + localStorage.getItem("id1") + " junk " + localStorage.getItem("junk") + " session " + sessionStorage.getItem("id2");
say("found: " + tell());
document.cookie = "_ga=GA1; max-age=3600"; document.cookie = "brief=1"; document.cookie = "junk=1; max-age=3600";
localStorage.setItem("id1", "abc"); localStorage.setItem("junk", "1"); sessionStorage.setItem("id2", "tab");
say("wrote: " + tell());
addEventListener("storage", (event) => say("changed: " + event.key + " to " + event.newValue + ", " + localStorage.getItem("id1")));`,
		"other": `say("other: " + document.cookie + Object.keys(localStorage) + Object.keys(sessionStorage));`,
	},
}

// Names that the policy lists live on, for their compartment alone; they are in no cookie
// of the site. Without chatproxy they are cookies that every script reads.
func TestNamedValuesLiveOn(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			tr := newTrial(t, keeping)
			b := browsers.Start(t, engine)
			b.Open(tr.page + "/page")
			const all = "cookie _ga=GA1,brief=1,junk=1 id abc junk 1 session tab"
			tr.hears(t, "found: cookie  id null junk null session null")
			tr.hears(t, "wrote: "+all)
			const mine = `Object.keys(localStorage).concat(Object.keys(sessionStorage)).filter((key) => key.startsWith("chatproxy.kept/")).sort()`
			b.Wait(mine+`.length === 4`, patience)
			settle(b)
			var keys []string
			b.EvalInto(&keys, "return "+mine)
			want := []string{"chatproxy.kept/vendor/cookie/_ga", "chatproxy.kept/vendor/cookie/brief", "chatproxy.kept/vendor/local/id1", "chatproxy.kept/vendor/session/id2"}
			if !slices.Equal(keys, want) {
				t.Errorf("kept are %q, want %q", keys, want)
			}
			tr.said.reset()
			b.Open(tr.page + "/page?again")
			tr.hears(t, "found: cookie _ga=GA1,brief=1 id abc junk null session tab")
			tr.hears(t, "other: ")
			if strings.Contains(tr.asked.String(), "_ga") || strings.Contains(b.Eval("return document.cookie").(string), "_ga") {
				t.Error("a vendor's cookie is one of the site's")
			}

			// Another tab of the site: a frame's write is what another tab's is.
			b.Eval(`const frame = document.createElement("iframe"); frame.src = "/nothing"; document.body.append(frame); await new Promise((done) => frame.onload = done);
frame.contentWindow.localStorage.setItem("chatproxy.kept/vendor/local/id1", ";from another tab")`)
			tr.hears(t, "changed: id1 to from another tab, from another tab")

			tr.said.reset()
			b.Open(tr.bare + "/page") // the control
			tr.hears(t, "wrote: "+all)
			b.Open(tr.bare + "/page")
			tr.hears(t, "found: "+all)
			b.Wait(`document.cookie.includes("_ga=GA1")`, patience)
		})
	}
}

// A compartment keeps what the policy lists and no more than so much, whatever its scripts
// say to the page.
func TestAHostileCompartmentKeepsLittle(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			o := attackOnPort(`window.hostile = async (f) => {
  f("hello");
  const port = await gotPort, post = rawPost.bind(port);
  const keep = (name, value, area = "local") => post({ type: "keep", kept: { area, name, value, expires: null } });
  for (const name of ["strophe-bosh-session", "../victim/local/x", "", "__proto__", "constructor"]) keep(name, "forged");
  keep("ok", "forged", "window"); keep("ok", "forged", "__proto__"); keep("ok", 5); keep("ok", "x".repeat(16385));
  for (let i = 0; i < 200; i++) keep("big" + i, "x".repeat(16000));
  keep("ok", "the last");
  keep("big0", null);
  keep("ok", "the last");
  f("done");
};`)
			o.policy = strings.Replace(o.policy, "hostile: {", `hostile: {storage: [ok, "big*"], `, 1)
			tr := newTrial(t, o)
			b := browsers.Start(t, engine)
			b.Open(tr.page + "/page")
			b.Wait(`hostiles.join() === "hello,done"`, patience)
			var page struct {
				Items, Text int
				Ok          string
				Forged      []string
			}
			b.EvalInto(&page, `const keys = [...Object.keys(localStorage), ...Object.keys(sessionStorage)];
return { items: keys.length, text: keys.reduce((sum, key) => sum + (localStorage[key] ?? "").length, 0), ok: localStorage["chatproxy.kept/hostile/local/ok"] ?? "", forged: keys.filter((key) => !/^chatproxy\.kept\/hostile\/local\/(ok|big\d+)$/.test(key)) }`)
			// That some is kept is the control.
			if page.Items < 2 || page.Items > 6 || page.Text < 16000 || page.Text > 70000 || page.Ok != ";the last" || len(page.Forged) > 0 {
				t.Errorf("kept are %+v", page)
			}
		})
	}
}

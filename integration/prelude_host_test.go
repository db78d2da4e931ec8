package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"chatproxy/browser"
	"chatproxy/integration/browsers"
)

// A stage is a page that plays the guard for one compartment: it says what a test has
// it say, and keeps what it hears.
type stage struct {
	*browsers.Browser
	t    *testing.T
	seen *lines // what the frame has sent to the server
	url  string
}

const stagePage = `<!doctype html><title>stage</title><body style="margin:0"><iframe id=c style="%s" src="/shop/item?q=1&chatproxy-compartment=c" sandbox="allow-scripts"></iframe><script>
window.heard = [];
const frame = document.getElementById("c");
frame.addEventListener("load", () => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = (event) => heard.push(event.data);
  window.send = (message) => port1.postMessage(message);
  frame.contentWindow.postMessage(%s, "*", [port2]);
}, { once: true });
</script>`

var facts = map[string]any{
	"url": "", "title": "The shop", "referrer": "https://search.example/", "width": 1200, "height": 800,
	"scrollX": 0, "scrollY": 0, "documentWidth": 1200, "documentHeight": 4000,
}

// newStage opens a compartment. hello has what differs from a hidden one that keeps nothing.
func newStage(t *testing.T, engine browsers.Engine, hello map[string]any) *stage {
	t.Helper()
	s := &stage{t: t, seen: &lines{}}
	greeting := map[string]any{"chatproxy": "hello", "visible": false, "maxWidth": 600, "maxHeight": 500, "storage": []string{}, "kept": []any{}}
	for k, v := range hello {
		greeting[k] = v
	}
	visible := greeting["visible"] == true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		switch {
		case r.URL.Path == "/":
			page := map[string]any{}
			for k, v := range facts {
				page[k] = v
			}
			page["url"] = "http://" + r.Host + "/shop/item?q=1"
			greeting["page"] = page
			text, err := json.Marshal(greeting)
			if err != nil {
				t.Error(err)
			}
			style := "position:fixed;left:0;top:0;width:1px;height:1px;opacity:0;border:0"
			if visible {
				style = "width:300px;height:250px;border:0"
			}
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, stagePage, style, text)
		case strings.HasPrefix(r.URL.Path, "/seen/"):
			fmt.Fprintf(s.seen, "[%s]", strings.TrimPrefix(r.URL.Path, "/seen/"))
		case r.URL.Query().Has("chatproxy-compartment"):
			w.Header().Set("Content-Security-Policy", "sandbox allow-scripts")
			browser.CompartmentDocument(visible).ServeHTTP(w, r)
		case r.URL.Path == browser.IndexedDB.Path:
			browser.IndexedDB.ServeHTTP(w, r)
		case r.URL.Path == "/next":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!doctype html><title>next</title>")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	s.Browser = browsers.Start(t, engine)
	s.Open(server.URL + "/")
	s.Wait(`typeof send === "function"`, patience)
	// The greeting has come before anything that is evaluated in the frame from now on.
	s.waitInside(`document.title === "The shop"`)
	return s
}

// run hands over an inline script and waits until it has run.
func (s *stage) run(script string) {
	s.t.Helper()
	s.Eval(`send({ type: "run", script: { src: null, text: arguments[0], type: "", async: false, deferred: false, attributes: [] } })`,
		script+"\n;window.runs = (window.runs || 0) + 1; window.lastRun = "+fmt.Sprintf("%q", script))
	s.waitInside(fmt.Sprintf("window.lastRun === %q", script))
}

func (s *stage) inside(js string) any { s.t.Helper(); return s.EvalInFrame("#c", js) }

// waitInside waits until an expression holds in the compartment.
func (s *stage) waitInside(condition string) {
	s.t.Helper()
	s.EvalInFrame("#c", `const end = performance.now() + 15000;
while (!(`+condition+`)) {
  if (performance.now() > end) throw new Error("it never holds: " + `+fmt.Sprintf("%q", condition)+`);
  await new Promise((go) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = () => go(); port2.postMessage(0) });
}`)
}

// wants compares what an expression gives in the compartment.
func (s *stage) wants(expression string, want any) {
	s.t.Helper()
	got, _ := json.Marshal(s.inside("return " + expression))
	expected, _ := json.Marshal(want)
	if string(got) != string(expected) {
		s.t.Errorf("%s: %s gives %s, want %s", s.Engine(), expression, got, expected)
	}
}

// send says something to the compartment; page and view are what differs.
func (s *stage) send(message map[string]any) { s.t.Helper(); s.Eval(`send(arguments[0])`, message) }

func (s *stage) page(changes map[string]any) {
	s.t.Helper()
	page := map[string]any{}
	for k, v := range facts {
		page[k] = v
	}
	page["url"] = s.url + "/shop/item?q=1"
	for k, v := range changes {
		page[k] = v
	}
	s.send(map[string]any{"type": "page", "page": page})
}

func onAllStages(t *testing.T, hello map[string]any, act func(t *testing.T, s *stage)) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) { act(t, newStage(t, engine, hello)) })
	}
}

// Values whose names the policy lists come back on the next visit, and no others leave.
func TestValuesThatLiveOn(t *testing.T) {
	kept := []any{
		map[string]any{"area": "cookie", "name": "_ga", "value": "old", "expires": time.Now().Add(time.Hour).UnixMilli()},
		map[string]any{"area": "cookie", "name": "__Host-id", "value": "secure", "expires": nil},
		map[string]any{"area": "local", "name": "vendor.id", "value": "l", "expires": nil},
		map[string]any{"area": "session", "name": "vendor.s", "value": "s", "expires": nil},
	}
	hello := map[string]any{"storage": []string{"_ga", "__Host-id", "vendor.*"}, "kept": kept}
	onAllStages(t, hello, func(t *testing.T, s *stage) {
		s.wants(`[document.cookie, localStorage["vendor.id"], sessionStorage["vendor.s"]]`, []string{"_ga=old; __Host-id=secure", "l", "s"})
		if got := s.Eval(`return heard.filter((m) => m.type === "keep").length`); got != 0.0 {
			t.Errorf("what was kept is told back: %v", got)
		}
		// Another domain and path, and yet the same name: there is one again.
		s.run(`document.cookie = "_ga=new; path=/shop; max-age=60"; document.cookie = "other=1"; localStorage.other = "1"; localStorage["vendor.new"] = "n"`)
		s.wants(`document.cookie.split("; ").sort()`, []string{"__Host-id=secure", "_ga=new", "other=1"})
		s.Wait(`heard.filter((m) => m.type === "keep").length === 2`, patience)
		if got := fmt.Sprint(s.Eval(`return heard.filter((m) => m.type === "keep").map(({ kept: k }) => k.area + " " + k.name + "=" + k.value + " " + (k.expires === null ? "" : Math.round((k.expires - Date.now()) / 10000)))`)); got != "[cookie _ga=new 6 local vendor.new=n ]" {
			t.Errorf("kept is %s", got)
		}
		// A flood is one message now and one later, and the last value is the one.
		s.Eval(`heard.length = 0`)
		s.run(`for (let i = 0; i < 2000; i++) localStorage["vendor.flood"] = i`)
		s.Wait(`heard.some((m) => m.kept && m.kept.value === "1999")`, patience)
		if got := s.Eval(`return heard.length`).(float64); got > 4 {
			t.Errorf("2,000 values were told in %v messages", got)
		}
		s.Eval(`heard.length = 0`)
		s.run(`localStorage.removeItem("vendor.flood"); document.cookie = "_ga=; max-age=0"; document.cookie = "_ga=; max-age=0; path=/shop"`)
		s.Wait(`heard.length === 2 && heard.every((m) => m.kept.value === null)`, patience)
		// Another tab.
		s.run(`window.stored = []; addEventListener("storage", (e) => stored.push([e.key, e.oldValue, e.newValue, e.storageArea === localStorage, e.url === location.href]))`)
		s.Eval(`heard.length = 0`)
		s.send(map[string]any{"type": "kept", "kept": map[string]any{"area": "local", "name": "vendor.id", "value": "tab", "expires": nil}})
		s.send(map[string]any{"type": "kept", "kept": map[string]any{"area": "cookie", "name": "_ga", "value": "tab", "expires": nil}})
		s.waitInside(`document.cookie.includes("_ga=tab")`)
		s.wants(`[localStorage["vendor.id"], stored]`, []any{"tab", []any{[]any{"vendor.id", "l", "tab", true, true}}})
		if got := s.Eval(`return heard.length`); got != 0.0 {
			t.Errorf("another tab's values are told back: %v", got)
		}
	})
}

// What the page does after it has been loaded, its compartments see.
func TestThePageGoesOn(t *testing.T) {
	onAllStages(t, nil, func(t *testing.T, s *stage) {
		s.wants(`[innerWidth, innerHeight, document.documentElement.clientWidth, document.documentElement.scrollHeight, document.body.clientWidth, document.referrer, location.search, visualViewport.width]`,
			[]any{1200, 800, 1200, 4000, 1200, "https://search.example/", "?q=1", 1200})
		s.run(`window.log = [];
const wrapped = history.pushState; history.pushState = function (...args) { log.push("push " + args[2].slice(location.origin.length)); return wrapped.apply(this, args) };
for (const type of ["resize", "popstate", "hashchange"]) addEventListener(type, () => log.push(type));
document.addEventListener("scroll", () => log.push("scroll " + scrollY + " " + document.documentElement.scrollTop));
window.narrow = matchMedia("(max-width: 700px)"); narrow.addEventListener("change", (e) => log.push("media " + e.matches + " " + narrow.matches));`)
		s.page(map[string]any{"scrollY": 300})
		s.waitInside(`log.includes("scroll 300 300")`)
		s.page(map[string]any{"scrollY": 300, "width": 600})
		s.waitInside(`log.includes("media true true")`)
		s.wants(`[innerWidth, document.documentElement.clientWidth, matchMedia("(min-width:601px)").matches]`, []any{600, 600, false})
		at := func(path string) map[string]any {
			return map[string]any{"scrollY": 300, "width": 600, "url": s.url + path, "title": "at " + path}
		}
		s.inside(`log.length = 0`)
		s.page(at("/shop/other?x=2"))
		s.waitInside(`log.includes("push /shop/other?x=2")`)
		s.wants(`[document.title, document.URL.slice(location.origin.length), document.baseURI === document.URL, log]`,
			[]any{"at /shop/other?x=2", "/shop/other?x=2", true, []any{"push /shop/other?x=2"}})
		s.page(at("/shop/other?x=2#part"))
		s.waitInside(`log.includes("hashchange")`)
		s.page(at("/shop/other?x=2"))
		s.waitInside(`log.filter((what) => what === "hashchange").length === 2`)
		s.page(at("/shop/item?q=1"))
		s.waitInside(`document.title === "at /shop/item?q=1"`)
		s.wants(`[location.href === document.URL, document.URL.slice(location.origin.length), log]`,
			[]any{true, "/shop/item?q=1", []any{"push /shop/other?x=2", "popstate", "hashchange", "popstate", "hashchange", "popstate"}})
		s.inside(`log.length = 0`)
		s.page(at("/shop/item?q=1"))
		s.page(map[string]any{"scrollY": 301, "width": 600, "url": s.url + "/shop/item?q=1"})
		s.waitInside(`log.length > 0`)
		s.wants(`log`, []any{"scroll 301 301"}) // what has not changed makes no event
		if entries := s.Eval(`return history.length`); entries.(float64) > 2 {
			t.Errorf("the tab's history has %v entries: the frame has added to it", entries)
		}
	})
}

// A visible compartment rests while nobody sees it.
func TestAnUnseenCompartmentRests(t *testing.T) {
	onAllStages(t, map[string]any{"visible": true}, func(t *testing.T, s *stage) {
		view := func(ratio float64) {
			s.send(map[string]any{"type": "view", "view": map[string]any{"ratio": ratio, "left": 10, "top": 20, "width": 300, "height": 250}})
			s.waitInside(fmt.Sprintf(`$sf.ext.inViewPercentage() === %d`, int(ratio*100)))
		}
		const count = `const counts = { timeout: 0, interval: 0, frame: 0 };
const again = () => { counts.timeout++; window.setTimeout(again, 1) }; window.setTimeout(again, 1);
const id = window.setInterval(() => counts.interval++, 1);
const draw = () => { counts.frame++; window.requestAnimationFrame(draw) }; window.requestAnimationFrame(draw);
const { port1, port2 } = new MessageChannel();
const end = performance.now() + 2500;
await new Promise((go) => { port1.onmessage = () => performance.now() < end ? port2.postMessage(0) : go(); port2.postMessage(0) });
clearInterval(id); window.setTimeout = (f) => {}; window.requestAnimationFrame = () => 0;
const { timeout, interval, frame } = counts;
return { timeout, interval, frame }`
		s.run(`window.real = { setTimeout, requestAnimationFrame }`)
		view(0)
		resting := s.inside(count).(map[string]any)
		for kind, n := range resting {
			if n.(float64) > 4 || n.(float64) < 1 {
				t.Errorf("unseen, %s ran %v times in 2.5 s", kind, n)
			}
		}
		s.run(`Object.assign(window, real)`)
		view(1)
		awake := s.inside(count).(map[string]any)
		for kind, n := range awake {
			if n.(float64) < 20 {
				t.Errorf("seen, %s ran %v times in 2.5 s", kind, n)
			}
		}
	})
}

// Creatives know SafeFrame: how much of them is seen, and how to get more room.
func TestSafeFrame(t *testing.T) {
	onAllStages(t, map[string]any{"visible": true}, func(t *testing.T, s *stage) {
		view := func(ratio, top, width, height any) {
			s.send(map[string]any{"type": "view", "view": map[string]any{"ratio": ratio, "left": 10, "top": top, "width": width, "height": height}})
		}
		view(0.5, 675, 300, 250)
		s.waitInside(`$sf.ext.inViewPercentage() === 50`)
		s.wants(`[$sf.ext.geom().win, $sf.ext.geom().self, $sf.ext.supports(), $sf.ext.status(), $sf.ext.meta("x"), $sf.ver]`, []any{
			map[string]any{"t": 0, "l": 0, "r": 1200, "b": 800, "w": 1200, "h": 800},
			map[string]any{"t": 675, "l": 10, "r": 310, "b": 925, "w": 300, "h": 250, "z": 0, "xiv": 1, "yiv": 0.5, "iv": 0.5},
			map[string]any{"exp-ovr": 0, "exp-push": 1, "read-cookie": 0, "write-cookie": 0}, "collapsed", "", "1-1-0",
		})
		s.run(`window.told = []; $sf.ext.register(300, 250, (status, data) => told.push(data && data.reason ? status + ": " + data.reason : status)); $sf.ext.expand({ r: 900 }); $sf.ext.cookie("x")`)
		s.waitInside(`told.length >= 2`)
		s.wants(`told.sort()`, []any{"failed: Cookies of the page are not shared.", "failed: It is more than there is room for."})
		s.inside(`told.length = 0`)
		s.Eval(`heard.length = 0`)
		s.run(`$sf.ext.expand({ r: 100, b: 150 })`)
		s.Wait(`heard.some((m) => m.type === "resize" && m.width === 400 && m.height === 400)`, patience)
		s.wants(`$sf.ext.status()`, "expanding")
		view(0.5, 600, 400, 400)
		s.waitInside(`told.includes("expanded")`)
		s.run(`$sf.ext.collapse()`)
		s.Wait(`heard.some((m) => m.type === "resize" && m.height < 300)`, patience)
		view(0.5, 675, 300, 250)
		s.waitInside(`told.includes("collapsed")`)
		s.wants(`told.includes("geom-update")`, true)
	})
}

// A visible compartment tells how large its content is.
func TestTheSizeOfContent(t *testing.T) {
	onAllStages(t, map[string]any{"visible": true}, func(t *testing.T, s *stage) {
		s.run(`document.write("<div id=ad style='width:250px;height:420px'></div>")`)
		s.Wait(`heard.some((m) => m.type === "resize" && m.height === 420)`, patience)
		s.run(`document.getElementById("ad").style.cssText = "width:468px;height:60px"`)
		s.Wait(`heard.some((m) => m.type === "resize" && m.width === 468 && m.height <= 250)`, patience)
	})
}

// A creative that writes into a frame of its own shows there.
func TestACreativeWritesIntoAFrame(t *testing.T) {
	onAllStages(t, map[string]any{"visible": true}, func(t *testing.T, s *stage) {
		s.run(`const frame = document.createElement("iframe"); document.body.append(frame);
const doc = frame.contentDocument || frame.contentWindow.document; doc.open(); doc.write("<!doctype html><body>"); doc.write("<script>parent.postMessage('wrote', '*')</scr" + "ipt>"); doc.close();
const other = document.createElement("iframe"); document.body.append(other);
const inner = other.contentWindow.document; const script = inner.createElement("script"); script.text = "parent.postMessage('built', '*')"; inner.body.appendChild(script);
window.got = []; addEventListener("message", (event) => got.push(event.data + " " + (event.source === frame.contentWindow || event.source === other.contentWindow)));`)
		s.waitInside(`got.includes("wrote true") && got.includes("built true")`)
	})
}

// The frame hears by itself when the page is left.
func TestTheEndOfThePageIsHeard(t *testing.T) {
	onAllStages(t, nil, func(t *testing.T, s *stage) {
		s.run(`for (const [target, type] of [[window, "pagehide"], [document, "visibilitychange"]]) target.addEventListener(type, () => navigator.sendBeacon(location.origin + "/seen/" + (type === "pagehide" ? type : document.visibilityState)))`)
		s.Open(s.url + "/next")
		for _, want := range []string{"[pagehide]", "[hidden]"} {
			select {
			case <-s.seen.has(want):
			case <-time.After(20 * time.Second):
				t.Errorf("%s has not come; the frame told %s", want, s.seen.String())
			}
		}
	})
}

// What an opaque origin has not fails as where a visitor has switched it off.
func TestWhatIsDenied(t *testing.T) {
	onAllStages(t, nil, func(t *testing.T, s *stage) {
		s.wants(`await caches.open("x").catch((error) => error.name)`, "SecurityError")
		s.wants(`[navigator.serviceWorker.controller, await navigator.serviceWorker.getRegistrations(), await navigator.serviceWorker.register("/x.js").catch((error) => error.name)]`, []any{nil, []any{}, "SecurityError"})
		s.wants(`[typeof RTCPeerConnection, typeof webkitRTCPeerConnection, alert("x"), confirm("x"), prompt("x"), print()]`, []any{"undefined", "undefined", nil, false, nil, nil})
		s.wants(`navigator.storage ? [typeof (await navigator.storage.estimate()).quota, await navigator.storage.persist(), await navigator.storage.persisted()] : ["number", false, false]`, []any{"number", false, false})
		s.wants(`[opener, frameElement, name, self.origin === location.origin]`, []any{nil, nil, "", true})
		// Who climbs gets to the top, and finds nothing there.
		s.wants(`(() => { let w = window, steps = 0; while (w !== top && steps < 9) { w = w.parent; steps++ } try { return [steps, w.document.title] } catch (error) { return [steps, error.name] } })()`, []any{1.0, "SecurityError"})
	})
}

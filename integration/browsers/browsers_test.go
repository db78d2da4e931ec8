package browsers

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// strictPage is a page under the policy that chatproxy gives to pages.
const strictPage = `<!doctype html><meta charset="utf-8"><title>strict</title>
<style>body { margin: 0 } #far { margin-top: 3000px } #cover { position: fixed; inset: 0; background: #fff8 }</style>
<input id="in"><textarea id="area"></textarea><button id="press">press</button>
<p id="out"></p><button id="far">far below</button>
<iframe id="box" sandbox="allow-scripts" src="/boxed"></iframe>
<script nonce="n0nce">
document.getElementById("press").addEventListener("click", event => {
	document.getElementById("out").textContent = JSON.stringify({
		trusted: event.isTrusted, active: navigator.userActivation?.isActive ?? null });
});
document.getElementById("far").addEventListener("click", () => { document.title = "clicked far" });
window.keys = [];
window.focused = [];
addEventListener("focusin", event => focused.push(event.target.id));
addEventListener("keydown", event => keys.push((event.ctrlKey ? "^" : "") + (event.isTrusted ? "" : "!") + event.key));
</script>
<script>document.title = "a script without nonce ran"</script>`

func serve(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/strict", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy",
			"default-src 'self'; style-src 'unsafe-inline'; script-src 'nonce-n0nce'; require-trusted-types-for 'script'; trusted-types 'none'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, strictPage)
	})
	mux.HandleFunc("/boxed", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; require-trusted-types-for 'script'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, `<!doctype html><title>boxed</title>`)
	})
	mux.HandleFunc("/shut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, `<!doctype html><title>shut</title>`)
	})
	mux.HandleFunc("/name", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>%s</title><input id="in">`, r.URL.Query().Get("is"))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func eachEngine(t *testing.T, f func(t *testing.T, engine Engine)) {
	for _, engine := range All {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			f(t, engine)
		})
	}
}

// same fails when a value out of the page is not what was expected.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

// Everything that the API offers, on a page under a strict policy.
func TestStrictPage(t *testing.T) {
	server := serve(t)
	eachEngine(t, func(t *testing.T, engine Engine) {
		b := Start(t, engine)
		steps := []struct {
			name string
			try  func(*testing.T, *Browser, string)
		}{
			{"navigate", navigate}, {"eval", eval}, {"policy", policyHolds}, {"shut", shut}, {"frame", frames},
			{"click", clicks}, {"type", types}, {"press", presses}, {"wait", waits},
			{"names", names}, {"picture", picture},
		}
		for _, step := range steps {
			t.Run(step.name, func(t *testing.T) {
				inner := *b
				inner.t = t
				inner.Open(server.URL + "/strict")
				step.try(t, &inner, server.URL)
			})
		}
	})
}

func navigate(t *testing.T, b *Browser, base string) {
	same(t, "Title", b.Title(), "strict")
	same(t, "URL", b.URL(), base+"/strict")
	b.Eval("window.mark = 1; sessionStorage.setItem('kept', 'yes')")
	b.Reload()
	same(t, "after Reload", b.Eval("return [window.mark ?? null, sessionStorage.getItem('kept')]"), []any{nil, "yes"})
	b.Open(base + "/name?is=second")
	same(t, "Title", b.Title(), "second")
	same(t, "window size", b.Eval("return [outerWidth, outerHeight]"), []any{float64(windowWidth), float64(windowHeight)})
}

func eval(t *testing.T, b *Browser, _ string) {
	same(t, "arguments", b.Eval("return [arguments[0] + 1, arguments[1].a, arguments.length]", 1, map[string]any{"a": "ä\u2028\x00"}),
		[]any{2.0, "ä\u2028\x00", 2.0})
	same(t, "undefined", b.Eval("window.x = 1"), nil)
	same(t, "function", b.Eval("return () => 1"), nil)
	same(t, "promise", b.Eval("return new Promise(done => setTimeout(() => done('late'), 30))"), "late")
	same(t, "await", b.Eval("const r = await fetch('/name?is=x'); return r.status // comment"), 200.0)
	same(t, "large", len(b.Eval("return 'x'.repeat(3e6)").(string)), 3000000)
	var v struct{ Href string }
	b.EvalInto(&v, "return { href: location.pathname }")
	same(t, "EvalInto", v.Href, "/strict")
}

// policyHolds shows that what lets the driver's scripts run does not lift the
// policy for the page, or the tests would prove nothing.
func policyHolds(t *testing.T, b *Browser, _ string) {
	same(t, "sink", b.Eval("try { document.body.innerHTML = '<b>'; return 'open' } catch (e) { return e.name }"), "TypeError")
	same(t, "eval", b.Eval("try { return (0, eval)('1') } catch (e) { return e.name }"), "EvalError")
	same(t, "inline", b.Eval(`
		const s = document.createElement("script");
		s.append("window.ran = true");
		try { document.body.append(s) } catch {}
		return window.ran ?? false`), false)
}

// shut is a page under the policy that lets nothing at all run.
func shut(t *testing.T, b *Browser, base string) {
	b.Open(base + "/shut")
	same(t, "Title", b.Title(), "shut")
	b.Wait("origin === 'null'", 5*time.Second)
}

func frames(t *testing.T, b *Browser, base string) {
	same(t, "opaque frame", b.EvalInFrame("#box", "return [document.title, origin, location.pathname, arguments[0]]", 7),
		[]any{"boxed", "null", "/boxed", 7.0})
	same(t, "the page again", b.Title(), "strict")
}

func clicks(t *testing.T, b *Browser, _ string) {
	b.Click("#press")
	b.Wait("out.textContent", 5*time.Second)
	var seen struct {
		Trusted bool
		Active  *bool
	}
	b.EvalInto(&seen, "return JSON.parse(out.textContent)")
	if !seen.Trusted || seen.Active != nil && !*seen.Active {
		t.Errorf("a click is no user activation: %v", b.Eval("return out.textContent"))
	}
	b.Click("#far")
	b.Wait("document.title === arguments[0]", 5*time.Second, "clicked far")
}

func types(t *testing.T, b *Browser, _ string) {
	const text = "Hi, Wörld! (50%) €"
	b.Type("#in", text)
	same(t, "typed", b.Eval("return document.querySelector('#in').value"), text)
	same(t, "keys", b.Eval("return keys.filter(k => k !== 'Shift').join('')"), text)
	b.Type("#area", "one\ntwo")
	same(t, "focus events", b.Eval("return focused"), []any{"in", "area"})
	same(t, "typed", b.Eval("return area.value"), "one\ntwo")
}

func presses(t *testing.T, b *Browser, _ string) {
	b.Type("#in", "abc")
	b.Press("Control+a")
	b.Press("x")
	same(t, "replaced", b.Eval("return document.querySelector('#in').value"), "x")
	b.Press("Tab")
	same(t, "focus", b.Eval("return document.activeElement.id"), "area")
	b.Press("Shift+Tab")
	same(t, "focus", b.Eval("return document.activeElement.id"), "in")
	b.Press("Enter")
	b.Press("Escape")
	b.Press("ArrowDown")
	same(t, "keys", b.Eval("return keys.slice(-3)"), []any{"Enter", "Escape", "ArrowDown"})
}

// A page that navigates by itself, slowly, while its condition is awaited.
func waits(t *testing.T, b *Browser, base string) {
	b.Eval("setTimeout(() => location.href = '/name?is=late', 30)")
	b.Wait("document.title === arguments[0] && await new Promise(done => setTimeout(done, 20, true))", 5*time.Second, "late")
	b.Eval("setTimeout(() => document.body.append(document.createElement('aside')), 120)")
	b.WaitFor("aside")
}

// names are local names and certificates of the tests' own servers.
func names(t *testing.T, b *Browser, _ string) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Set-Cookie", "__Host-a=1; Secure; Path=/")
		io.WriteString(w, "<!doctype html><title>"+r.Host+"</title>")
	}))
	defer server.Close()
	host := "chat.localhost" + server.URL[strings.LastIndexByte(server.URL, ':'):]
	b.Open("https://" + host + "/")
	same(t, "Title", b.Title(), host)
	same(t, "secure", b.Eval("return [isSecureContext, document.cookie]"), []any{true, "__Host-a=1"})
}

func picture(t *testing.T, b *Browser, _ string) {
	image, err := png.Decode(bytes.NewReader(b.Screenshot()))
	if err != nil {
		t.Fatal(err)
	}
	var width int
	b.EvalInto(&width, "return innerWidth")
	if got := image.Bounds().Dx(); got > windowWidth || got < width-20 {
		t.Errorf("a picture of %v for a viewport %d wide", image.Bounds(), width)
	}
}

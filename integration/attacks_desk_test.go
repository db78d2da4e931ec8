package integration

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatproxy/demo/prosody"
	"chatproxy/demo/site"
)

// The desk is a page of the newspaper's own people: it has a secret of every kind
// that a page can have, each a text of its own.
const (
	secretText     = "the ledger is under the third stair"
	secretLate     = "the courier came at dusk"
	secretCookie   = "cookie-4f1b"
	secretLocal    = "local-77aa"
	secretSID      = "sid-c0ffee"
	secretDatabase = "database-19dd"
	secretAccount  = "account-8e02"
	secretToken    = "token-5b6c"
	secretState    = "state-31f9"
	secretName     = "name-0a4e"
	secretShadow   = "shadow-6dd1"
	secretFrame    = "frame-92bb"
	secretChannel  = "channel-b7c3"
	secretWorker   = "worker-2e8a"
	secretMessage  = "message-d15f"
	secretParsed   = "parsed-aa37"
	secretCached   = "cached-e4f0"
	secretFile     = "file-7c1d"
	secretPort     = "port-f00d"
	secretNonce    = "noncesecret"
	secretVisitor  = "visitor-3c9e" // another vendor's
	typedText      = "anchovy"
	typedPassword  = "pilchard"
)

// deskSecrets are all of them: none may be in anything that an attack sends from
// behind chatproxy.
var deskSecrets = []string{
	secretText, secretLate, secretCookie, secretLocal, secretSID, secretDatabase, secretAccount, secretToken, secretState,
	secretName, secretShadow, secretFrame, secretChannel, secretWorker, secretMessage, secretParsed, secretCached, secretFile,
	secretPort, secretNonce, secretVisitor, typedText, typedPassword,
}

// deskScript is the desk's own script, which the policy allows.
const deskScript = `window.violations = [];
document.addEventListener("securitypolicyviolation", (e) => violations.push(e.effectiveDirective + " " + e.blockedURI + " " + e.sourceFile));
var theirs = { settings: window.settings, history: history.length };
localStorage.setItem("draft", "` + secretLocal + `");
sessionStorage.setItem("strophe-bosh-session", JSON.stringify({ sid: "` + secretSID + `", rid: 1234567 }));
history.replaceState({ token: "` + secretState + `" }, "");
window.name = "` + secretName + `";
JSON.parse('{"token":"` + secretParsed + `"}');

// The longest time in ms for which nothing else could run.
window.longest = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  longest = Math.max(longest, now - last - 20);
  last = now;
}, 20);

customElements.define("sealed-note", class extends HTMLElement {
  connectedCallback() { this.attachShadow({ mode: "closed" }).textContent = "` + secretShadow + `"; }
});
new BroadcastChannel("news").onmessage = function (event) {
  if (event.data === "what is the news?") this.postMessage("` + secretChannel + `");
};
// Who is of the page's own origin is believed, as pages do.
window.believed = [];
addEventListener("message", (event) => { if (event.origin === location.origin) believed.push(event.data); });
const channel = new MessageChannel();
channel.port2.onmessage = () => {};

// A site without chatproxy, which isolates by a script of its own. That one looks up
// what it uses when it uses it.
const naiveGuard = () => {
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  frame.srcdoc = "<script>onmessage = (event) => event.ports[0].postMessage(event.data)<\/script>";
  frame.id = "naive";
  document.querySelector("#naive")?.remove();
  frame.onload = () => {
    const { port1, port2 } = new MessageChannel();
    frame.contentWindow.postMessage("hello", "*", [port2]);
    port1.postMessage({ type: "run" });
  };
  document.body.append(frame);
};

addEventListener("DOMContentLoaded", async () => {
  if (!window.trustedTypes?.defaultPolicy) setInterval(naiveGuard, 300);
  own.onload = () => own.contentWindow.postMessage("speak", location.origin);
  login.addEventListener("submit", (event) => event.preventDefault());
  login.append(document.createElement("sealed-note"));
  send.addEventListener("click", () => window.sent = true);
  await Promise.all([keepLetters(), fetch("/account?token=` + secretToken + `"), keepCopy(), keepFile()].map((p) => p.catch((error) => console.warn(String(error)))));
  await import("letters").then((m) => m.default(), () => {});
  // By a relative address.
  await fetch("relative.txt").catch(() => {});
  window.ready = true;
});
const keepLetters = () => new Promise((done, fail) => {
  const request = indexedDB.open("letters", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("kept");
  request.onsuccess = () => {
    const put = request.result.transaction("kept", "readwrite").objectStore("kept").put("` + secretDatabase + `", "letter");
    put.onsuccess = () => { request.result.close(); done(); };
  };
  request.onerror = request.onblocked = () => fail(request.error);
});
const keepCopy = async () => (await caches.open("pages")).put("/private", new Response("` + secretCached + `"));
const keepFile = async () => {
  const file = await (await navigator.storage.getDirectory()).getFileHandle("letter", { create: true });
  const out = await file.createWritable();
  await out.write("` + secretFile + `");
  await out.close();
};
window.holdLock = () => new Promise((held) => navigator.locks.request("draft", () => { held(); return new Promise(() => {}) }).catch(() => window.lockLost = true));
window.sayLate = () => { note.textContent = "` + secretLate + `"; };
window.sayOnPort = () => channel.port1.postMessage("` + secretPort + `");
`

// accountScript is of the desk's own frame, which tells the desk a secret.
const accountScript = `addEventListener("message", (event) => {
  if (event.origin === location.origin && event.source === parent) parent.postMessage("` + secretMessage + `", location.origin);
});
window.write = () => localStorage.setItem("from-frame", "` + secretLocal + `" + Math.random());
`

// newDesk returns the newspaper with a desk at /desk?run=ATTACK,ATTACK, which has
// the attacks in its markup. What the site's own server is told to do, it notes.
func newDesk(a *attacker, log *lines, options site.Options) http.Handler {
	script := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, text)
		}
	}
	isReader := func(r *http.Request) bool {
		cookie, err := r.Cookie("session")
		return err == nil && cookie.Value == secretCookie
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/static/desk.js", script(deskScript))
	mux.HandleFunc("/static/account.js", script(accountScript))
	mux.HandleFunc("/static/teller.js", script(`onconnect = (event) => event.ports[0].postMessage("`+secretWorker+`")`))
	mux.HandleFunc("/uploads/worker.js", script(`onfetch = () => {}`)) // what a visitor has put there
	mux.HandleFunc("/desk", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "reader", Value: secretCookie, Path: "/", SameSite: http.SameSiteLaxMode})
		http.SetCookie(w, &http.Cookie{Name: "session", Value: secretCookie, Path: "/", SameSite: http.SameSiteLaxMode, HttpOnly: true})
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, deskPage(a, r.URL.Query().Get("run")))
	})
	mux.HandleFunc("/inbox", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><title>Inbox</title><p>An honest page.`)
	})
	mux.HandleFunc("/static/account.html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><title>Account</title><p>`+secretFrame+`</p><script src="/static/account.js"></script>`)
	})
	mux.HandleFunc("/account", func(w http.ResponseWriter, r *http.Request) {
		if !isReader(r) {
			http.Error(w, "log in first", http.StatusForbidden)
			return
		}
		fmt.Fprint(w, secretAccount)
	})
	mux.HandleFunc("/transfer", func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if isReader(r) {
			who = "the reader"
		}
		fmt.Fprintf(log, "[%s of %s by %s]", r.Method, who, r.FormValue("way"))
	})
	mux.HandleFunc("/.chatproxy/report", func(_ http.ResponseWriter, r *http.Request) {
		body := make([]byte, 1<<10)
		n, _ := r.Body.Read(body)
		fmt.Fprintf(log, "[report %s]", body[:n])
	})
	mux.Handle("/", site.NewSite(options))
	return mux
}

// deskPage is the desk with attacks at their place: in the head before all else, or at
// the end, where the advertisement stands.
func deskPage(a *attacker, run string) string {
	early, late := "", ""
	for name := range strings.SplitSeq(run, ",") {
		attack, ok := corpus[name]
		script := fmt.Sprintf(`<script src="%s/attacks/%s.js"></script>`, a.script, name)
		switch {
		case !ok:
		case attack.early:
			early += script
		default:
			late += script
		}
	}
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The desk</title>` + early + `
<script nonce="` + secretNonce + `" src="/static/desk.js"></script>
<style nonce="` + secretNonce + `">main{width:300px}#send{position:fixed;left:calc(50% - 100px);top:calc(50% - 50px);width:200px;height:100px}</style>
</head><body><main><h1>The desk</h1><p id="secret">` + secretText + `</p>
<form id="login" action="/inbox" method="post"><input id="letter" name="letter"><input id="password" name="password" type="password">
<input id="csrf" type="hidden" value="` + secretToken + `"><button id="enter">Enter</button></form>
<p><a id="next" href="/inbox">inbox</a> <span id="note"></span></p></main>
<button id="send" type="button">Send</button>
<iframe id="own" name="account" src="/static/account.html" width="200" height="60"></iframe>
<script src="` + a.script + `/attacks/good-vendor.js"></script>
<div id="slot">` + late + `</div></body></html>`
}

// protectedDesk puts chatproxy in front of the upstream. Each attack has a
// compartment of its own; the chat is on the articles alone, so that the desk
// loads quickly.
func protectedDesk(t *testing.T, server *prosody.Server, upstream string, a *attacker) (address string, proxy *process) {
	t.Helper()
	address = freeAddress(t)
	var rules, compartments strings.Builder
	for name, attack := range corpus {
		src := fmt.Sprintf("%s/attacks/%s.js", a.script, name)
		if attack.allowed {
			fmt.Fprintf(&rules, "    - {name: %s, match: {src: [%q]}, action: allow}\n", name, src)
			continue
		}
		fmt.Fprintf(&rules, "    - {name: %s, match: {src: [%q]}, action: isolate, compartment: %[1]s}\n", name, src)
		fmt.Fprintf(&compartments, "  %s: {visible: %t, width: 300, height: 100, max_height: 200, popups: %t, storage: [kept_%[1]s]}\n", name, attack.visible, attack.popups)
	}
	text := fmt.Sprintf(`version: 1
listen: [%q]
site: {upstream: %q, hosts: [%q]}
chat: {pages: ["/news/**"]}
xmpp: {domain: %s, server: %q, ca: %q}
scripts:
  rules:
    - {name: own, match: {src: ["/static/**"]}, action: allow}
    - {name: good vendor, match: {src: ["%s/attacks/good-vendor.js"]}, action: isolate, compartment: good-vendor}
%scompartments:
  good-vendor: {storage: [visitor, ga_id]}
%s`, address, upstream, address, domain, server.Addr(), server.CAFile(), a.script, rules.String(), compartments.String())
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	proxy = run(t, "serve", "--policy", policy)
	proxy.waitFor(t, "msg=listening")
	return "http://" + address, proxy
}

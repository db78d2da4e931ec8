package vendors

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"path/filepath"
	"strings"
	"sync"

	"chatproxy/demo/site"
)

// A Form is how a page has its vendors.
type Form string

// The forms of a page.
const (
	// Plain is the page as vendors' documentation shows it.
	Plain Form = "plain"
	// Compartment is the upstream of chatproxy: the same page. What differs is the
	// policy that [Page.Policy] gives.
	Compartment Form = "compartment"
	// PartytownServiceWorker has the scripts in Partytown's worker, whose calls wait
	// for the page in synchronous requests to a service worker.
	PartytownServiceWorker Form = "partytown-sw"
	// PartytownAtomics has them wait in Atomics. The page is cross-origin isolated.
	PartytownAtomics Form = "partytown-atomics"
)

// Forms are all of them.
var Forms = []Form{Plain, Compartment, PartytownServiceWorker, PartytownAtomics}

// Path is a page that has the vendors, as all articles do. The front page and /about
// have none.
const Path = "/news/night-ferry"

// Secret is what the page shows to its reader, as text, on a button and in a field.
const Secret = "the tide tables are forged"

// A Page is a page of the newspaper with vendors.
type Page struct {
	Vendors []Vendor
	Form    Form
	// Collector is the collector's URL, without a path.
	Collector string
	// SecureHost is the collector's host over https, which creatives are fetched from;
	// for Prebid only.
	SecureHost string
	// Watch adds a script beside each vendor's that tells the collector what goes wrong
	// there, and one to the page that keeps it in window.seen.
	Watch bool
	// Together puts all vendors into one compartment, "vendors"; otherwise each has one
	// of its own.
	Together bool
}

// Handler returns the site: for Form Compartment what stands behind chatproxy, for
// the others what the browser is to open. nodeModules is where npm has put Partytown.
func (p Page) Handler(nodeModules string) http.Handler {
	with := site.NewSite(site.Options{ExtraHead: p.head(), ExtraBody: p.body()})
	mux := http.NewServeMux()
	mux.Handle("/", without())
	mux.HandleFunc("GET /news/{slug}", func(w http.ResponseWriter, r *http.Request) {
		if p.Form == PartytownAtomics {
			w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
			w.Header().Set("Cross-Origin-Embedder-Policy", "credentialless")
		}
		with.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /static/recorder.js", serveScript(recorder))
	mux.HandleFunc("GET /static/calls.js", serveScript(p.calls()))
	library := http.StripPrefix(partytownPath, http.FileServer(http.Dir(filepath.Join(nodeModules, filepath.FromSlash(partytownPackage), "lib"))))
	mux.Handle("GET "+partytownPath, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.Form == PartytownAtomics {
			w.Header().Set("Cross-Origin-Embedder-Policy", "credentialless")
		}
		library.ServeHTTP(w, r)
	}))
	return mux
}

func serveScript(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write([]byte(text)) // the reader may be gone
	}
}

// without is the newspaper without vendors.
var without = sync.OnceValue(func() http.Handler { return site.NewSite(site.Options{}) })

// recorder is a script of the site's own that notes what goes wrong in the page.
const recorder = `window.seen = [];
addEventListener("error", (event) => { if (event instanceof ErrorEvent) seen.push("error " + event.message + " " + event.filename + ":" + event.lineno + " " + event.error?.stack) });
addEventListener("unhandledrejection", (event) => seen.push("rejection " + (event.reason?.stack ?? event.reason)));
document.addEventListener("securitypolicyviolation", (event) => seen.push("violation " + event.effectiveDirective + " " + event.blockedURI + " " + event.sourceFile + ":" + event.lineNumber));
`

// calls is the site's own script: it tells each vendor of an event, whether its
// library is there yet or not.
func (p Page) calls() string {
	var b strings.Builder
	for _, v := range p.Vendors {
		fmt.Fprintf(&b, "try {\n%s\n} catch (error) { window.seen?.push(\"call \" + error.stack); }\n", v.calls())
	}
	return b.String()
}

func (p Page) head() string {
	var b strings.Builder
	if p.Watch {
		b.WriteString(`<script src="/static/recorder.js"></script>` + "\n")
	}
	if p.Form == PartytownServiceWorker || p.Form == PartytownAtomics {
		b.WriteString(p.partytown())
	}
	for _, v := range p.Vendors {
		if !v.InBody {
			b.WriteString(p.markup(v))
		}
	}
	return b.String()
}

func (p Page) body() string {
	var b strings.Builder
	for _, v := range p.Vendors {
		if v.InBody {
			b.WriteString("<aside>" + p.markup(v) + "</aside>\n")
		}
	}
	secret := html.EscapeString(Secret)
	fmt.Fprintf(&b, `<section id="confidential"><p>%s</p><button type="button">%[1]s</button><input value="%[1]s"></section>`+"\n", secret)
	b.WriteString(`<script defer src="/static/calls.js"></script>` + "\n")
	return b.String()
}

// markup is a vendor's in the page, as its documentation has it.
func (p Page) markup(v Vendor) string {
	kind := ""
	if p.Form == PartytownServiceWorker || p.Form == PartytownAtomics {
		kind = ` type="text/partytown"`
	}
	var b strings.Builder
	script := func(name, attributes string) {
		fmt.Fprintf(&b, "<script%s crossorigin src=\"%s\"%s></script>\n", kind, p.script(v, name), attributes)
	}
	if p.Watch {
		script("watch", "")
	}
	for _, name := range v.Before {
		script(name, "")
	}
	if v.Synchronous {
		script(v.Key, "")
	}
	fmt.Fprintf(&b, "<script%s>%s</script>\n", kind, p.snippet(v))
	if !v.Synchronous {
		script(v.Key, " async")
	}
	return b.String()
}

// script is the URL of a script in a vendor's own folder.
func (p Page) script(v Vendor, name string) string {
	return p.Collector + libraryPath + v.Key + "/" + name + ".js"
}

func (p Page) snippet(v Vendor) string { return v.snippet(p.Collector, p.SecureHost) }

// Policy is the policy file with which chatproxy serves the page under host, a name
// with its port: every script of a vendor runs in a compartment, keeps what its
// storage list names, and reaches the collector alone.
func (p Page) Policy(listen, host, upstream string) string {
	return p.policy(listen, host, upstream, true)
}

func (p Page) policy(listen, host, upstream string, keep bool) string {
	var rules, compartments strings.Builder
	var together Vendor
	compartment := func(name string, v Vendor) {
		storage, connect := "", ""
		if keep && len(v.Storage) > 0 {
			storage = fmt.Sprintf(", storage: [%s]", quoted(v.Storage))
		}
		if p.SecureHost != "" {
			connect = fmt.Sprintf(", %q", "https://"+p.SecureHost)
		}
		fmt.Fprintf(&compartments, "  %s: {visible: %t, connect: [%q%s]%s}\n", name, v.InBody, p.Collector, connect, storage)
	}
	for _, v := range p.Vendors {
		name := v.Key
		if p.Together {
			name, together.Storage = "vendors", append(together.Storage, v.Storage...)
		} else {
			compartment(name, v)
		}
		fmt.Fprintf(&rules, "    - {name: %s, match: {src: [%q], digest: [%q]}, action: isolate, compartment: %s, forward: [%s]}\n",
			v.Key, p.Collector+libraryPath+v.Key+"/**", digest(p.snippet(v)), name, quoted(v.Forward))
	}
	if p.Together {
		compartment("vendors", together)
	}
	return fmt.Sprintf(`version: 1
listen: [%q]
site: {upstream: %q, hosts: [%q]}
chat: {pages: ["/chat"]}
xmpp: {domain: chat.test, server: "127.0.0.1:5222", tls: none}
scripts:
  rules:
    - {name: own, match: {src: ["/static/**"]}, action: allow}
%scompartments:
%s`, listen, upstream, host, rules.String(), compartments.String())
}

func quoted(texts []string) string {
	var all []string
	for _, text := range texts {
		all = append(all, fmt.Sprintf("%q", text))
	}
	return strings.Join(all, ", ")
}

func digest(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

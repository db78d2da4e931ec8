package integration

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatproxy/integration/browsers"
)

// An outcome is where a script that a script creates runs: in the "page", in a
// "worker", in a "compartment", or nowhere. control is where it runs without chatproxy,
// the others where it runs behind it, by the verdict on it.
type outcome struct {
	control, allow, isolate, strip string
	in                             []browsers.Engine // that have the control; none stands for all
}

var (
	// asInMarkup meets the rules as a script in the page's markup does.
	asInMarkup = outcome{control: "page", allow: "page", isolate: "compartment"}
	// notMoved cannot be moved: who asks for it has to get something of it in the page.
	notMoved = outcome{control: "page", allow: "page"}
	worker   = outcome{control: "worker", allow: "worker"}
	// refused runs by no rule.
	refused       = outcome{control: "page"}
	refusedWorker = outcome{control: "worker"}
	// inert runs in no browser.
	inert = outcome{}
)

// ways are those of testdata/created/paths.js, and what becomes of each.
var ways = map[string]outcome{
	"append": asInMarkup, "appendChild": asInMarkup, "set after append": asInMarkup, "insertBefore": asInMarkup,
	"insertAdjacentElement": asInMarkup, "replaceWith": asInMarkup, "in order": asInMarkup, "module": asInMarkup,
	"setAttribute": asInMarkup, "setAttributeNS": asInMarkup, "setAttributeNode": asInMarkup, "setNamedItem": asInMarkup,
	"Attr.value": asInMarkup, "Attr.textContent": asInMarkup, "createElementNS": asInMarkup,
	"cloneNode": asInMarkup, "importNode": asInMarkup, "shadow root": asInMarkup,
	"svg": asInMarkup, "svg, xlink": asInMarkup, "svg, baseVal": asInMarkup,
	// WebKit 2.50 puts no attribute to the Trusted Types policy in another document, so no
	// script of one has the nonce.
	"another document": refused, "another document, attribute": refused, "template's document": refused, "new Document": refused,
	"another document, back": asInMarkup,

	"createContextualFragment": asInMarkup, "createContextualFragment, odd attributes": asInMarkup,
	"createContextualFragment, svg": {control: "page", in: []browsers.Engine{browsers.Firefox}},
	"document.write":                asInMarkup, "document.write, in parts": asInMarkup, "document.writeln": asInMarkup,
	"document.write, a tag in parts": refused, // as the first part has no tag that could be made inert
	"innerHTML":                      inert, "outerHTML": inert, "insertAdjacentHTML": inert, "setHTMLUnsafe": inert, "parseHTMLUnsafe": inert,
	"DOMParser": inert, "DOMParser, cloned": inert, "DOMParser, xml": inert,
	"DOMParser, xhtml": {control: "page", in: []browsers.Engine{browsers.WebKit}},
	"XSLT":             refused,
	"template":         inert, "template, imported": inert, "template, moved": inert,

	"import()": notMoved, "import(), later": notMoved, "import(), from an allowed module": notMoved,
	"Worker": worker, "Worker, module": worker, "SharedWorker": worker, "service worker": refusedWorker,

	"frame's document": asInMarkup, "frame's window": asInMarkup, "moved into a frame": asInMarkup, "frame, document.write": asInMarkup,
	"frame in a frame": asInMarkup, "srcdoc": asInMarkup, "srcdoc, created": asInMarkup,

	"text": asInMarkup, "textContent": asInMarkup, "innerText": asInMarkup, "a script's innerHTML": asInMarkup,
	"text node": asInMarkup, "text node, changed": asInMarkup, "text node, late": asInMarkup,
	"text, cloned": asInMarkup, "text node, cloned": asInMarkup, "text, module": asInMarkup,
	"svg, text": asInMarkup, "svg, text node": asInMarkup,
	"createContextualFragment, text": asInMarkup, "createContextualFragment, changed": asInMarkup,
	"document.write, text": asInMarkup, "document.write, text in parts": asInMarkup,
	"innerHTML, text": inert, "template, text": inert,
	"frame's document, text": asInMarkup, "frame, document.write, text": asInMarkup, "srcdoc, text": asInMarkup,

	"eval": refused, "Function": refused, "Function of a frame": refused, "setTimeout": refused, "setInterval": refused,
	"handler": notMoved, "handler, markup": notMoved,
	"javascript: URL of a frame": refused, "javascript: URL of a link": refused, "javascript: URL of the page": refused,
	"data: URL": refused, "blob: URL": refused, "import() of data:": refused, "import() of blob:": refused, "import() of data:, later": refused,
	"Worker of blob:": refusedWorker,
}

// inWebKit is what WebKit 2.50 does otherwise. Its second policy begins when the page is
// parsed (decision 0019), and before that import() brings in what it likes; the script of
// these tests runs in the markup.
var inWebKit = map[string]outcome{
	"import()":               {allow: "page", isolate: "page", strip: "page"},
	"import() of data:":      {allow: "page", isolate: "page", strip: "page"},
	"import() of blob:":      {allow: "page", isolate: "page", strip: "page"},
	"another document, back": {allow: "page", isolate: "page", strip: "page"},
}

// A createdSite has a page whose script, which the policy allows, creates others on
// every way. Each of those says where it runs.
type createdSite struct {
	plain, protected string // addresses of the page
	seen             *lines // "[way/verdict/where]"
	proxy            *process
}

func newCreatedSite(t *testing.T) createdSite {
	t.Helper()
	s := createdSite{seen: &lines{}}
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(s.seen, "[%s]\n", r.URL.Query().Get("ran"))
	}))
	t.Cleanup(collector.Close)
	ran := func(name string) string {
		// In one line: innerText makes an element of each line's end. self.origin is virtual
		// in a compartment, and URL in a handler is the document's.
		return fmt.Sprintf(`(() => { const where = typeof document === "undefined" ? "worker" : self.URL.createObjectURL(new Blob()).startsWith("blob:null") ? "compartment" : "page"; `+
			`fetch(%q + encodeURIComponent(%q + where), { method: "POST", mode: "no-cors" }) })()`, collector.URL+"/?ran=", name+"/")
	}

	// The texts of inline scripts: one way's script is not another's.
	texts := map[string]string{}
	var digests []string
	locked := "version: 1\nscripts:\n"
	for way := range ways {
		texts[way+"/allow"] = ran(way + "/allow")
		texts[way+"/isolate"] = ran(way+"/isolate") + " // tracking"
		texts[way+"/strip"] = ran(way + "/strip")
		digests = append(digests, digest(texts[way+"/allow"]))
		if strings.HasPrefix(way, "handler") {
			sum := sha512.Sum384([]byte(texts[way+"/allow"]))
			locked += fmt.Sprintf("  - {kind: handler, page: /page, digest: sha384-%s, size: %d, first_seen: \"2026-01-01\"}\n",
				base64.StdEncoding.EncodeToString(sum[:]), len(texts[way+"/allow"]))
		}
	}

	mux := http.NewServeMux()
	script := func(path string, text func(r *http.Request) string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			w.Header().Set("Access-Control-Allow-Origin", "*") // for modules in a compartment
			fmt.Fprint(w, text(r))
		})
	}
	query := func(r *http.Request) string {
		text, err := url.QueryUnescape(r.URL.RawQuery)
		if err != nil {
			t.Error(err)
		}
		return text
	}
	bases := map[string]string{"allow": "/static", "isolate": "/vendor", "strip": "/refused"}
	for _, base := range bases {
		script(base+"/ran.js", func(r *http.Request) string { return ran(query(r)) })
	}
	script("/static/importer.js", func(r *http.Request) string { return fmt.Sprintf("import(%q).catch(() => {})", query(r)) })
	paths, err := os.ReadFile(filepath.Join("testdata", "created", "paths.js"))
	if err != nil {
		t.Fatal(err)
	}
	script("/static/paths.js", func(*http.Request) string {
		return fmt.Sprintf("%s;\nconst BASES = %s, TEXTS = %s;\n%s", recorder, toJSON(t, bases), toJSON(t, texts), paths)
	})
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>page</title><body><p>begin</p><script src="/static/paths.js"></script><p>end</p>`)
	})
	upstream := httptest.NewServer(mux)
	t.Cleanup(upstream.Close)

	address := freeAddress(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"chatproxy.lock": locked, "policy.yaml": fmt.Sprintf(`version: 1
listen: [%q]
site: {upstream: %q, hosts: [%[1]q]}
chat: {pages: ["/chat/**"]}
xmpp: {domain: example.com}
scripts:
  lock: chatproxy.lock
  rules:
    - {name: own texts, match: {digest: %[3]s}, action: allow}
    - {name: own files, match: {src: ["/static/**"]}, action: allow}
    - {name: vendor, match: {src: ["/vendor/**"], text: ["// tracking"]}, action: isolate, compartment: vendor}
    - {name: refused, match: {src: ["/refused/**"]}, action: strip}
compartments: {vendor: {connect: [%[4]q]}}
`, address, upstream.URL, toJSON(t, digests), collector.URL)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.proxy = run(t, "serve", "--policy", filepath.Join(dir, "policy.yaml"))
	s.proxy.waitFor(t, "msg=listening")
	s.plain, s.protected = upstream.URL+"/page", "http://"+address+"/page"
	return s
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantRan waits until each of the scripts has run where it should, and looks for those
// that should not.
func (s createdSite) wantRan(t *testing.T, b *browsers.Browser, want map[string]bool) {
	t.Helper()
	late := time.Now().Add(patience)
	for _, ran := range slices.Sorted(maps.Keys(want)) {
		// At the end the others had as long.
		select {
		case <-s.seen.has("[" + ran + "]"):
		case <-time.After(max(time.Until(late), 100*time.Millisecond)):
			t.Errorf("%s did not happen", ran)
		}
	}
	settle(b)
	unexpected := map[string]bool{}
	for line := range strings.Lines(s.seen.String()) {
		if ran := strings.Trim(line, "[]\n"); !want[ran] {
			unexpected[ran] = true
		}
	}
	for _, ran := range slices.Sorted(maps.Keys(unexpected)) {
		t.Errorf("%s happened", ran)
	}
}

// A script that a script of the page creates meets the same rules as one in the page's
// markup, on every way: it runs in the page, in its compartment, or nowhere. What no
// browser would run does not run here either.
func TestCreatedScriptsMeetTheRules(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			s := newCreatedSite(t)
			b := browsers.Start(t, engine)

			b.Open(s.protected)
			var tried []string
			b.EvalInto(&tried, `return Object.keys(outcome)`)
			if len(tried) != 3*len(ways) {
				t.Errorf("%d scripts were created, want 3 for each of %d ways", len(tried), len(ways))
			}
			want := map[string]bool{}
			for way, o := range ways {
				if other, ok := inWebKit[way]; ok && engine == browsers.WebKit {
					o = other
				}
				for verdict, where := range map[string]string{"allow": o.allow, "isolate": o.isolate, "strip": o.strip} {
					if where != "" {
						want[way+"/"+verdict+"/"+where] = true
					}
				}
			}
			s.wantRan(t, b, want)

			s.seen.reset()
			b.Open(s.plain) // the control
			want = map[string]bool{}
			for way, o := range ways {
				if o.control == "" || len(o.in) > 0 && !slices.Contains(o.in, engine) {
					continue
				}
				for _, verdict := range []string{"allow", "isolate", "strip"} {
					want[way+"/"+verdict+"/"+o.control] = true
				}
			}
			s.wantRan(t, b, want)
		})
	}
}

// The operator sees what is refused, with its address and without its text; the
// allowed script that wanted it goes on.
func TestRefusalsOfCreatedScriptsAreReported(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			s := newCreatedSite(t)
			b := browsers.Start(t, engine)
			host := strings.TrimSuffix(s.protected, "/page")
			refusals := map[string]string{
				"append/strip":    "directive=script-src-elem blocked=" + host + "/refused/ran.js",
				"text/strip":      "directive=script-src-elem blocked=inline",
				"handler/strip":   "directive=script-src-attr blocked=inline",
				"Worker/strip":    "directive=worker-src blocked=" + host + "/refused/ran.js",
				"Worker/isolate":  "directive=worker-src blocked=" + host + "/vendor/ran.js",
				"data: URL/strip": "directive=script-src-elem blocked=data:",
			}
			// These the browser reports by itself: from sites with HTTPS, and when it has
			// time for it.
			browserReports := map[string]string{
				"import(), later/isolate": "script-src-elem " + host + "/vendor/ran.js",
				"setTimeout/strip":        "require-trusted-types-for trusted-types-sink",
			}
			only := slices.Concat(slices.Collect(maps.Keys(refusals)), slices.Collect(maps.Keys(browserReports)))
			b.Open(s.protected + "?only=" + url.QueryEscape(strings.Join(only, "|")))
			for way, line := range refusals {
				select {
				case <-s.proxy.output.has(line + " "):
				case <-time.After(20 * time.Second):
					t.Errorf("%s is not reported as %q", way, line)
				}
			}
			for _, line := range browserReports {
				b.Wait(`violations.some((violation) => violation.startsWith(arguments[0]))`, patience, line)
			}
			var outcome map[string]string
			b.EvalInto(&outcome, `return outcome`)
			if len(outcome) != len(only) {
				t.Errorf("got %v, want one of each of %q", outcome, only)
			}
			for way, end := range outcome {
				if thrown := end != "done"; thrown != (way == "setTimeout/strip") {
					t.Errorf("%s ended as %q", way, end)
				}
			}
			if strings.Contains(s.proxy.output.String(), "fetch(") {
				t.Error("a script's text was reported")
			}
			settle(b)
			for way, line := range refusals {
				if n := strings.Count(s.proxy.output.String(), line+" "); n != 1 {
					t.Errorf("%s is reported %d times", way, n)
				}
			}
		})
	}
}

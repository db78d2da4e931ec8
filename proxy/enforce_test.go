package proxy

import (
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"

	"chatproxy/csp"
)

const allowOwn = `scripts: {rules: [{name: own, match: {src: ["/static/**"]}, action: allow}]}
`

func TestTheNonceIsFreshAndTheSameInHeaderAndBody(t *testing.T) {
	site := start(t, htmlPage(`<script src="/static/a.js"></script><script src="https://ads.example/a.js"></script><script>evil()</script>`), allowOwn)
	seen := map[string]bool{}
	for range 3 {
		a := site.ask(t, "GET", "/")
		nonce := a.ourNonce(t)
		if seen[nonce] {
			t.Errorf("the nonce %s came twice", nonce)
		}
		seen[nonce] = true
		if !strings.Contains(a.body, `<script nonce="`+nonce+`" src="/static/a.js">`) {
			t.Errorf("the allowed script has no nonce: %s", a.body)
		}
		if strings.Contains(a.body, "evil()") || strings.Contains(a.body, ` src="https://ads.example/a.js"`) {
			t.Errorf("a script that nothing allows is still there: %s", a.body)
		}
		for _, values := range []string{"'unsafe-inline'", "https:"} {
			if scripts, _ := csp.Parse(a.Header.Get(csp.Header)).Get("script-src"); slices.Contains(scripts, values) {
				t.Errorf("script-src has %s", values)
			}
		}
	}
}

func TestTheUpstreamsPoliciesStayInForce(t *testing.T) {
	upstream := htmlPage(`<p>`,
		csp.Header, "script-src 'nonce-abc' https://a.example; img-src 'self', connect-src 'self'",
		csp.Header, "default-src 'none'",
		csp.HeaderReportOnly, "script-src 'self'; report-to theirs",
		"Reporting-Endpoints", `theirs="https://reports.example/"`)
	t.Run("combine", func(t *testing.T) {
		a := start(t, upstream, "").ask(t, "GET", "/")
		ours := "'nonce-" + a.ourNonce(t) + "'"
		var got []string
		for _, p := range csp.ParseHeader(a.Header.Values(csp.Header))[2:] { // behind the two of ours
			got = append(got, p.String())
		}
		want := []string{
			"script-src https://a.example " + ours + "; img-src 'self'",
			"connect-src 'self'",
			"default-src 'none'; script-src " + ours,
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if got, want := a.Header.Values(csp.HeaderReportOnly), []string{"script-src 'self' " + ours + "; report-to theirs"}; !slices.Equal(got, want) {
			t.Errorf("report-only: got %q, want %q", got, want)
		}
		if got, want := a.Header.Values("Reporting-Endpoints"), []string{`theirs="https://reports.example/"`}; !slices.Equal(got, want) {
			t.Errorf("Reporting-Endpoints: got %q, want %q", got, want)
		}
	})
	t.Run("replace", func(t *testing.T) {
		a := start(t, upstream, "csp: {upstream: replace}").ask(t, "GET", "/")
		if all := a.Header.Values(csp.Header); len(all) != 1 || len(a.Header.Values(csp.HeaderReportOnly)) != 0 || strings.Contains(all[0], "a.example") {
			t.Errorf("got %q and %q", all, a.Header.Values(csp.HeaderReportOnly))
		}
	})
	t.Run("data keeps its own and gets none of ours", func(t *testing.T) {
		site := start(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/css")
			w.Header().Set(csp.Header, "default-src 'none'")
		}, "")
		if got := site.ask(t, "GET", "/").Header.Values(csp.Header); !slices.Equal(got, []string{"default-src 'none'"}) {
			t.Errorf("got %q", got)
		}
	})
}

// The upstream's nonce is trusted when the header announced it, and never when
// only the page says so.
func TestTheUpstreamsNonceIsTrusted(t *testing.T) {
	const page = `<script nonce="abc">trusted()</script><script nonce="guess">injected()</script>`
	for _, tt := range []struct {
		policy string
		want   bool
	}{{"script-src 'nonce-abc'", true}, {"script-src 'nonce-other'", false}, {"img-src 'nonce-abc'", false}} {
		a := start(t, htmlPage(page, csp.Header, tt.policy), "").ask(t, "GET", "/")
		if got := strings.Contains(a.body, `nonce="`+a.ourNonce(t)+`">trusted()`); got != tt.want {
			t.Errorf("%s: trusted is %v, want %v: %s", tt.policy, got, tt.want, a.body)
		}
		if strings.Contains(a.body, "injected()") {
			t.Errorf("%s: the injected script is there: %s", tt.policy, a.body)
		}
	}
}

func TestFixedHeaders(t *testing.T) {
	site := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		w.Header().Set("Alt-Svc", `h3=":443"`)
		if r.URL.Path == "/own" {
			w.Header().Set("Referrer-Policy", "no-referrer")
			w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
			w.Header().Set("X-Content-Type-Options", "sniff")
		}
	}, `pages: [{match: /off, mode: off}]`)
	for _, tt := range []struct{ path, referrer, opener string }{
		{"/", "strict-origin-when-cross-origin", "same-origin-allow-popups"},
		{"/own", "no-referrer", "same-origin"},
		{"/.chatproxy/empty.js", "strict-origin-when-cross-origin", "same-origin-allow-popups"},
	} {
		h := site.ask(t, "GET", tt.path).Header
		if got := h.Values("X-Content-Type-Options"); !slices.Equal(got, []string{"nosniff"}) {
			t.Errorf("%s: X-Content-Type-Options is %q", tt.path, got)
		}
		if h.Get("Referrer-Policy") != tt.referrer || h.Get("Cross-Origin-Opener-Policy") != tt.opener {
			t.Errorf("%s: got %q and %q", tt.path, h.Get("Referrer-Policy"), h.Get("Cross-Origin-Opener-Policy"))
		}
	}
	for _, path := range []string{"/", "/off"} {
		if got := site.ask(t, "GET", path).Header.Get("Alt-Svc"); got != "" {
			t.Errorf("%s offers a way around: %s", path, got)
		}
	}
}

// A 304 brings no policy at all: neither a new nonce for an old page, nor the
// upstream's own in the place of ours.
func TestNotModifiedBringsNoPolicy(t *testing.T) {
	site := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		w.Header().Set("Etag", `"1"`)
		w.Header().Set(csp.Header, "img-src *")
		w.Header().Set(csp.HeaderReportOnly, "img-src *")
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
		}
	}, "")
	a := site.ask(t, "GET", "/a.svg", "Sec-Fetch-Dest", "image", "If-None-Match", `"1"`)
	if a.StatusCode != http.StatusNotModified || a.Header.Get(csp.Header) != "" || a.Header.Get(csp.HeaderReportOnly) != "" {
		t.Errorf("got %d with %q and %q", a.StatusCode, a.Header.Values(csp.Header), a.Header.Values(csp.HeaderReportOnly))
	}
	site.ask(t, "GET", "/a.svg", "Sec-Fetch-Dest", "image").wantNothingRuns(t) // the control
}

func TestModes(t *testing.T) {
	const page = `<script nonce="abc">inline()</script><script src="https://ads.example/a.js"></script>`
	site := start(t, htmlPage(page, csp.Header, "img-src *"), `pages:
  - {match: "/admin/**", mode: off}
  - {match: "/legacy/**", mode: report-only}
`)
	off := site.ask(t, "GET", "/admin/x")
	if got := off.Header.Values(csp.Header); off.body != page || !slices.Equal(got, []string{"img-src *"}) {
		t.Errorf("off: got %s with %q", off.body, got)
	}
	observed := site.ask(t, "GET", "/legacy/x")
	if got := observed.Header.Values(csp.Header); !slices.Equal(got, []string{"img-src *"}) {
		t.Errorf("report-only: enforced is %q", got)
	}
	if !strings.Contains(observed.Header.Get(csp.HeaderReportOnly), "'nonce-") ||
		!strings.Contains(observed.body, "inline()") || !strings.Contains(observed.body, `src="https://ads.example/a.js"`) {
		t.Errorf("report-only: got %s with %q", observed.body, observed.Header.Values(csp.HeaderReportOnly))
	}
	if enforced := site.ask(t, "GET", "/news"); strings.Contains(enforced.body, "inline()") || enforced.ourNonce(t) == "" {
		t.Errorf("enforce: got %s", enforced.body)
	}
}

// In report-only mode what ran goes on running: where the body is not rewritten,
// the upstream's nonce in it must stay the header's.
func TestReportOnlyKeepsTheNonceOfWhatIsNotRewritten(t *testing.T) {
	site := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xhtml+xml")
		w.Header().Set(csp.Header, "script-src 'nonce-abc'")
	}, `pages: [{match: "/**", mode: report-only}]`)
	if got := site.ask(t, "GET", "/").Header.Values(csp.Header); !slices.Equal(got, []string{"script-src 'nonce-abc'"}) {
		t.Errorf("got %q", got)
	}
}

// WebKit gets the second policy from the guard; a page that is known from before is not
// another engine's.
func TestWebKitGetsTheSecondPolicyInThePage(t *testing.T) {
	const (
		safari   = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15"
		chromium = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
		firefox  = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
	)
	site := start(t, htmlPage(`<p>`), `scripts: {rules: [{name: own, match: {src: ["/a&b/**"]}, action: allow}]}`)
	second := "script-src-elem " + site.URL + "/.chatproxy/ " + site.URL + "/a&b/ 'unsafe-inline'"
	inPage := `data-policy="` + html.EscapeString(second) + `"`
	for range 3 { // the third time it is known
		for agent, webKit := range map[string]bool{safari: true, chromium: false, firefox: false, "": false} {
			a := site.ask(t, "GET", "/", "User-Agent", agent)
			inHeader := strings.Contains(strings.Join(a.Header.Values(csp.Header), ", "), ", "+second)
			if inHeader == webKit || strings.Contains(a.body, inPage) != webKit {
				t.Errorf("%s: got %q and %s", agent, a.Header.Values(csp.Header), a.body)
			}
		}
	}
	watched := start(t, htmlPage(`<p>`), `pages: [{match: "/**", mode: report-only}]`)
	if a := watched.ask(t, "GET", "/", "User-Agent", safari); strings.Contains(a.body, "data-policy") {
		t.Errorf("a page in mode report-only enforces: %s", a.body)
	}
}

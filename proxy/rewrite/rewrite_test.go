package rewrite

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"chatproxy/csp"
)

const nonceText = "AAAAAAAAAAAAAAAAAAAAAA=="

func testNonce(t testing.TB) csp.Nonce {
	t.Helper()
	n, err := csp.ParseNonce(nonceText)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// decideByName allows what has "good" in its address or text, isolates what has
// "ad", and strips the rest.
func decideByName(s Script) Action {
	switch what := s.Src + s.Text; {
	case strings.Contains(what, "good"):
		return Action{Do: Allow}
	case strings.Contains(what, "ad"):
		return Action{Do: Isolate, Compartment: "ads"}
	}
	return Action{Do: Strip}
}

func rewriteAll(t testing.TB, src io.Reader, o Options) string {
	t.Helper()
	out, err := io.ReadAll(NewReader(src, o))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestRewrite(t *testing.T) {
	const n = `nonce="` + nonceText + `"`
	tests := []struct{ name, in, want string }{
		{"the head comes first in <head>", "<!doctype html>\n<html><head><title>x</title>", "<!doctype html>\n<html><head>HEAD<title>x</title>"},
		{"before a script that comes before <head>", "<!-- c --><script>good</script><head>", "<!-- c -->HEAD<script " + n + ">good</script><head>"},
		{"without <head>, before the first text", " \n hello", "HEAD \n hello"},
		{"allowed inline", "<head><script>good</script>", "<head>HEAD<script " + n + ">good</script>"},
		{"allowed external", "<head><script async src=/good.js></script>", "<head>HEAD<script " + n + " async src=/good.js></script>"},
		{"an upstream's nonce never survives", "<head><script nonce=up>good</script><script NONCE='up' type=application/json>{}</script><p nonce=x>",
			"<head>HEAD<script " + n + ">good</script><script type=application/json>{}</script><p>"},
		{"duplicate nonces", `<head><script nonce=1 nonce="2"nonce=3 id=a>good</script>`, `<head>HEAD<script ` + n + ` id=a>good</script>`},
		{"stripped with its text", "<head>a<script>evil</script>b<script src=evil.js>x</script>c", "<head>HEADabc"},
		{"isolated external", `<head><script id=a async src="//ad.example/?a=1&amp;b=2" onload="x()" data-k=v></script>`,
			`<head>HEAD<script type="text/x-chatproxy" data-chatproxy-compartment="ads" data-chatproxy-src="//ad.example/?a=1&amp;b=2" ` + n + ` id=a async data-k=v></script>`},
		{"isolated inline", `<head><script type="text/javascript">ad('<b>')</script>`,
			`<head>HEAD<script type="text/x-chatproxy" data-chatproxy-compartment="ads" ` + n + `>ad('<b>')</script>`},
		{"isolated module", `<head><script type=module src=ad.js></script>`,
			`<head>HEAD<script type="text/x-chatproxy" data-chatproxy-compartment="ads" data-chatproxy-src="ad.js" data-chatproxy-type="module" ` + n + `></script>`},
		{"a forged inert script has no nonce", `<head><script type=text/x-chatproxy data-chatproxy-src=ad.js nonce=guess></script>`,
			`<head>HEAD<script type=text/x-chatproxy data-chatproxy-src=ad.js></script>`},
		{"data stays", `<head><script type=application/ld+json>{"evil":1}</script>`, `<head>HEAD<script type=application/ld+json>{"evil":1}</script>`},
		{"language makes it run", `<head><script language=JavaScript>evil</script><script type="" language=x>evil</script><script type=" text/JSCRIPT ">evil</script>`, `<head>HEAD`},
		{"import maps run", `<head><script type=importmap>evil</script><script type=importmap>good</script>`, `<head>HEAD<script ` + n + ` type=importmap>good</script>`},
		{"unclosed at the end does not run", "<head><script nonce=x>good", "<head>HEAD<script>good"},
		{"dangling markup gets no nonce", `<head><script src=good.js x="<script src=evil" ></script>`, `<head>HEAD<script src=good.js x="<script src=evil" ></script>`},
		{"dangling markup in a name", `<head><script src=good.js <script evil></script>`, `<head>HEAD<script src=good.js <script evil></script>`},
		{"duplicates get no nonce", `<head><script src=good.js src=evil></script>`, `<head>HEAD<script src=good.js src=evil></script>`},
		{"the first of two counts", `<head><script src=evil.js src=good.js></script>`, `<head>HEAD`},
		{"preloads follow the verdict", `<head><link rel=modulepreload href=good.js><link rel="x preload" as=SCRIPT href=evil.js><link rel=preload as=style href=a.css>`,
			`<head>HEAD<link ` + n + ` rel=modulepreload href=good.js><link rel=preload as=style href=a.css>`},
		{"a style's trusted nonce is replaced", `<head><style nonce=trusted>a{}</style><style nonce=other>b{}</style>`,
			`<head>HEAD<style ` + n + `>a{}</style><style>b{}</style>`},
		{"a policy of the page keeps force", `<head><meta http-equiv="content-security-policy" content="script-src 'self'; img-src *">`,
			`<head>HEAD<meta content="img-src *" http-equiv="content-security-policy">`},
		{"dangling markup of a link", `<head><script src=good.js <link rel=icon></script>`, `<head>HEAD<script src=good.js <link rel=icon></script>`},
		{"a script that browsers end later ends the grants", `<script type=x><!--< <script></script><script>good</script>`, `HEAD<script type=x><!--< <script></script><script>good</script>`},
		{"CDATA at an integration point ends the grants", `<svg><title><![CDATA[x]]></title></svg><script>good</script>`, `HEAD<svg><title><![CDATA[x]]></title></svg><script>good</script>`},
		{"comments are not scripts", "<head><!--<script>good</script>--><script>good</script>", "<head>HEAD<!--<script>good</script>--><script " + n + ">good</script>"},
		{"raw text is not script", "<head><title><script>good</script></title><textarea><script>good</script></textarea><noscript><script>good</script></noscript>",
			"<head>HEAD<title><script>good</script></title><textarea><script>good</script></textarea><noscript><script>good</script></noscript>"},
		{"a script in script text", "<head><script><!--<script>good</script>--></script>x", "<head>HEAD<script " + n + "><!--<script>good</script>--></script>x"},
		{"SVG scripts get no nonce", "<svg><script nonce=up>good</script><title><p></p></title></svg><script>good</script>", "HEAD<svg><script>good</script><title><p></p></title></svg><script " + n + ">good</script>"},
		{"CDATA in SVG is text", "<svg><![CDATA[<script>good</script>]]></svg>", "HEAD<svg><![CDATA[<script>good</script>]]></svg>"},
		{"a breakout ends SVG", "<svg><p><style><script>good</script></style>", "HEAD<svg><p><style><script>good</script></style>"},
		{"doubt grants nothing more", "<script>good</script><select><textarea></select><script>good</script><script>evil</script>", "HEAD<script " + n + ">good</script><select><textarea></select><script>good</script><script>evil</script>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Nonce: testNonce(t), Head: []byte("HEAD"), Decide: decideByName, TrustsNonce: func(s string) bool { return s == "trusted" }}
			if got := rewriteAll(t, strings.NewReader(tt.in), o); got != tt.want {
				t.Errorf("\n   in %s\n  got %s\n want %s", tt.in, got, tt.want)
			}
			if got := rewriteAll(t, iotest.OneByteReader(strings.NewReader(tt.in)), o); got != tt.want {
				t.Errorf("byte by byte\n   in %s\n  got %s\n want %s", tt.in, got, tt.want)
			}
		})
	}
}

func TestObserveChangesNothingButNonces(t *testing.T) {
	o := Options{Nonce: testNonce(t), Decide: decideByName, Observe: true, TrustsNonce: func(s string) bool { return s == "trusted" }}
	in := `<script src=ad.js></script><script>evil</script><script nonce=trusted>evil</script><script>good</script><link rel=preload as=script href=evil.js>`
	want := `<script src=ad.js></script><script>evil</script><script nonce="` + nonceText + `">evil</script><script nonce="` + nonceText + `">good</script><link rel=preload as=script href=evil.js>`
	if got := rewriteAll(t, strings.NewReader(in), o); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestNothingIsGrantedWithoutANonce(t *testing.T) {
	in := `<script src=good.js></script><script src=ad.js></script>`
	if got := rewriteAll(t, strings.NewReader(in), Options{Decide: decideByName}); strings.Contains(got, "nonce") {
		t.Errorf("got %s", got)
	}
}

func TestATokenThatIsTooLongEndsTheGrants(t *testing.T) {
	var events []Event
	o := Options{Nonce: testNonce(t), Decide: decideByName, Report: func(e Event) { events = append(events, e) }}
	in := "<script>good</script><script>" + strings.Repeat("a", maxToken+1) + "</script><script>good</script>"
	got := rewriteAll(t, strings.NewReader(in), o)
	if strings.Count(got, nonceText) != 1 || len(events) != 1 {
		t.Errorf("%d nonces, events %v", strings.Count(got, nonceText), events)
	}
	if want := strings.Replace(in, "<script>", `<script nonce="`+nonceText+`">`, 1); got != want {
		t.Error("the rest was not passed on byte for byte")
	}
}

func TestPositionsAndEvents(t *testing.T) {
	var scripts []Script
	var events []Event
	o := Options{Nonce: testNonce(t), Decide: func(s Script) Action { scripts = append(scripts, s); return Action{Do: Allow} }, Report: func(e Event) { events = append(events, e) }}
	rewriteAll(t, strings.NewReader("<p>\n  <script src=a></script><script>\r\nb\r</script>\n<frameset>"), o)
	if len(scripts) != 2 || scripts[0].Line != 2 || scripts[0].Column != 3 || scripts[1].Column != 26 || scripts[1].Text != "\nb\n" {
		t.Errorf("scripts %+v", scripts)
	}
	if len(events) != 1 || !strings.Contains(events[0].Reason, "<frameset>") {
		t.Errorf("events %+v", events)
	}
}

func TestErrorsOfTheSourceComeThrough(t *testing.T) {
	broken := errors.New("broken")
	src := io.MultiReader(strings.NewReader("<p>one</p><script>go"), iotest.ErrReader(broken))
	got, err := io.ReadAll(NewReader(src, Options{Decide: decideByName}))
	if !errors.Is(err, broken) || !strings.HasPrefix(string(got), "<p>one</p>") {
		t.Errorf("got %q, %v", got, err)
	}
}

// What is complete is not held back until the page goes on.
func TestReadDoesNotWaitForMore(t *testing.T) {
	pr, pw := io.Pipe()
	r := NewReader(pr, Options{Decide: decideByName})
	go pw.Write([]byte("<p>first</p>"))
	got := make([]byte, 0, 12)
	buf := make([]byte, 64)
	for len(got) < 12 {
		n, err := r.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	if string(got) != "<p>first</p>" {
		t.Errorf("got %q", got)
	}
	pw.Close()
}

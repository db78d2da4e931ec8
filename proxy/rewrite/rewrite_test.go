package rewrite

import (
	"bytes"
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
func decideByName(s *Script) Action {
	if s.Kind == Inline && !s.HasText && !s.TooLong {
		return Action{Do: NeedText}
	}
	switch what := string(s.Src) + string(s.Text); {
	case s.Kind == Style && string(s.Nonce) == "trusted", strings.Contains(what, "good"):
		return Action{Do: Allow}
	case strings.Contains(what, "ad"):
		return Action{Do: Isolate, Compartment: []byte("ads")}
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

const n = `nonce="` + nonceText + `"`

var rewriteTests = []struct{ name, in, want string }{
	{"the head comes first in <head>", "<!doctype html>\n<html><head><title>x</title>", "<!doctype html>\n<html><head>HEAD<title>x</title>"},
	{"before a script that comes before <head>", "<!-- c --><script>good</script><head>", "<!-- c -->HEAD<script " + n + ">good</script><head>"},
	{"without <head>, before the first text", " \n hello", " \n HEADhello"},
	{"allowed inline", "<head><script>good</script>", "<head>HEAD<script " + n + ">good</script>"},
	{"allowed external", "<head><script async src=/good.js></script>", "<head>HEAD<script " + n + " async src=/good.js></script>"},
	{"an upstream's nonce never survives", "<head><script nonce=up>good</script><script NONCE='up' type=application/json>{}</script><p nonce=x>",
		"<head>HEAD<script " + n + ">good</script><script type=application/json>{}</script><p>"},
	{"duplicate nonces", `<head><script nonce=1 nonce="2"nonce=3 id=a>good</script>`, `<head>HEAD<script ` + n + `  id=a>good</script>`},
	{"stripped with its text", "<head>a<script>evil</script>b<script src=evil.js>x</script>c", "<head>HEADa<!---->b<!---->c"},
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
	{"links and metas that mean nothing", `<head><link rel="stylesheet" href=a.css><meta name=a content="b"><link REL="Preload" as=script href=evil><link rel="icon preload" as=script href=evil><link rel="x&#112;reload preload" as=script href=evil><link rel='modulepreload' href=evil><LINK href=evil rel="stylesheet  PRELOAD" as=script><link rel="&#112;reload" as=script href=evil>`,
		`<head>HEAD<link rel="stylesheet" href=a.css><meta name=a content="b">`},
	{"a style's trusted nonce is replaced", `<head><style nonce=trusted>a{}</style><style nonce=other>b{}</style>`,
		`<head>HEAD<style ` + n + `>a{}</style><style>b{}</style>`},
	{"a policy of the page keeps force", `<head><meta http-equiv="content-security-policy" content="script-src 'self'; img-src *">`,
		`<head>HEAD<meta http-equiv="content-security-policy" content="img-src *">`},
	{"dangling markup of a link", `<head><script src=good.js <link rel=icon></script>`, `<head>HEAD<script src=good.js <link rel=icon></script>`},
	{"a script that browsers end later ends the grants", `<script type=x><!--< <script></script><script>good</script>`, `HEAD<script type=x><!--< <script></script><script>good</script>`},
	{"CDATA at an integration point ends the grants", `<svg><title><![CDATA[x]]></title></svg><script>good</script>`, `HEAD<svg><title><![CDATA[x]]></title></svg><script>good</script>`},
	{"comments are not scripts", "<head><!--<script>good</script>--><script>good</script>", "<head><!--<script>good</script>-->HEAD<script " + n + ">good</script>"},
	{"raw text is not script", "<head><title><script>good</script></title><textarea><script>good</script></textarea><noscript><script>good</script></noscript>",
		"<head>HEAD<title><script>good</script></title><textarea><script>good</script></textarea><noscript><script>good</script></noscript>"},
	{"a script in script text", "<head><script><!--<script>good</script>--></script>x", "<head>HEAD<script " + n + "><!--<script>good</script>--></script>x"},
	{"SVG scripts get the nonce too", "<svg><script nonce=up>good</script><title>t</title></svg><script>good</script>", "HEAD<svg><script " + n + ">good</script><title>t</title></svg><script " + n + ">good</script>"},
	{"CDATA in SVG is text", "<svg><![CDATA[<script>good</script>]]></svg>", "HEAD<svg><![CDATA[<script>good</script>]]></svg>"},
	{"a breakout ends SVG", "<svg><p><style><script>good</script></style>", "HEAD<svg><p><style><script>good</script></style>"},
	{"after a meta charset that opens the head", `<head> <!-- c --><meta charset=utf-8><meta http-equiv=Content-Type content="text/html"><title>x</title>`, `<head> <!-- c --><meta charset=utf-8><meta http-equiv=Content-Type content="text/html">HEAD<title>x</title>`},
	{"before a policy of the page", `<head><meta charset=utf-8><meta http-equiv=Content-Security-Policy content="img-src *">`, `<head><meta charset=utf-8>HEAD<meta http-equiv=Content-Security-Policy content="img-src *">`},
	{"at the end of a head with nothing in it", `<html><head>`, `<html><head>HEAD`},
	{"not into a tag that the page's end cuts", `<html><head><img title='`, `<html><head><img title='`},
	{"in the head that a body implies", `<body onload="evil()" class=a>`, `HEAD<body class=a>`},

	{"handlers are stripped", `<head><p onclick="evil()" id=x ONFOCUS=evil on=1 data-onx=y></p>`, `<head>HEAD<p id=x on=1 data-onx=y></p>`},
	{"allowed handlers stay", `<head><p onclick="good()" onblur=evil></p>`, `<head>HEAD<p onclick="good()"></p>`},
	{"handlers in SVG", `<head><svg onload=evil><g onclick='evil()'/></svg>`, `<head>HEAD<svg><g /></svg>`},
	{"javascript: URLs are stripped of their script", `<head><a href="javascript:evil()">a</a><a href=' java&#10;script&colon;evil()'>b</a><iframe src=javascript:evil></iframe>`,
		`<head>HEAD<a href="javascript:void(0)">a</a><a href="javascript:void(0)">b</a><iframe src="javascript:void(0)"></iframe>`},
	{"javascript: URLs in every attribute for URLs", `<head><form action=javascript:evil><button formaction=javascript:evil><object data=javascript:evil><embed src=JAVASCRIPT:evil><svg><a xlink:href=javascript:evil><animate values="a;javascript:evil" to=javascript:evil>`,
		`<head>HEAD<form action="javascript:void(0)"><button formaction="javascript:void(0)"><object data="javascript:void(0)"><embed src="javascript:void(0)"><svg><a xlink:href="javascript:void(0)"><animate values="javascript:void(0)" to="javascript:void(0)">`},
	{"what looks like a javascript: URL stays", `<head><a href="javascripts/x">a</a><a title="javascript:evil">b</a><a href="javascript:void(0)">c</a><a href="./javascript:x">`, `<head>HEAD<a href="javascripts/x">a</a><a title="javascript:evil">b</a><a href="javascript:void(0)">c</a><a href="./javascript:x">`},
	{"an allowed javascript: URL stays", `<head><a href=javascript:good()>`, `<head>HEAD<a href=javascript:good()>`},
	{"a refresh to a javascript: URL", `<head><meta http-equiv=refresh content="0; URL='javascript:evil()'"><meta http-equiv=refresh content="5;url=/next">`, `<head>HEAD<meta http-equiv=refresh content=""><meta http-equiv=refresh content="5;url=/next">`},

	{"a srcdoc is rewritten by the same rules, without a grant", `<head><iframe srcdoc="<script>good</script><script>evil</script><p onclick=evil>&amp;amp;" width=1></iframe>`,
		`<head>HEAD<iframe srcdoc="&lt;script&gt;good&lt;/script&gt;&lt;p&gt;&amp;amp;" width=1></iframe>`},
	{"nothing is isolated in a srcdoc, where no guard is", `<head><iframe srcdoc='<script src=ad.js></script>x'></iframe>`, `<head>HEAD<iframe srcdoc="x"></iframe>`},
	{"a srcdoc without scripts stays as it is", `<head><iframe srcdoc='<p>&amp;x'></iframe>`, `<head>HEAD<iframe srcdoc='<p>&amp;x'></iframe>`},
	{"a srcdoc in a srcdoc is rewritten once", `<head><iframe srcdoc="<iframe srcdoc='<script>evil</script>'></iframe><script>evil</script>"></iframe>`,
		`<head>HEAD<iframe srcdoc="&lt;iframe srcdoc=&#39;&lt;script&gt;evil&lt;/script&gt;&#39;&gt;&lt;/iframe&gt;"></iframe>`},
	{"a srcdoc after doubt is granted nothing", `<select><b><iframe srcdoc="<script>good</script><script>evil</script>"></iframe>`, `HEAD<select><b><iframe srcdoc="&lt;script&gt;good&lt;/script&gt;"></iframe>`},

	{"SVG scripts by href", `<svg><script href=good.js></script><script xlink:href=good.js /><script src=good.js></script><script href=evil.js>x</script><script xlink:href=evil.js /><g>`,
		`HEAD<svg><script ` + n + ` href=good.js></script><script ` + n + ` xlink:href=good.js /><g>`},
	{"an SVG script in CDATA", `<svg><script><![CDATA[good<b>]]></script><script><![CDATA[evil]]></script><g>`, `HEAD<svg><script ` + n + `><![CDATA[good<b>]]></script><g>`},
	{"an SVG script that is markup has no text to know", `<svg><script>good<g></g></script>`, `HEAD<svg><g></g></script>`},
	{"an isolated SVG script", `<svg><script href="ad.js"></script><script>ad</script></svg>`,
		`HEAD<svg><script type="text/x-chatproxy" data-chatproxy-compartment="ads" data-chatproxy-src="ad.js" ` + n + `></script><script type="text/x-chatproxy" data-chatproxy-compartment="ads" ` + n + `>ad</script></svg>`},
	{"MathML has no scripts", `<math><script>good</script></math>`, `HEAD<math><script>good</script></math>`},

	{"nomodule, async and defer", `<head><script nomodule src=good.js></script><script async defer src=good.js></script>`, `<head>HEAD<script ` + n + ` nomodule src=good.js></script><script ` + n + ` async defer src=good.js></script>`},
	{"speculation rules run", `<head><script type=speculationrules>evil</script><script type=SpeculationRules>good</script>`, `<head>HEAD<script ` + n + ` type=SpeculationRules>good</script>`},
	{"in a template and a declarative shadow root", `<div><template shadowrootmode=open><script>good</script><script>evil</script></template></div>`, `HEAD<div><template shadowrootmode=open><script ` + n + `>good</script></template></div>`},
	{"the isolated keeps what vendors read", `<head><script class=c onerror=evil nonce=up language=javascript integrity=x data-chatproxy-src=forged src=ad.js></script>`,
		`<head>HEAD<script type="text/x-chatproxy" data-chatproxy-compartment="ads" data-chatproxy-src="ad.js" ` + n + ` class=c></script>`},

	{"inside an element", `<head><div id=x></div><div class=b ID="&#97;">t</div><p id=a>`, `<head>HEAD<div id=x></div><div class=b ID="&#97;">INSIDEt</div><p id=a>`},
	{"not inside one after doubt", `<select><b><div id=a>`, `HEAD<select><b><div id=a>`},

	{"CDATA after an element that another closed", `<svg><desc><p><div></div><![CDATA[><script>good</script>]]>`, `HEAD<svg><desc><p><div></div><![CDATA[><script>good</script>]]>`},
	{"a cell in a cell's SVG", `<table><tr><td><svg><desc><td></desc><style><script>good</script></style>`, `HEAD<table><tr><td><svg><desc><td></desc><style><script>good</script></style>`},
	{"a table in a foreignObject", `<svg><foreignObject><table><tr><td>x</td></tr></table></foreignObject></svg><script>good</script>`, `HEAD<svg><foreignObject><table><tr><td>x</td></tr></table></foreignObject></svg><script ` + n + `>good</script>`},
	{"a frameset in a body is ignored", `<p>text<frameset><script>good</script>`, `HEAD<p>text<frameset><script ` + n + `>good</script>`},
	{"a frameset that may take effect", `<p>&#32;<frameset><script>good</script>`, `HEAD<p>&#32;<frameset><script>good</script>`},
	{"the doctype ends at the first >", `<!doctype html PUBLIC "><script>good</script>">`, `<!doctype html PUBLIC ">HEAD<script ` + n + `>good</script>">`},
	{"comments that end at once", `<!--><script>good</script>--><!---><script>good</script>--!>`, `<!-->HEAD<script ` + n + `>good</script>--><!---><script ` + n + `>good</script>--!>`},
	{"a comment that ends with a bang", `<!-- --!><script>good</script>`, `<!-- --!>HEAD<script ` + n + `>good</script>`},
	{"plaintext", `<plaintext><script>good</script>`, `HEAD<plaintext><script>good</script>`},
	{"an attribute that ends in a slash", `<svg a=b/><g><script>good</script></g></svg>`, `HEAD<svg a=b/><g><script ` + n + `>good</script></g></svg>`},
	{"an end tag with attributes", `<p></p a="><script>good</script>"><script>good</script>`, `HEAD<p></p a="><script>good</script>"><script ` + n + `>good</script>`},
	{"a dropped attribute does not join its neighbours", `<head><script src=good nonce=""/..\ev\x.js></script>`, `<head>HEAD<script ` + n + ` src=good /..\ev\x.js></script>`},
	{"nor give one a value", `<head><script data-a onload=1 =\\evil\x.js src=good></script>`, `<head>HEAD<script ` + n + ` data-a  /  =\\evil\x.js src=good></script>`},
	{"nor close the element", `<svg/nonce><g/ onclick ></svg>`, `HEAD<svg/ ><g/ ></svg>`},
	{"nor keep it open", `<svg a=b nonce=""/><style>x</style>`, `HEAD<svg a=b /><style>x</style>`},
	{"nor when all are dropped", `<svg/nonce nonce/nonce>`, `HEAD<svg/ / >`},
	{"a dropped element does not join its neighbours", `a<<script>evil</script>img src='<script>good</script>'>`, `HEADa<<!---->img src='<script ` + n + `>good</script>'>`},
	{"nor a dropped link", `a<<link rel=preload as=script href=evil>b<<svg><<script href=evil></script>g`, `HEADa<<!---->b<<svg><<!---->g`},
	{"nor a character reference", `a&<script>evil</script>lt;`, `HEADa&<!---->lt;`},
	{"a script in what a preload scanner reads as raw text", `<svg><style>@import '//evil/?<script href=good></script>';</style></svg><svg><xmp><script href=good></script>`, `HEAD<svg><style>@import '//evil/?<script href=good></script>';</style></svg><svg><xmp><script href=good></script>`},
	{"an end tag of another namespace", `<svg><foreignObject><math></foreignObject><mi></mi></svg><script>good</script>`, `HEAD<svg><foreignObject><math></foreignObject><mi></mi></svg><script>good</script>`},
	{"a paragraph that another element closes in SVG", `<svg><desc><p><div></div></p></desc></svg><script>good</script>`, `HEAD<svg><desc><p><div></div></p></desc></svg><script>good</script>`},
	{"a comment where a preload scanner reads raw text", `<svg><style><!--</style><img src='//evil/?--></style></svg><script>good</script>'>`, `HEAD<svg><style><!--</style><img src='//evil/?--></style></svg><script>good</script>'>`},
	{"an element there", `<svg><title><b>x</b></title></svg><script>good</script>`, `HEAD<svg><title><b>x</b></title></svg><script>good</script>`},
	{"an element that is closed at once there", `<svg><style/></svg><script>good</script>`, `HEAD<svg><style/></svg><script>good</script>`},
	{"CDATA that a preload scanner leaves early", `<svg><![CDATA[><img src='//evil/?]]></svg><script>good</script>'>`, `HEAD<svg><![CDATA[><img src='//evil/?]]></svg><script>good</script>'>`},
	{"a style sheet and a title in SVG", `<svg><style><![CDATA[a > b{}]]></style><title>t</title></svg><script>good</script>`, `HEAD<svg><style><![CDATA[a > b{}]]></style><title>t</title></svg><script ` + n + `>good</script>`},
	{"doubt grants nothing more", "<script>good</script><select><textarea></select><script>good</script><script>evil</script>", "HEAD<script " + n + ">good</script><select><textarea></select><script>good</script><script>evil</script>"},
}

func TestRewrite(t *testing.T) {
	for _, tt := range rewriteTests {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Nonce: testNonce(t), Head: []byte("HEAD"), Inside: []Insertion{{ID: "a", Markup: []byte("INSIDE")}}, Decide: decideByName}
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
	o := Options{Nonce: testNonce(t), Decide: decideByName, Observe: true}
	in := `<script src=ad.js></script><script>evil</script><script>good</script><link rel=preload as=script href=evil.js>`
	want := `<script src=ad.js></script><script>evil</script><script nonce="` + nonceText + `">good</script><link rel=preload as=script href=evil.js>`
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

// An inline script that is longer than what is held is not known by its text, and
// whoever decides is told so; the scripts after it are what they are.
func TestAnInlineScriptThatIsTooLong(t *testing.T) {
	long := "<script>good" + strings.Repeat("a", maxHeld+1) + "</script>"
	in := "<script>good</script>" + long + "<script>good</script>"
	for verdict, want := range map[Edit]string{
		Strip:   `<script ` + n + `>good</script><script ` + n + `>good</script>`,
		Allow:   strings.ReplaceAll(in, "<script>", `<script `+n+`>`),
		Isolate: `<script ` + n + `>good</script><script type="text/x-chatproxy" data-chatproxy-compartment="long" ` + n + long[len("<script"):] + `<script ` + n + `>good</script>`,
	} {
		var events []Event
		o := Options{Nonce: testNonce(t), Report: func(e Event) { events = append(events, e) }, Decide: func(s *Script) Action {
			if s.TooLong {
				return Action{Do: verdict, Compartment: []byte("long")}
			}
			return decideByName(s)
		}}
		if got := rewriteAll(t, strings.NewReader(in), o); got != want {
			t.Errorf("verdict %d: %d bytes, want %d", verdict, len(got), len(want))
		}
		if len(events) != 1 || events[0].Kind != TooLong || events[0].Column != 22 {
			t.Errorf("events %v", events)
		}
	}
}

func TestPositionsAndEvents(t *testing.T) {
	type found struct {
		Script
		line, column int
	}
	var scripts []found
	var events []Event
	o := Options{Nonce: testNonce(t), Decide: func(s *Script) Action {
		if s.Kind == Inline && !s.HasText {
			return Action{Do: NeedText}
		}
		kept := found{Script: *s}
		kept.line, kept.column = s.Position()
		kept.Src, kept.Text = bytes.Clone(s.Src), bytes.Clone(s.Text)
		scripts = append(scripts, kept)
		return Action{Do: Allow}
	}, Report: func(e Event) { events = append(events, e) }}
	rewriteAll(t, strings.NewReader("<p>\n  <script src=a></script><script>\r\nb\r</script>\n<frameset>"), o)
	if len(scripts) != 2 || scripts[0].line != 2 || scripts[0].column != 3 || scripts[1].column != 26 || string(scripts[1].Text) != "\nb\n" {
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

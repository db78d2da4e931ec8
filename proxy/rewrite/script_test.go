package rewrite

import (
	"strings"
	"testing"
)

// A script that must be what was pinned gets what the browser checks it by, whatever
// the upstream wrote there.
func TestIntegrity(t *testing.T) {
	pinned := func(crossOrigin bool) func(*Script) Action {
		return func(s *Script) Action {
			if s.Kind == External || s.Kind == Preload {
				return Action{Do: Allow, Integrity: "sha384-pin", CrossOrigin: crossOrigin}
			}
			return Action{Do: Allow}
		}
	}
	const i = `integrity="sha384-pin"`
	for _, tt := range []struct {
		name, in, want string
		crossOrigin    bool
	}{
		{"added", `<script src=a></script>`, `<script ` + n + ` ` + i + ` src=a></script>`, false},
		{"in the place of another", `<script src=a integrity=sha256-x></script>`, `<script ` + n + ` src=a ` + i + `></script>`, false},
		{"from another origin", `<script src=a></script>`, `<script ` + n + ` ` + i + ` crossorigin="anonymous" src=a></script>`, true},
		{"which knows the user", `<script src=a crossorigin=use-credentials></script>`, `<script ` + n + ` ` + i + ` src=a crossorigin=use-credentials></script>`, true},
		{"an SVG script is not checked by browsers", `<svg><script href=a></script></svg>`, `<svg></svg>`, false},
		{"a module that is loaded ahead", `<link rel=modulepreload href=m>`, `<link ` + n + ` ` + i + ` rel=modulepreload href=m>`, false},
		{"an inline script is", `<script>a</script>`, `<script ` + n + `>a</script>`, false},
	} {
		got := rewriteAll(t, strings.NewReader("<body>"+tt.in), Options{Nonce: testNonce(t), Decide: pinned(tt.crossOrigin)})
		if got != "<body>"+tt.want {
			t.Errorf("%s:\n got %s\nwant <body>%s", tt.name, got, tt.want)
		}
	}
}

// In report-only mode what ran goes on running, changed or not.
func TestNoIntegrityWhereOnlyObserved(t *testing.T) {
	const in = `<body><script src=a></script><link rel=modulepreload href=m><svg><script href=b></script></svg>`
	got := rewriteAll(t, strings.NewReader(in), Options{Nonce: testNonce(t), Observe: true,
		Decide: func(*Script) Action { return Action{Do: Allow, Integrity: "sha384-pin", CrossOrigin: true} }})
	if strings.ReplaceAll(got, " "+n, "") != in {
		t.Errorf("got %s", got)
	}
}

// What a rule may ask of a script's element.
func TestValue(t *testing.T) {
	var got []string
	rewriteAll(t, strings.NewReader(`<script id=a CLASS="b&amp;c" id=z>1</script><svg><script id=s>1</script></svg><link rel=modulepreload href=m id=l><p onclick=1 id=h>`),
		Options{Nonce: testNonce(t), Decide: func(s *Script) Action {
			if s.Kind == Inline && !s.HasText {
				return Action{Do: NeedText} // asked again, about the same element
			}
			got = append(got, string(s.Kind)+" "+string(s.Value("id"))+" "+string(s.Value("class"))+" "+string(s.Value("none")))
			return Action{Do: Allow}
		}})
	want := []string{"inline a b&c ", "inline s  ", "preload l  ", "handler   "}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The slash at the end of an unquoted value is the value's, also of an attribute that
// stands twice, where html.Parse reads an empty element.
func TestASlashInAValueClosesNothing(t *testing.T) {
	for in, closing := range map[string]bool{
		"<g a=c/>": false, "<g a=b a=c/>": false, "<g a=b a=/>": false, "<g a=b a=c />": true, `<g a=b a="c"/>`: true, "<g/>": true,
	} {
		var tag startTag
		tag.reset()
		if end, ended := tag.scan([]byte(in)); end != len(in) || !ended || tag.selfClosing != closing {
			t.Errorf("%s: self-closing %t", in, tag.selfClosing)
		}
	}
}

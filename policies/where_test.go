package policies

import (
	"net/url"
	"strings"
	"testing"
)

func TestConditionsBesideURLAndText(t *testing.T) {
	p := mustParse(t, `
compartments: {ads: {}}
scripts:
  rules:
    - {name: checkout, match: {page: ["/checkout/**", "/pay"]}, action: strip}
    - {name: beacon, match: {text: ["navigator.sendBeacon", "new Image"]}, action: isolate, compartment: ads}
    - {name: templates, match: {type: [text/x-vendor, module], class: [lazy]}, action: isolate, compartment: ads}
    - {name: by id, match: {id: [tracker], src: ["/static/**"]}, action: strip}
    - {name: shop, match: {src: ["/shop/**"], page: ["/shop/*"], digest: [`+emptySHA256+`]}, action: allow}
    - {name: own, match: {src: ["/static/**"]}, action: allow}
`)
	tests := []struct {
		page, src, text string
		kind, id, class string
		want            Verdict
		rule            string
	}{
		{"/news", "/static/a.js", "", "", "", "", Allow, "own"},
		{"/checkout/1", "/static/a.js", "", "", "", "", Strip, "checkout"},
		{"/checkout/1", "", "x", "", "", "", Strip, "checkout"},
		{"/pay", "https://ads.example/a.js", "", "", "", "", Strip, "checkout"},
		{"/pay/", "/static/a.js", "", "", "", "", Allow, "own"},
		{"/news", "", "navigator.sendBeacon('/x')", "", "", "", Isolate, "beacon"},
		{"/news", "", "(new Image).src=1", "", "", "", Isolate, "beacon"},
		{"/news", "", "new  Image", "", "", "", Strip, ByInline},
		{"/news", "/static/a.js", "", " MODULE ", "", "a lazy b", Isolate, "templates"},
		{"/news", "/static/a.js", "", "module", "", "lazyload", Allow, "own"},
		{"/news", "/static/a.js", "", "", "", "lazy", Allow, "own"},
		{"/news", "/static/a.js", "", "", "tracker", "", Strip, "by id"},
		{"/news", "/static/a.js", "", "", "Tracker", "", Allow, "own"},
		{"/news", "/x.js", "", "", "tracker", "", Isolate, ByDefault},
		{"/shop/1", "/shop/a.js", "", "", "", "", Allow, "shop"},
		{"/shop/1", "", "", "", "", "", Allow, "shop"},
		{"/news", "/shop/a.js", "", "", "", "", Isolate, ByDefault},
		{"/shop/1/2", "/shop/a.js", "", "", "", "", Isolate, ByDefault},
		// What page this is depends on who reads it: no more is allowed, no less refused.
		{"/shop/..%2fx", "/shop/a.js", "", "", "", "", Strip, "checkout"},
		{"/a%2fb", "", "", "", "", "", Strip, "checkout"},
	}
	memo := NewMemo(&p.Scripts)
	var u ScriptURL
	for range 3 { // the memo has seen the others by then
		for _, tt := range tests {
			page, err := url.Parse("https://www.example.com" + tt.page)
			if err != nil {
				t.Fatal(err)
			}
			script := Script{Page: NewPageURL(page), Type: []byte(tt.kind), ID: []byte(tt.id), Class: []byte(tt.class)}
			var got Decision
			if tt.src != "" {
				got = memo.External(&script, []byte(tt.src), &u)
			} else {
				script.Inline, script.HasText, script.Text = true, true, []byte(tt.text)
				got = memo.Inline(&script)
			}
			if got.Verdict != tt.want || got.Rule != tt.rule {
				t.Errorf("%+v: got %s by %s", tt, got.Verdict, got.Rule)
			}
		}
	}
	if !p.Scripts.LooksAtElements() {
		t.Error("nobody would fill in the attributes")
	}
	if p = mustParse(t, `scripts: {rules: [{name: a, match: {page: ["/a"]}, action: strip}]}`); p.Scripts.LooksAtElements() {
		t.Error("no rule looks at them")
	}
}

// A rule that asks for neither URL nor text needs no text of an inline script; one
// that asks for a substring does, and takes what is too long for the worst.
func TestSubstringsNeedTheText(t *testing.T) {
	p := mustParse(t, `scripts: {rules: [{name: all, match: {id: [a]}, action: strip}, {name: beacon, match: {text: [beacon]}, action: isolate}]}`)
	for _, tt := range []struct {
		script Script
		want   Decision
	}{
		{Script{ID: []byte("a")}, Decision{Verdict: Strip, Rule: "all"}},
		{Script{}, Decision{Verdict: Strip, NeedText: true}},
		{Script{TooLong: true}, Decision{Verdict: Isolate, Rule: "beacon"}},
	} {
		tt.script.Inline, tt.script.Page = true, pageOfTests
		got := p.Scripts.Decide(&tt.script)
		if got.Compartment = nil; got.Verdict != tt.want.Verdict || got.Rule != tt.want.Rule || got.NeedText != tt.want.NeedText {
			t.Errorf("got %+v, want %+v", got, tt.want)
		}
	}
}

func TestSurelyAllows(t *testing.T) {
	p := mustParse(t, `scripts: {rules: [
  {name: no, match: {src: ["/static/uploads/**"]}, action: strip},
  {name: elsewhere, match: {src: ["/static/x/**"], page: ["/shop"]}, action: isolate},
  {name: admin, match: {src: ["/uploads/**"], page: ["/admin/**"]}, action: allow},
  {name: own, match: {src: ["/static/**"]}, action: allow}]}`)
	for src, want := range map[string]bool{"/static/a.js": true, "/static/uploads/a.js": false, "/static/x/a.js": false, "/uploads/a.js": false, "/other.js": false} {
		if got := p.Scripts.SurelyAllows(mustResolve(t, pageOfTests, src)); got != want {
			t.Errorf("%s: %t", src, got)
		}
	}
	if p.Scripts.SurelyAllows(&ScriptURL{}) {
		t.Error("a URL that was not resolved")
	}
}

func TestMayAllow(t *testing.T) {
	p := mustParse(t, `scripts: {rules: [{name: no, match: {src: ["/static/bad/**"]}, action: strip}, {name: own, match: {src: ["/static/**"], page: ["/shop"]}, action: allow}]}`)
	for src, want := range map[string]bool{"/static/a.js": true, "/static/bad/a.js": true, "/other.js": false, "/static/a%2fb.js": false} {
		if got := p.Scripts.MayAllow(mustResolve(t, pageOfTests, src)); got != want {
			t.Errorf("%s: %t", src, got)
		}
	}
	if p.Scripts.MayAllow(&ScriptURL{}) {
		t.Error("a URL that was not resolved")
	}
}

func TestHasWord(t *testing.T) {
	for words, want := range map[string]bool{
		"a": true, " a ": true, "b a": true, "b\ta\nc": true, "": false, " ": false, "aa": false, "b": false, "ab a-": false, "A": false,
	} {
		if got := hasWord([]byte(words), "a"); got != want {
			t.Errorf("%q: %t", words, got)
		}
	}
	if hasWord([]byte(strings.Repeat(" ", 10)), "") {
		t.Error("no word is empty")
	}
}

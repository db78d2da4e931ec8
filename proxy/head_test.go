package proxy

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"chatproxy/browser"
	"chatproxy/csp"
)

// The guard's configuration comes back from the script as it went in, whatever
// the operator's settings hold.
func TestTheGuardsConfigurationSurvivesTheScript(t *testing.T) {
	settings := `{"a":"\"</script><script>evil()</script>","b":"' onload=evil() \u2028&quot;&amp;","c":"Grüße <!-- 漢字 -->"}`
	chat := *chatOnEveryPage
	chat.Settings = json.RawMessage(settings)
	site := New(Options{Chat: &chat, Policy: parsePolicy(t, `
compartments: {ads: {visible: true, max_height: 600}}
scripts:
  rules:
    - {name: inline, match: {digest: [sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=]}, action: allow}
    - {name: ads, match: {src: ["https://ads.example/\"><script>**"]}, action: isolate, compartment: ads}
`, "http://127.0.0.1:1")})
	x := &exchange{chat: true, nonce: csp.NewNonce()}
	head, err := site.head(x)
	if err != nil {
		t.Fatal(err)
	}
	if want := `<script nonce="` + x.nonce.String() + `" src="` + site.guardOf(x).Path + `"></script>`; string(head) != want {
		t.Errorf("got %s, want %s", head, want)
	}
	// The guard's first line sets the attribute from which the rest takes it.
	line, _, _ := strings.Cut(string(site.guardOf(x).Body), "\n")
	literal, ok := strings.CutPrefix(strings.TrimSuffix(line, ";"), "document.currentScript.dataset.config=")
	var text string
	if err := json.Unmarshal([]byte(literal), &text); !ok || err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	var config browser.Config
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	var got, want map[string]string
	if err := json.Unmarshal([]byte(settings), &want); err != nil {
		t.Fatal(err)
	}
	if config.Chat == nil {
		t.Fatal("no chat")
	}
	if err := json.Unmarshal(config.Chat.Settings, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("settings: got %q, want %q (%v)", got, want, err)
	}
	if len(config.Rules) != 1 || config.Rules[0].Compartment != "ads" || config.Rules[0].Verdict != "isolate" ||
		config.Default != "isolate" || config.Marker != Marker || config.Compartments["ads"].MaxHeight != 600 {
		t.Errorf("got %+v", config)
	}
}

// The chat and its licences stand only where it is served and enforced.
func TestWhichPagesGetTheChat(t *testing.T) {
	site := start(t, htmlPage("<p>text"), `
chat: {pages: ["/talk/**", "/legacy/**"]}
pages: [{match: "/legacy/**", mode: report-only}]
`)
	for path, want := range map[string]bool{"/talk/a": true, "/news": false, "/legacy/a": false} {
		a := site.ask(t, "GET", path)
		policy := a.Header.Get("Content-Security-Policy") + a.Header.Get("Content-Security-Policy-Report-Only")
		if got := strings.Contains(a.body, "-chat."); got != want || strings.Contains(policy, "wasm-unsafe-eval") != want {
			t.Errorf("%s: chat is %v, want %v: %s %s", path, got, want, a.body, policy)
		}
		if observe := strings.Contains(a.body, "guard-observe"); observe != (path == "/legacy/a") {
			t.Errorf("%s: observe is %v", path, observe)
		}
	}
}

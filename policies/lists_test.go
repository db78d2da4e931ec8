package policies

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writePolicy writes a policy beside two filter lists and returns its name.
func writePolicy(t testing.TB, scripts string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"p.yaml":   smallest + scripts,
		"ads.txt":  "! ads\n||ads.example^$script\n@@||ads.example/good.js\n/beacon.js?id=\n",
		"good.txt": "||cdn.example^$third-party\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "p.yaml")
}

func TestDecideByLists(t *testing.T) {
	p, err := Load(writePolicy(t, `
compartments: {ads: {}}
scripts:
  default: allow
  lists: [ads.txt, good.txt]
  rules:
    - {name: own, match: {src: ["/own/**"]}, action: allow}
    - {name: ads, match: {list: ads.txt, src: ["https://more.example/**"], digest: [`+emptySHA256+`]}, action: isolate, compartment: ads}
    - {name: good, match: {list: good.txt}, action: allow}
    - {name: others, match: {src: ["https://**/**"]}, action: strip}
`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		src, rule string
		want      Verdict
	}{
		{"https://ads.example/a.js", "ads", Isolate},
		{"https://ADS.example:443/a.js#good.js", "ads", Isolate},
		{"https://ads.example/good.js", "others", Strip},
		{"https://more.example/a.js", "ads", Isolate},
		{"/own/beacon.js?id=1", "own", Allow},
		{"/beacon.js?id=1", "ads", Isolate},
		{"https://cdn.example/a.js", "good", Allow},
		{"https://cdn.example/a;b.js", "others", Strip}, // not certain: not allowed
		{"https://evil.net/#https://cdn.example/", "others", Strip},
	}
	var u ScriptURL // reused: the list is asked about this URL, not about the last
	for _, tt := range tests {
		if err := u.Resolve(pageOfTests, []byte(tt.src)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := p.Scripts.Decide(&Script{Page: pageOfTests, URL: &u}); got.Verdict != tt.want || got.Rule != tt.rule {
				t.Errorf("%s: got %s by %s, want %s by %s", tt.src, got.Verdict, got.Rule, tt.want, tt.rule)
			}
		}
	}
	if got := p.Scripts.Decide(&Script{Page: pageOfTests, Inline: true, HasText: true}); got.Rule != "ads" {
		t.Errorf("inline: %+v", got)
	}
	script, src := Script{Page: pageOfTests, URL: &u}, []byte("https://cdn.example/a.js?b")
	if allocs := testing.AllocsPerRun(100, func() {
		_ = u.Resolve(pageOfTests, src)
		p.Scripts.Decide(&script)
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestBrokenLists(t *testing.T) {
	tests := []struct{ name, scripts, want string }{
		{"unknown to scripts.lists", `scripts: {lists: [ads.txt], rules: [{name: a, match: {list: ./ads.txt}, action: strip}]}`,
			`p.yaml:4:61: there is no list "./ads.txt" under scripts.lists; did you mean ads.txt?`},
		{"no lists at all", `scripts: {rules: [{name: a, match: {list: ads.txt}, action: strip}]}`,
			`p.yaml:4:43: there is no list "ads.txt" under scripts.lists; write it here as it is written there`},
		{"twice", `scripts: {lists: [ads.txt, ads.txt]}`, `p.yaml:4:28: the list "ads.txt" stands twice`},
		{"missing", `scripts: {lists: [ads.txt, none.txt]}`, `p.yaml:4:28: the filter list "none.txt" cannot be read: no such file or directory`},
		{"a folder", `scripts: {lists: [.]}`, `p.yaml:4:19: the filter list "." cannot be read: it is a folder`},
		{"an empty name", `scripts: {lists: [""]}`, `p.yaml:4:19: the filter list "" cannot be read: the name is empty`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := writePolicy(t, tt.scripts)
			_, err := Load(file)
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(strings.TrimPrefix(err.Error(), filepath.Dir(file)+"/"), filepath.Dir(file), "DIR")
			if got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

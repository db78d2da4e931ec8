package policies

import (
	"strings"
	"testing"
)

func TestExpandText(t *testing.T) {
	variables := map[string]string{"A": "1", "B_2": "two", "_": "under", "EMPTY": "", "NESTED": "${A}"}
	lookup := func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
	tests := []struct{ text, want, err string }{
		{"", "", ""},
		{"plain $A $ {A} $", "plain $A $ {A} $", ""},
		{"${A}", "1", ""},
		{"x${A}y${B_2}z${_}", "x1ytwozunder", ""},
		{"[${EMPTY}]", "[]", ""},
		{"${NESTED}", "${A}", ""}, // once, not again
		{"$${A}", "${A}", ""},
		{"$${", "${", ""},
		{"$$${A}", "$${A}", ""},
		{"$${A}${A}$${A}", "${A}1${A}", ""},
		{"a $${A} ${A", "", "${ has no } behind it"},
		{"${}", "", "${} is no variable"},
		{"${1A}", "", "${1A} is no variable"},
		{"${A-B}", "", "${A-B} is no variable"},
		{"${ A }", "", "${ A } is no variable"},
		{"${Ä}", "", "${Ä} is no variable"},
		{"${A${A}}", "", "${A${A} is no variable"},
		{"${UNSET}", "", "the environment variable UNSET is not set"},
	}
	for _, tt := range tests {
		got, err := expandText(tt.text, lookup)
		if got != tt.want || (err != nil) != (tt.err != "") || err != nil && !strings.HasPrefix(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v; want %q, %s", tt.text, got, err, tt.want, tt.err)
		}
	}
}

// A variable is one value of the type that is wanted, whatever is in it.
func TestVariablesInAPolicy(t *testing.T) {
	for name, value := range map[string]string{
		"HOST": "www.example.com", "N": "640", "YES": "true", "SIZE": "1MiB", "DIGITS": "007", "LATER": "# x", "QUOTE": `"'`,
		"LIST": "[a]", "KEYS": "{a: b}", "LINES": "a\nlisten: [\"0.0.0.0:1\"]", "ANCHOR": "&a b", "ALIAS": "*a", "TAG": "!!int 7", "NULL": "null", "DASH": "- a",
	} {
		t.Setenv("CHATPROXY_TEST_"+name, value)
	}
	file := strings.ReplaceAll(`version: ${T_ONE}
site:
  upstream: http://${T_HOST}:3000
  hosts:
    - "${T_HOST}"
    - $${HOST}.example
xmpp:
  domain: ${T_HOST}
compartments: {a: {width: "${T_N}", visible: "${T_YES}", storage: ["a${T_N}", '${T_N}', "${T_DIGITS}"], max_height: "${T_N}"}}
limits:
  body: ${T_SIZE}
scripts: {rules: [{name: "r${T_N}", match: {src: ["/${T_N}.js"]}, action: isolate, compartment: a}]}
chat:
  settings:
    n: ${T_N}
    s: "${T_N}"
    yes: ${T_YES}
    text: !!str ${T_N}
    block: [{x: "$${Y}"}]
    nothing: ${T_NULL}
    a: ${T_LIST}
    b: ${T_KEYS}
    c: ${T_LINES}
    d: ${T_ANCHOR}
    e: ${T_ALIAS}
    f: ${T_TAG}
    g: ${T_LATER}
    h: ${T_QUOTE}
    i: ${T_DASH}
`, "T_", "CHATPROXY_TEST_")
	t.Setenv("CHATPROXY_TEST_ONE", "1")
	_, err := Parse("p.yaml", []byte(file))
	if want := `p.yaml:6:7: "$${HOST}.example" is not a host like www.example.com or 127.0.0.1:8080`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Fatalf("error %v, want %s", err, want)
	}
	p, err := Parse("p.yaml", []byte(strings.Replace(file, "    - $${HOST}.example\n", "", 1)))
	if err != nil {
		t.Fatal(err)
	}
	a := p.Compartments["a"]
	if p.Site.Upstream.String() != "http://www.example.com:3000" || a.Width != 640 || !a.Visible || strings.Join(a.Storage, " ") != "a640 640 007" ||
		p.Limits.Body != 1<<20 || p.Scripts.Rules[0].Name != "r640" || p.Scripts.Rules[0].Match.Src[0].String() != "/640.js" {
		t.Errorf("%+v", p)
	}
	want := map[string]any{"n": 640, "s": "640", "yes": true, "text": "640", "nothing": nil, "a": "[a]", "b": "{a: b}",
		"c": "a\nlisten: [\"0.0.0.0:1\"]", "d": "&a b", "e": "*a", "f": "!!int 7", "g": "# x", "h": `"'`, "i": "- a"}
	for key, value := range want {
		if got := p.Chat.Settings[key]; got != value {
			t.Errorf("settings.%s is %#v, want %#v", key, got, value)
		}
	}
	if got := p.Chat.Settings["block"].([]any)[0].(map[string]any)["x"]; got != "${Y}" {
		t.Errorf("settings.block is %#v", got)
	}
	if p.Listen[0] != "127.0.0.1:8080" {
		t.Errorf("a variable added a key: listen is %q", p.Listen)
	}
}

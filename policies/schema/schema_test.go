package schema_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"chatproxy/policies"
	"chatproxy/policies/examples"
	"chatproxy/policies/schema"
)

const smallest = "version: 1\nsite: {upstream: http://127.0.0.1:3000, hosts: [www.example.com]}\nxmpp: {domain: example.com}\n"

func newValidator(t *testing.T) validator {
	t.Helper()
	var v validator
	if err := json.Unmarshal(schema.JSON, &v.root); err != nil {
		t.Fatal(err)
	}
	return v
}

// check returns what the schema has against a policy file.
func (v validator) check(t *testing.T, file []byte) []string {
	t.Helper()
	var asYAML, value any
	if err := yaml.Unmarshal(file, &asYAML); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(asYAML)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(asJSON, &value); err != nil {
		t.Fatal(err)
	}
	return v.validate(v.root, value, "policy")
}

func TestSchemaTakesTheExamples(t *testing.T) {
	v := newValidator(t)
	files, err := fs.Glob(examples.FS, "*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, name := range files {
		file, err := examples.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range v.check(t, file) {
			t.Errorf("%s: %s", name, wrong)
		}
	}
}

// What each value can look like: schema and loader must agree that it is right.
func TestSchemaTakesWhatTheLoaderTakes(t *testing.T) {
	t.Setenv("CHATPROXY_TEST_SIZE", "1MiB")
	v := newValidator(t)
	for _, more := range []string{
		"",
		"limits: {body: 512, header: 64KiB, sessions_per_address: 3}",
		"limits: {sessions: 9, new_sessions: 9, new_sessions_per_address: 9, login_failures_per_address: 9, login_failures_per_account: 9}",
		"limits: {stanzas_per_second: 9, stanza_bytes_per_second: 64KiB, flood: 1m, session_idle: 1h, session_life: 2d}",
		"limits: {body: \"${CHATPROXY_TEST_SIZE}\"}",
		"csp: {upstream: replace, directives: {img-src: [\"'self'\"]}, reports: {keep: 1h30m}}",
		"csp: {reports: {keep: 30d}}",
		"pages: [{match: /a, mode: off}, {match: \"/**\", mode: report-only}]",
		"chat: {settings: {view_mode: overlayed, nested: {a: [1, true, x]}}, pages: []}",
		"console: 127.0.0.1:9180",
		"listen: [\":8080\", \"[::1]:8080\"]",
		"compartments: {my-ads_2: {visible: true, width: 0, connect: [\"https://a.example:8443\", \"HTTPS://B.example/\"]}}",
		"scripts: {rules: [{name: a, match: {src: [/, \"/a?b=*\", \"https://*.a.example:*/**\", \"http://[::1]:3000/x\"]}, action: strip}]}",
		"scripts: {rules: [{name: a, match: {digest: [\"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"]}, action: allow}]}",
		"scripts: {rules: [{name: a, match: {text: [evil], page: [/x]}, action: strip}]}",
	} {
		file := []byte(smallest + more + "\n")
		if wrong := v.check(t, file); wrong != nil {
			t.Errorf("%s: the schema refuses it: %s", more, strings.Join(wrong, "; "))
		}
		if _, err := policies.Parse("p.yaml", file); err != nil {
			t.Errorf("%s: the loader refuses it: %v", more, err)
		}
	}
	for _, network := range []string{"10.0.0.0/8", "192.0.2.7", "fd00::/8", "::1", "::ffff:192.0.2.7"} {
		file := []byte(strings.Replace(smallest, "hosts:", "trusted_proxies: [\""+network+"\"], hosts:", 1))
		if wrong := v.check(t, file); wrong != nil {
			t.Errorf("%s: the schema refuses it: %s", network, strings.Join(wrong, "; "))
		}
		if _, err := policies.Parse("p.yaml", file); err != nil {
			t.Errorf("%s: the loader refuses it: %v", network, err)
		}
	}
}

func TestSchemaAndLoaderRefuse(t *testing.T) {
	tests := []struct{ name, file string }{
		{"an unknown key", smallest + "scirpts: {}"},
		{"an unknown key inside", smallest + "limits: {bodey: 1}"},
		{"an unknown key in a list", smallest + "scripts: {rules: [{name: a, match: {src: [/a]}, action: strip, colour: red}]}"},
		{"an unknown key in a named block", smallest + "compartments: {ads: {visble: true}}"},
		{"a wrong word", smallest + "scripts: {default: perhaps}"},
		{"a wrong word in a list", smallest + "pages: [{match: /a, mode: of}]"},
		{"no upstream", "version: 1\nsite: {hosts: [a.example]}\nxmpp: {domain: example.com}"},
		{"no site", "version: 1\nxmpp: {domain: example.com}"},
		{"no domain", "version: 1\nsite: {upstream: http://127.0.0.1:3000}\nxmpp: {}"},
		{"no version", strings.Replace(smallest, "version: 1\n", "", 1)},
		{"a rule without action", smallest + "scripts: {rules: [{name: a, match: {src: [/a]}}]}"},
		{"another version", strings.Replace(smallest, "1", "2", 1)},
		{"a number for a list", smallest + "listen: 8080"},
		{"a number for a text", smallest + "listen: [8080]"},
		{"a word for a truth value", smallest + "compartments: {a: {visible: often}}"},
		{"nothing", smallest + "pages:"},
		{"a page glob without slash", smallest + "chat: {pages: [help]}"},
		{"a script glob without path", smallest + "scripts: {rules: [{name: a, match: {src: [\"https://ads.example\"]}, action: strip}]}"},
		{"a script glob without scheme", smallest + "scripts: {rules: [{name: a, match: {src: [\"//ads.example/**\"]}, action: strip}]}"},
		{"an upstream with a path", strings.Replace(smallest, "3000", "3000/app", 1)},
		{"a size with a unit that is not known", smallest + "limits: {body: 10MB}"},
		{"a size of nothing", smallest + "limits: {body: 0}"},
		{"a duration without unit", smallest + "csp: {reports: {keep: 30}}"},
		{"a digest that is too short", smallest + "scripts: {rules: [{name: a, match: {digest: [sha256-AAAA]}, action: allow}]}"},
		{"a compartment with capitals", smallest + "scripts: {rules: [{name: a, match: {src: [/a]}, action: isolate, compartment: Ads}]}\ncompartments: {Ads: {}}"},
		{"a directive in capitals", smallest + "csp: {directives: {IMG-SRC: [\"*\"]}}"},
		{"an endpoint that is no path", strings.Replace(smallest, "example.com}\n", "example.com, bosh: {path: bind}}\n", 1)},
		{"fewer than no pixels", smallest + "scripts: {rules: [{name: a, match: {src: [/a]}, action: isolate, compartment: ads}]}\ncompartments: {ads: {width: -1}}"},
	}
	v := newValidator(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if v.check(t, []byte(tt.file)) == nil {
				t.Error("the schema takes it")
			}
			if _, err := policies.Parse("p.yaml", []byte(tt.file)); err == nil {
				t.Error("the loader takes it")
			}
		})
	}
}

// The defaults of the comments, as the schema has them, are those that the loader
// fills in.
func TestDefaultsAreTheLoaders(t *testing.T) {
	v := newValidator(t)
	policy, err := policies.Parse("p.yaml", []byte(smallest+"scripts: {rules: [{name: a, match: {src: [/a]}, action: isolate, compartment: a}]}\ncompartments: {a: {}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	var compare func(schema map[string]any, value reflect.Value, at string)
	compare = func(schema map[string]any, value reflect.Value, at string) {
		fallback, has := schema["default"]
		if name, ok := schema["$ref"].(string); ok {
			schema = v.root["$defs"].(map[string]any)[strings.TrimPrefix(name, "#/$defs/")].(map[string]any)
		}
		if has {
			compared++
			if got := plain(value); got != fmt.Sprint(fallback) && !(value.Kind() == reflect.Pointer && value.IsNil()) {
				t.Errorf("%s: the loader's default is %s, the comment's %v", at, got, fallback)
			}
		}
		if items, ok := schema["items"].(map[string]any); ok {
			for i := range value.Len() {
				compare(items, value.Index(i), fmt.Sprintf("%s[%d]", at, i))
			}
		}
		if items, ok := schema["additionalProperties"].(map[string]any); ok && value.Kind() == reflect.Map {
			for _, name := range value.MapKeys() {
				compare(items, value.MapIndex(name), at+"."+name.String())
			}
		}
		properties, _ := schema["properties"].(map[string]any)
		for name, inner := range properties {
			for i := range value.NumField() {
				if tag, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("yaml"), ","); tag == name {
					compare(inner.(map[string]any), value.Field(i), at+"."+name)
				}
			}
		}
	}
	compare(v.root, reflect.ValueOf(policy).Elem(), "policy")
	if compared < 15 {
		t.Errorf("only %d defaults were compared", compared)
	}
	if !policy.XMPP.BOSH.On() || !policy.XMPP.WebSocket.On() { // nil stands for their default
		t.Error("an endpoint is not served by default")
	}
}

// plain returns a value as the policy file has it.
func plain(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case policies.Bytes:
		if value >= 1<<20 && value%(1<<20) == 0 {
			return fmt.Sprintf("%dMiB", value>>20)
		}
		return fmt.Sprintf("%dKiB", value>>10)
	case policies.Duration:
		d := time.Duration(value)
		for _, unit := range []struct {
			name string
			long time.Duration
		}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
			if d%unit.long == 0 {
				return fmt.Sprintf("%d%s", d/unit.long, unit.name)
			}
		}
		return fmt.Sprintf("%ds", d/time.Second)
	default:
		return fmt.Sprint(value)
	}
}

// The pieces of the manual that are policies, or parts of one, load.
func TestTheManualsExamplesLoad(t *testing.T) {
	manual, err := os.ReadFile(filepath.Join("..", "..", "docs", "policy.md"))
	if err != nil {
		t.Fatal(err)
	}
	v := newValidator(t)
	pieces := regexp.MustCompile("(?ms)^( *)```yaml\n(.*?)^ *```").FindAllStringSubmatch(string(manual), -1)
	if len(pieces) < 8 {
		t.Fatalf("%d pieces", len(pieces))
	}
	for _, piece := range pieces {
		file := regexp.MustCompile("(?m)^"+piece[1]).ReplaceAllString(piece[2], "")
		switch {
		case strings.HasPrefix(file, "version:"):
		case strings.HasPrefix(file, "xmpp:"):
			file = smallest[:strings.Index(smallest, "xmpp:")] + file
		default:
			file = smallest + file
		}
		if _, err := policies.Parse("p.yaml", []byte(file)); err != nil {
			t.Errorf("%v in\n%s", err, file)
		}
		if wrong := v.check(t, []byte(file)); wrong != nil {
			t.Errorf("the schema refuses it: %s in\n%s", strings.Join(wrong, "; "), file)
		}
	}
}

// Links inside the manual lead somewhere.
func TestTheManualsLinks(t *testing.T) {
	folder := filepath.Join("..", "..", "docs")
	manual, err := os.ReadFile(filepath.Join(folder, "policy.md"))
	if err != nil {
		t.Fatal(err)
	}
	var anchors []string
	for _, m := range regexp.MustCompile(`<a id="([^"]*)">`).FindAllStringSubmatch(string(manual), -1) {
		if slices.Contains(anchors, m[1]) {
			t.Errorf("the anchor %s stands twice", m[1])
		}
		anchors = append(anchors, m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(manual), -1) {
		anchors = append(anchors, strings.ReplaceAll(strings.ToLower(m[1]), " ", "-"))
	}
	for _, m := range regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(string(manual), -1) {
		if anchor, inside := strings.CutPrefix(m[1], "#"); inside {
			if !slices.Contains(anchors, anchor) {
				t.Errorf("nothing has the anchor %s", anchor)
			}
		} else if _, err := os.Stat(filepath.Join(folder, m[1])); err != nil {
			t.Error(err)
		}
	}
}

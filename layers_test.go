// Package chatproxy has no code of its own; this test guards the layout.
package chatproxy

import (
	"os/exec"
	"strings"
	"testing"
)

// Imports run downward only. Each edge that must not be is listed with its reason.
var forbidden = []struct{ from, to, reason string }{
	{"proxy", "bosh", "the pages and the chat's streams are two ways through; cmd joins them"},
	{"bosh", "proxy", "the pages and the chat's streams are two ways through; cmd joins them"},
	{"proxy", "chat", "the proxy is told what the guard needs; cmd joins them"},
	{"chat", "proxy", "the client is served, it does not know by whom"},
	{"bosh", "policies", "the bridge takes plain options, so that it can be used and tested alone"},
	{"bosh", "csp", "XMPP knows nothing of web pages"},
	{"xmpp", "bosh", "streams know nothing of what carries them"},
	{"xmpp/arrival", "", "who waits for connections knows nothing of what they carry"},
	{"policies/stanzas", "", "rules are about facts of a stanza, and know no file and no stream"},
	{"csp", "", "policies are written without knowing who asks"},
	{"browser", "", "bundles and their configuration stand below everything"},
	{"policies/lock", "policies", "the lock is read by the policy, and knows no rules"},
	{"policies/filters", "policies", "a list knows requests and filters"},
	{"policies/stanzas", "", "rules on stanzas know no file and no stream"},
	{"policies", "proxy", "the file is below what it configures"},
	{"policies", "bosh", "the file is below what it configures"},
	{"proxy/rewrite", "policies", "the rewriter asks through a function and edits; it does not decide"},
	{"proxy/rewrite", "browser", "the rewriter puts in the markup that it is given"},
	{"proxy/upstream", "", "a transport knows of one server and of no site"},
	{"proxy/downstream", "", "connections know of no site"},
	{"console", "proxy", "the operator's listener must answer when the site does not"},
	{"demo", "", "the sample site and its server stand for others' software"},
	{"cmd", "integration", "tests are not shipped"},
	{"proxy", "demo", "the product does not know its demo"},
	{"bosh", "demo", "the product does not know its demo"},
}

func TestImportsRunDownward(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		from := strings.TrimPrefix(fields[0], "chatproxy/")
		for _, edge := range forbidden {
			if !within(from, edge.from) {
				continue
			}
			seen[edge.from] = true
			for _, imported := range fields[1:] {
				to, ours := strings.CutPrefix(imported, "chatproxy/")
				if ours && within(to, edge.to) && !within(to, edge.from) {
					t.Errorf("%s imports %s: %s", from, to, edge.reason)
				}
			}
		}
	}
	for _, edge := range forbidden {
		if !seen[edge.from] {
			t.Errorf("there is no package %s any more: mend this list", edge.from)
		}
	}
}

// within reports whether the package is the folder or below it; every package is
// within "".
func within(pkg, folder string) bool {
	return folder == "" || pkg == folder || strings.HasPrefix(pkg, folder+"/")
}

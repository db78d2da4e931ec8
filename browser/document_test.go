package browser

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// The prelude stands in the document as text, which ends where a parser finds an end.
func TestTheDocumentHasTheWholePrelude(t *testing.T) {
	z := html.NewTokenizer(strings.NewReader(string(compartmentDocument(compartment, visible))))
	var scripts []string
	inScript := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(scripts) != 2 || scripts[0] != string(compartment) || scripts[1] != string(visible) {
				t.Errorf("%d scripts in the document, or not the two", len(scripts))
			}
			return
		case html.StartTagToken:
			name, _ := z.TagName()
			inScript = string(name) == "script"
		case html.TextToken:
			if inScript {
				scripts = append(scripts, string(z.Text()))
			}
		case html.EndTagToken:
			inScript = false
		}
	}
}

package vendors

import (
	"encoding/json"
	"fmt"
)

const (
	partytownPackage = "@qwik.dev/partytown"
	// partytownPath is where Partytown looks for its files unless it is told otherwise.
	partytownPath = "/~partytown/"
)

// partytown is what its documentation puts into the head: its settings and its
// snippet, here from a file of the site.
//
// Where Partytown does not come up within 10 s it runs all scripts in the page as if it
// were not there, which would show the plain page's results: that is switched off.
func (p Page) partytown() string {
	forward := []string{}
	for _, v := range p.Vendors {
		forward = append(forward, v.Forward...)
	}
	settings, err := json.Marshal(map[string]any{"lib": partytownPath, "forward": forward, "fallbackTimeout": 0})
	if err != nil {
		panic("vendors: " + err.Error()) // strings and a number
	}
	return fmt.Sprintf("<script>partytown = %s</script>\n<script src=\"%spartytown.js\"></script>\n", settings, partytownPath)
}

package policies

import (
	"slices"
	"strings"
	"unicode"

	"chatproxy/csp"
)

// maxStorageName is the longest name that is kept, in UTF-16 units: MAX_NAME in
// browser/message/message.ts.
const maxStorageName = 256

func (d *decoder) checkCompartments(compartments map[string]Compartment) {
	for _, name := range sortedKeys(compartments) {
		where := "compartments." + name
		if name == "" || strings.ContainsFunc(name, func(r rune) bool {
			return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
		}) {
			d.problemAtKey(where, "compartment names have only a-z, 0-9, - and _")
		}
		c := compartments[name]
		d.checkSizes(&c, where)
		if at := where + ".slot"; d.has(at) && (strings.TrimSpace(c.Slot) == "" || strings.ContainsFunc(c.Slot, unicode.IsControl)) {
			d.problemAt(at, "%s is no CSS selector like #ad-slot", d.text(at))
		}
		for i, key := range c.Storage {
			switch at := index(where+".storage", i); {
			case !d.has(at):
			case key == "":
				d.problemAt(at, "storage has an empty name: write the name of a cookie or of a storage key")
			case len(key) > maxStorageName:
				d.problemAt(at, "a name that is kept has at most %d characters", maxStorageName)
			case strings.ContainsAny(key, "=;") || strings.ContainsFunc(key, unicode.IsControl):
				d.problemAt(at, "%s is not the name of a cookie or of a storage key: write the name alone", d.text(at))
			}
		}
	}
}

func (d *decoder) checkSizes(c *Compartment, where string) {
	if !d.sound(where) {
		return
	}
	for _, size := range []struct {
		key         string
		value, most int
	}{{"width", c.Width, c.MaxWidth}, {"height", c.Height, c.MaxHeight}} {
		largest := "max_" + size.key
		switch at, atMost := where+"."+size.key, where+"."+largest; {
		case d.has(at) && size.value <= 0:
			d.problemAt(at, "%s is a number of pixels from 1 up", size.key)
		case d.has(atMost) && size.most <= 0:
			d.problemAt(atMost, "%s is a number of pixels from 1 up", largest)
		case d.has(atMost) && size.most < size.value:
			d.problemAt(atMost, "%s is less than %s, which is %d", largest, size.key, size.value)
		}
	}
}

// warnOfCompartments warns of keys that come to nothing, and of names that no browser
// knows.
func (d *decoder) warnOfCompartments(compartments map[string]Compartment) {
	for _, name := range sortedKeys(compartments) {
		where, c := "compartments."+name, compartments[name]
		if !c.Visible {
			for _, key := range []string{"slot", "width", "height", "max_width", "max_height", "popups", "top_navigation"} {
				if at := where + "." + key; d.has(at) {
					d.warn(at, "%s has no effect on a compartment that is not visible: add visible: true", key)
				}
			}
		}
		for i, feature := range c.Permissions {
			if at := index(where+".permissions", i); d.has(at) && !slices.Contains(csp.Features, string(feature)) {
				d.warn(at, "no browser is known to have the feature %s%s", d.text(at), didYouMean(d.source(d.at(at)), csp.Features))
			}
		}
	}
}

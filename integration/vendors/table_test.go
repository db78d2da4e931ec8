package vendors

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const document = "../../docs/vendors.md"

// A table has outcomes by vendor and column.
type table map[string]map[string]outcome

func (tab table) set(vendor, column string, o outcome) {
	if tab[vendor] == nil {
		tab[vendor] = map[string]outcome{}
	}
	tab[vendor][column] = o
}

// A check is a column of the document, whose cells have a mark for each of shown.
type check struct {
	title string
	// applies is whether the vendor does this on a plain page at all.
	applies func(Vendor) bool
	field   func(*outcome) *bool
	// good is what the field is where all is well.
	good bool
}

var checks = []check{
	{"starts", func(Vendor) bool { return true }, func(o *outcome) *bool { return &o.starts }, true},
	{"address", func(v Vendor) bool { return v.Sends.Address }, func(o *outcome) *bool { return &o.sends.Address }, true},
	{"title", func(v Vendor) bool { return v.Sends.Title }, func(o *outcome) *bool { return &o.sends.Title }, true},
	{"referrer", func(v Vendor) bool { return v.Sends.Referrer }, func(o *outcome) *bool { return &o.sends.Referrer }, true},
	{"event", func(Vendor) bool { return true }, func(o *outcome) *bool { return &o.event }, true},
	{"same visitor", func(v Vendor) bool { return v.ID != "" }, func(o *outcome) *bool { return &o.returns }, true},
	{"secret stays", func(Vendor) bool { return true }, func(o *outcome) *bool { return &o.sends.Secret }, false},
}

// shown are the columns whose marks stand in a cell, in this order.
var shown = []string{"plain", "compartment", "partytown-sw", "partytown-atomics"}

const (
	yes  = "✓"
	no   = "✗"
	none = "·"
)

func mark(value bool) string {
	if value {
		return yes
	}
	return no
}

// row writes the cells of a vendor.
func row(v Vendor, version string, seen map[string]outcome) string {
	cells := []string{v.Title, "made here"}
	if v.Package != "" {
		cells[1] = "`" + v.Package + "` " + version
	}
	for _, c := range checks {
		cell := none
		if c.applies(v) {
			cell = ""
			for _, name := range shown {
				o := seen[name]
				cell += mark(*c.field(&o) == c.good)
			}
		}
		cells = append(cells, cell)
	}
	forgets := none
	if v.ID != "" && !v.Computed {
		forgets = mark(!seen["forgetful"].returns)
	}
	return "| " + strings.Join(append(cells, forgets), " | ") + " |\n"
}

// readTable reads back the outcomes that the document has.
func readTable(t *testing.T) table {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil && !(*update && os.IsNotExist(err)) {
		t.Fatal(err)
	}
	read := table{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		i := slices.IndexFunc(All, func(v Vendor) bool { return cells[0] == "| "+v.Title })
		if i < 0 || len(cells) < 2+len(checks) {
			continue
		}
		for at, name := range shown {
			var o outcome
			for j, c := range checks {
				*c.field(&o) = !c.good
				if marks := []rune(cells[2+j]); c.applies(All[i]) && at < len(marks) {
					*c.field(&o) = (string(marks[at]) == yes) == c.good
				} else if !c.applies(All[i]) {
					*c.field(&o) = false
				}
			}
			read.set(All[i].Key, name, o)
		}
	}
	return read
}

// missing counts the vendors to which something is missing in a column.
func missing(seen table, column string) (count int) {
	for _, v := range All {
		o := seen[v.Key][column]
		if slices.ContainsFunc(checks, func(c check) bool { return c.applies(v) && c.title != "secret stays" && *c.field(&o) != c.good }) {
			count++
		}
	}
	return count
}

// ofPeers is what the document says of Partytown: of four marks the last two, and how many
// vendors have all. The first group is what stays.
var ofPeers = regexp.MustCompile(`([` + yes + no + `]{2})[` + yes + no + `]{2}|((?:service worker|Atomics) with )\d+`)

// checkDocument compares the document with what was seen, or writes it.
func checkDocument(t *testing.T, libraries *Libraries, seen table) {
	t.Helper()
	var out bytes.Buffer
	fmt.Fprintf(&out, preface, libraries.versions[partytownPackage], len(All)-missing(seen, "compartment"), len(All)-missing(seen, "partytown-sw"), len(All)-missing(seen, "partytown-atomics"), len(All))
	out.WriteString("| vendor | package |")
	for _, c := range checks {
		out.WriteString(" " + c.title + " |")
	}
	out.WriteString(" forgets |\n" + strings.Repeat("|---", len(checks)+3) + "|\n")
	for _, v := range All {
		out.WriteString(row(v, libraries.versions[v.Package], seen[v.Key]))
	}
	out.WriteString(notes)
	if *update {
		if err := os.WriteFile(document, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case bytes.Equal(text, out.Bytes()):
	case ofPeers.ReplaceAllString(string(text), "$1") == ofPeers.ReplaceAllString(out.String(), "$1"):
		// What a peer delivers is not ours to demand, and it differs on a slow machine.
		t.Logf("under Partytown it was different from docs/vendors.md this time:\n%s", out.String())
	default:
		t.Errorf("docs/vendors.md is stale: go test ./integration/vendors -update writes it anew. What was seen now:\n%s", out.String())
	}
}

const preface = `<!-- Made by go test ./integration/vendors -update: do not edit. -->

# Vendors in compartments

Scripts of real vendors, as their packages on npm ship them, in Chromium: on a plain page, in
a compartment of chatproxy, and under Partytown %s, the peer that moves scripts into a worker.
All that a vendor sends of a plain page arrives from a compartment with %[2]d of %[5]d vendors, from
Partytown with its service worker with %[3]d, and from Partytown with Atomics with %[4]d.

A cell has a mark for each of these, in this order: **plain page, compartment, Partytown with
service worker, Partytown with Atomics**. ✓ is yes, ✗ is no, and · stands where the vendor
sends no such thing from a plain page either.

`

const notes = `
- **starts**: no uncaught error in the page or where the script runs, and no script that was not
  run. Under Partytown, which catches what scripts throw, nothing that it writes to the console.
- **address, title, referrer**: the page's own reached the vendor's collector.
- **event**: a call that the page's own script makes, like ` + "`posthog.capture(…)`" + `, arrived; from the
  compartment through ` + "`forward`" + `, from Partytown through its setting of the same name.
- **same visitor**: a second visit has the identifier of the first. The compartment keeps the names
  that ` + "`storage`" + ` lists. **forgets** (compartment alone): with an empty ` + "`storage`" + ` each visit has another.
  FingerprintJS computes its identifier anew each time and needs no storage.
- **secret stays**: nothing of a text that the page shows to its reader was in anything sent. The page
  shows it as text, on a button that is clicked, and in a field. On the plain page recorders and
  vendors that record clicks send it, which shows that the collector would see it.

All marks of the plain page and of compartments are demanded by the test, with no violation of the
policy. Those of Partytown record what was seen. A ✓ means that it was seen in one of up to four
visits, since some of what Partytown sends is lost in one visit and not in the next; a ✗ that in
none of them it came before five seconds of silence. Partytown's fallback, which runs everything in the
page where its worker does not come up in ten seconds, is switched off: it would show the plain
page's marks. FingerprintJS and rrweb send nothing themselves; a few lines send what they give.
`

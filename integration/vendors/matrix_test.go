package vendors

import (
	"slices"
	"sync"
	"testing"

	"chatproxy/integration/browsers"
)

// An outcome is a cell of the matrix: what was seen of a vendor in a column, in all
// visits together.
type outcome struct {
	starts  bool // no uncaught error, no script that did not run
	sends   Sends
	event   bool
	returns bool // the second visit has the first one's identifier
}

// Every vendor is tried as its documentation has it, in a compartment, in one whose
// policy keeps nothing, and under Partytown. The plain page is the control: it shows
// what the vendor sends, and that the collector would see the secret. In a compartment
// it must send the same, and nothing of what the page shows. What Partytown does is
// recorded.
func TestVendorMatrix(t *testing.T) {
	libraries, err := LoadLibraries(nodeModules)
	if err != nil {
		t.Fatal(err)
	}
	stands := newStands(t, libraries)
	recorded := readTable(t)
	seen := table{}
	var mu sync.Mutex
	t.Run("columns", func(t *testing.T) {
		for _, c := range columns {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				// Some vendors send nothing from a browser that calls itself headless, or
				// steered. Site isolation is as users have it: see browsers/chromium.go.
				b := browsers.Start(t, browsers.Chromium, browsers.Headed(), browsers.Switches("--disable-blink-features=AutomationControlled"))
				if b.Eval("return navigator.webdriver") == true {
					t.Fatal("the browser says that it is steered: vendors will not count it")
				}
				for _, s := range stands[c.name] {
					got := s.try(t, b, recorded[s.vendor.Key][c.name])
					mu.Lock()
					seen.set(s.vendor.Key, c.name, got)
					mu.Unlock()
				}
				for _, s := range stands[c.name] {
					s.checkSecret(t)
				}
			})
		}
	})
	if !t.Failed() {
		checkDocument(t, libraries, seen)
	}
}

// try makes the visits of a stand and checks what must be. Under Partytown there are as
// many as it takes to see what was recorded, and where nothing is to be compared with, all
// that the vendor sends of a plain page.
func (s stand) try(t *testing.T, b *browsers.Browser, recorded outcome) outcome {
	t.Helper()
	visits := []visit{s.visit(t, b, 0)}
	want := outcome{starts: true, sends: s.vendor.Sends, event: true, returns: s.vendor.ID != "" && (s.column.keep || s.vendor.Computed)}
	want.sends.Secret = s.vendor.Sends.Secret && s.column.form == Plain
	enough := func() bool {
		if !s.column.partytown() {
			return s.vendor.ID == "" || len(visits) > 1
		}
		got := s.outcome(visits)
		if *update {
			return got == want || len(visits) == len(articles)
		}
		once := recorded.returns || visits[0].id == "" // more visits would show nothing new
		return got == recorded && (once || len(visits) > 1) || len(visits) == len(articles)
	}
	for !enough() {
		visits = append(visits, s.visit(t, b, len(visits)))
	}
	got := s.outcome(visits)
	if s.column.partytown() {
		t.Logf("%s: %d visits, %q, wrong %q", s.vendor.Key, len(visits), ids(visits), visits[0].wrong)
		return got
	}
	for i, v := range visits {
		if !v.watched {
			t.Errorf("%s, visit %d: nobody looked for errors where it ran", s.vendor.Key, i+1)
		}
		for _, wrong := range v.wrong {
			t.Errorf("%s, visit %d: %s", s.vendor.Key, i+1, wrong)
		}
		for _, violation := range v.violations {
			t.Errorf("%s, visit %d violates the policy: %s", s.vendor.Key, i+1, violation)
		}
	}
	if got != want {
		t.Errorf("%s: got %+v, want %+v; identifiers: %q", s.vendor.Key, got, want, ids(visits))
	}
	return got
}

// outcome joins visits: what was seen in one of them was seen.
func (s stand) outcome(visits []visit) outcome {
	got := outcome{starts: slices.ContainsFunc(visits, func(v visit) bool { return len(v.wrong) == 0 })}
	seen := map[string]bool{}
	for _, v := range visits {
		got.sends.Address = got.sends.Address || v.sends.Address
		got.sends.Title = got.sends.Title || v.sends.Title
		got.sends.Referrer = got.sends.Referrer || v.sends.Referrer
		got.sends.Secret = got.sends.Secret || v.sends.Secret
		got.event = got.event || v.event
		got.returns = got.returns || v.id != "" && seen[v.id]
		seen[v.id] = true
	}
	return got
}

func ids(visits []visit) (all []string) {
	for _, v := range visits {
		all = append(all, v.id)
	}
	return all
}

// checkSecret looks once more, at all that has come meanwhile.
func (s stand) checkSecret(t *testing.T) {
	t.Helper()
	if s.column.form != Compartment {
		return
	}
	opaque := false
	for _, h := range s.inbox.Hits() {
		if h.Contains(Secret) {
			t.Errorf("%s has sent the page's secret to %s", s.vendor.Key, h.Path)
		}
		if h.Origin != "" && h.Origin != "null" {
			t.Errorf("%s has sent to %s from %s, not from a compartment", s.vendor.Key, h.Path, h.Origin)
		}
		opaque = opaque || h.Origin == "null"
	}
	if !opaque && s.vendor.Key != "metapixel" { // it sends pictures, which have no Origin
		t.Errorf("%s has sent nothing from an opaque origin", s.vendor.Key)
	}
}

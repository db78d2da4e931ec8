package vendors

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"chatproxy/integration/browsers"
)

const (
	// patience is how long what must come may take.
	patience = 45 * time.Second
	// silence is how long a page under Partytown may send nothing before it is taken
	// that nothing more will come.
	silence = 5 * time.Second
)

// articles are the pages of the visits, another each time: what is sent late of one
// cannot be taken for something of the next.
var articles = []string{"night-ferry", "tide-mill", "seed-library", "clock-tower-swifts"}

// A visit is what came of one.
type visit struct {
	sends      Sends // of the page's own address, title, referrer, and of its secret
	event      bool
	id         string   // of the visitor
	wrong      []string // uncaught errors, and scripts that did not run
	violations []string
	watched    bool // where the vendor's script ran somebody looked for these
}

// visit has somebody come from another page of the site, so that there is a referrer,
// stay until the vendor has sent what it sends of a plain page, and leave. The first
// time the secret's button is clicked.
func (s stand) visit(t *testing.T, b *browsers.Browser, n int) visit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	path := "/news/" + articles[n]
	const query = "?from=about"
	hits, troubles := len(s.inbox.Hits()), len(s.inbox.Troubles())
	b.Open(s.site + "/about")
	b.Eval(`location.href = arguments[0]`, path+query)
	b.Wait(`location.pathname === arguments[0] && document.readyState === "complete"`, patience, path)
	page := arrival{stand: s, address: s.site + path + query, path: path, title: b.Title(), referrer: s.site + "/about"}

	quiet := time.Duration(0)
	if s.column.partytown() {
		quiet = silence
	}
	sent := func(all []Hit, _ []Trouble) bool { return page.complete(all[hits:]) }
	if s.vendor.Leaves {
		s.inbox.Wait(ctx, quiet, func(_ []Hit, all []Trouble) bool {
			return slices.ContainsFunc(all[troubles:], func(t Trouble) bool { return t.Kind == "may leave" })
		})
	} else {
		s.inbox.Wait(ctx, quiet, sent)
	}
	if n == 0 {
		b.Click("#confidential button")
		sent = func(all []Hit, _ []Trouble) bool {
			return page.complete(all[hits:]) && (s.column.form != Plain || page.read(all[hits:]).sends.Secret == s.vendor.Sends.Secret)
		}
		if !s.vendor.Leaves {
			s.inbox.Wait(ctx, quiet, sent)
		}
	}
	var inPage struct{ Seen, Scripts []string }
	b.EvalInto(&inPage, lookAround)
	b.Open(s.site + "/about")
	s.inbox.Wait(ctx, quiet/5, sent) // it was sent before, or while leaving

	v := page.read(s.inbox.Hits()[hits:])
	v.wrong = append(v.wrong, inPage.Scripts...)
	for _, trouble := range s.inbox.Troubles()[troubles:] {
		v.note(trouble.Kind, trouble.Text, s.column)
	}
	for _, seen := range inPage.Seen {
		kind, text, _ := strings.Cut(seen, " ")
		v.note(kind, text, s.column)
	}
	return v
}

// lookAround reads what the recorder has seen in the page, and which scripts Partytown
// has not run, or with an error.
const lookAround = `return {
	seen: window.seen,
	scripts: [...document.querySelectorAll('script[type^="text/partytown"]')]
		.filter((script) => script.type === "text/partytown" || script.dataset.pterror)
		.map((script) => (script.src || "inline") + " " + (script.dataset.pterror ?? "did not run")),
}`

// note keeps what a watching script has told.
func (v *visit) note(kind, text string, in column) {
	switch kind {
	case "watching":
		v.watched = true
	case "violation":
		v.violations = append(v.violations, text)
	case "console": // Partytown catches what scripts throw, and writes it there
		if in.partytown() {
			v.wrong = append(v.wrong, text)
		}
	case "error", "rejection", "call":
		v.wrong = append(v.wrong, kind+": "+text)
	}
}

// An arrival is a page as somebody comes to it.
type arrival struct {
	stand
	address, path, title, referrer string
}

// read finds in the hits what they say of the page.
func (a arrival) read(hits []Hit) visit {
	var v visit
	for _, h := range hits {
		here := h.Has(a.address) || h.Has(a.path)
		v.sends.Address = v.sends.Address || here
		v.sends.Title = v.sends.Title || h.Has(a.title)
		v.sends.Referrer = v.sends.Referrer || h.Has(a.referrer)
		v.sends.Secret = v.sends.Secret || h.Contains(Secret)
		v.event = v.event || h.Contains(Cargo)
		for _, f := range h.Fields {
			if here && v.id == "" && f.Name == a.vendor.ID {
				v.id = f.Value
			}
		}
	}
	return v
}

// complete reports whether the hits have all that the vendor sends of a plain page.
func (a arrival) complete(hits []Hit) bool {
	v := a.read(hits)
	v.sends.Secret = a.vendor.Sends.Secret // not waited for
	return v.sends == a.vendor.Sends && v.event && (v.id != "" || a.vendor.ID == "")
}

package vendors

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatproxy/integration/browsers"
	"chatproxy/integration/program"
)

const (
	nodeModules = "../../node_modules"
	// patience is how long a hit may take that must come.
	patience = 30 * time.Second
	// quiet is how long a page under Partytown may send nothing before it is
	// taken that nothing more will come.
	quiet = 5 * time.Second
)

// A column is one way of having every vendor.
type column struct {
	name string
	form Form
	// keep is whether the policy's storage lists name what the vendors keep.
	keep bool
}

var columns = []column{
	{"plain", Plain, true},
	{"compartment", Compartment, true},
	{"fresh", Compartment, false},
	{"sw", PartytownServiceWorker, true},
	{"atomics", PartytownAtomics, true},
}

// A stand is where one vendor is tried in one column: a host of its own for the page,
// so that cookies and storage are its own, and one for the collector, of another site.
type stand struct {
	vendor Vendor
	column column
	page   string // URL of the site, without a path
	inbox  *Inbox
}

// newStands serves all vendors in all columns.
func newStands(t *testing.T) (stands map[string][]stand, proxy *program.Process) {
	t.Helper()
	libraries, err := LoadLibraries(nodeModules)
	if err != nil {
		t.Fatal(err)
	}
	collector := NewCollector(libraries)
	open, secure := httptest.NewServer(collector), httptest.NewTLSServer(collector)
	t.Cleanup(open.Close)
	t.Cleanup(secure.Close)
	listen := freeAddress(t)
	policies := t.TempDir()
	stands = map[string][]stand{}
	for _, c := range columns {
		for _, v := range All {
			host := func(of, address string) string {
				_, port, err := net.SplitHostPort(address)
				if err != nil {
					t.Fatal(err)
				}
				return fmt.Sprintf("%s-%s.%s.localhost:%s", v.Key, c.name, of, port)
			}
			page := Page{Vendors: []Vendor{v}, Form: c.form, Watch: true,
				Collector: "http://" + host("vendor", open.Listener.Addr().String()), SecureHost: host("vendor", secure.Listener.Addr().String())}
			s := httptest.NewServer(page.Handler(nodeModules))
			t.Cleanup(s.Close)
			address := host("heron", s.Listener.Addr().String())
			if c.form == Compartment {
				address = host("heron", listen)
				policy := filepath.Join(policies, v.Key+"-"+c.name+".yaml")
				if err := os.WriteFile(policy, []byte(page.policy(listen, address, s.URL, c.keep)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			stands[c.name] = append(stands[c.name], stand{v, c, "http://" + address, collector.At(strings.TrimPrefix(page.Collector, "http://"))})
		}
	}
	proxy = program.Run(t, built, "serve", "--policy", policies)
	proxy.WaitFor(t, "msg=listening")
	return stands, proxy
}

// A visit is what came of one.
type visit struct {
	address, title, referrer bool // the page's own reached the collector
	event                    bool
	id                       string
	secret                   bool     // the page's secret is in something that was sent
	wrong                    []string // uncaught errors, and scripts that did not run
	violations               []string
}

// see reads what has come so far.
func (s stand) see(v *visit, hits []Hit, troubles []Trouble) {
	for _, h := range hits {
		v.address = v.address || h.Has(s.page+Path+query) || h.Has(Path)
		v.title = v.title || h.Has(title)
		v.referrer = v.referrer || h.Has(s.page+"/about")
		v.event = v.event || h.Contains(Cargo)
		v.secret = v.secret || h.Contains(Secret)
		for _, f := range h.Fields {
			if v.id == "" && f.Name == s.vendor.ID && f.Value != "" {
				v.id = f.Value
			}
		}
	}
	for _, t := range troubles {
		switch t.Kind {
		case "console":
			if s.column.form != Plain {
				v.wrong = append(v.wrong, t.Kind+": "+t.Text)
			}
		case "error", "rejection":
			v.wrong = append(v.wrong, t.Kind+": "+t.Text)
		case "violation":
			v.violations = append(v.violations, t.Text)
		}
	}
}

const (
	query = "?from=about"
	title = "After eleven winters, the night ferry is back: The Aldermouth Heron"
)

// visit comes from another page of the site, so that there is a referrer, clicks the
// secret's button, and leaves.
func (s stand) visit(t *testing.T, b *browsers.Browser) visit {
	t.Helper()
	s.inbox.Reset()
	wait := patience
	silence := time.Duration(0)
	if s.column.form == PartytownServiceWorker || s.column.form == PartytownAtomics || os.Getenv("QUICK") != "" {
		silence = quiet
	}
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	complete := func(hits []Hit, _ []Trouble) bool {
		var v visit
		s.see(&v, hits, nil)
		return v.address == (s.vendor.Sends.Address) && v.title == s.vendor.Sends.Title && v.referrer == s.vendor.Sends.Referrer && v.event && (v.id != "" || s.vendor.ID == "")
	}
	b.Open(s.page + "/about")
	b.Eval(`location.href = arguments[0]`, Path+query)
	b.Wait(`location.pathname === arguments[0] && document.readyState === "complete"`, patience, Path)
	if s.vendor.Leaves {
		s.inbox.Wait(ctx, silence, func(_ []Hit, troubles []Trouble) bool {
			for _, t := range troubles {
				if t.Kind == "may leave" {
					return true
				}
			}
			return false
		})
	} else {
		s.inbox.Wait(ctx, silence, complete)
	}
	b.Click("#confidential button")
	var page struct {
		Seen    []string
		Scripts []string
	}
	b.EvalInto(&page, `return {
		seen: window.seen,
		scripts: [...document.querySelectorAll('script[type^="text/partytown"]')]
			.filter((script) => script.type === "text/partytown" || script.dataset.pterror)
			.map((script) => (script.dataset.pterror ?? "did not run") + " " + (script.src || "inline")),
	}`)
	if s.vendor.Sends.Secret && s.column.form == Plain {
		s.inbox.Wait(ctx, silence, func(hits []Hit, _ []Trouble) bool {
			var v visit
			s.see(&v, hits, nil)
			return v.secret
		})
	}
	b.Open(s.page + "/about")
	s.inbox.Wait(ctx, silence, complete)
	var v visit
	s.see(&v, s.inbox.Hits(), s.inbox.Troubles())
	v.wrong = append(v.wrong, page.Scripts...)
	for _, seen := range page.Seen {
		if what, ok := strings.CutPrefix(seen, "violation "); ok {
			v.violations = append(v.violations, what)
		} else {
			v.wrong = append(v.wrong, seen)
		}
	}
	return v
}

func TestTry(t *testing.T) {
	stands, _ := newStands(t)
	for _, c := range columns {
		if only := os.Getenv("COLUMN"); only != "" && !strings.Contains(","+only+",", ","+c.name+",") {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := browsers.Start(t, browsers.Chromium, browsers.Headed(), browsers.Switches("--disable-blink-features=AutomationControlled"))
			t.Logf("webdriver %v %v", b.Eval("return navigator.webdriver"), b.Eval("return navigator.userAgent"))
			for _, s := range stands[c.name] {
				if only := os.Getenv("VENDOR"); only != "" && !strings.Contains(","+only+",", ","+s.vendor.Key+",") {
					continue
				}
				began := time.Now()
				first := s.visit(t, b)
				if os.Getenv("DUMP") != "" {
					for _, h := range s.inbox.Hits() {
						t.Logf("%s %s %.3000s\n%.2000v", h.Method, h.Path, h.Text, h.Fields)
					}
				}
				second := s.visit(t, b)
				flag := func(v visit) string {
					out := ""
					for _, f := range []struct {
						n string
						v bool
					}{{"address", v.address}, {"title", v.title}, {"referrer", v.referrer}, {"event", v.event}, {"SECRET", v.secret}} {
						if f.v {
							out += f.n + " "
						}
					}
					return out
				}
				t.Logf("%-20s %5.1fs %s| %s id %v (%.12s) wrong %q violations %q", s.vendor.Key, time.Since(began).Seconds(), flag(first), flag(second), first.id == second.id, first.id, append(first.wrong, second.wrong...), append(first.violations, second.violations...))
			}
		})
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

var _ http.Handler = (*Collector)(nil)

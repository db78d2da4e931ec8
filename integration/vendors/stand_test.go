package vendors

import (
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatproxy/integration/program"
)

const nodeModules = "../../node_modules"

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
	{"forgetful", Compartment, false},
	{"partytown-sw", PartytownServiceWorker, true},
	{"partytown-atomics", PartytownAtomics, true},
}

// partytown is whether what is seen in the column is recorded and not demanded.
func (c column) partytown() bool {
	return c.form == PartytownServiceWorker || c.form == PartytownAtomics
}

// A stand is where one vendor is tried in one column: a host of its own for the page,
// so that cookies and storage are its own, and one for the collector, of another site.
type stand struct {
	vendor Vendor
	column column
	site   string // URL, without a path
	inbox  *Inbox
}

// newStands serves all vendors in all columns, those of compartments through one
// chatproxy with a policy for each.
func newStands(t *testing.T, libraries *Libraries) (stands map[string][]stand) {
	t.Helper()
	collector := NewCollector(libraries)
	open, secure := httptest.NewServer(collector), httptest.NewTLSServer(collector)
	t.Cleanup(open.Close)
	t.Cleanup(secure.Close)
	listen := freeAddress(t)
	policies := t.TempDir()
	stands = map[string][]stand{}
	for _, c := range columns {
		for _, v := range All {
			// Two sites to the browser: the registrable domains are heron.localhost
			// and vendor.localhost.
			host := func(site, address string) string {
				return fmt.Sprintf("%s.%s.%s.localhost:%s", v.Key, c.name, site, port(t, address))
			}
			page := Page{
				Vendors: []Vendor{v}, Form: c.form, Watch: true,
				Collector:  "http://" + host("vendor", open.Listener.Addr().String()),
				SecureHost: host("vendor", secure.Listener.Addr().String()),
			}
			s := httptest.NewServer(page.Handler(nodeModules))
			t.Cleanup(s.Close)
			address := host("heron", s.Listener.Addr().String())
			if c.form == Compartment {
				address = host("heron", listen)
				file := filepath.Join(policies, v.Key+"-"+c.name+".yaml")
				if err := os.WriteFile(file, []byte(page.policy(listen, address, s.URL, c.keep)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			inbox := collector.At(strings.TrimPrefix(page.Collector, "http://"))
			stands[c.name] = append(stands[c.name], stand{v, c, "http://" + address, inbox})
		}
	}
	program.Run(t, built, "serve", "--policy", policies).WaitFor(t, "msg=listening")
	return stands
}

func port(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// freeAddress returns a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

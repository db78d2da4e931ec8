package compartments

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chatproxy/integration/browsers"
	"chatproxy/integration/program"
	"chatproxy/integration/vendors"
)

const nodeModules = "../../node_modules"

// A page is one way of having the vendors, and a server that counts what is asked of it.
type page struct {
	name      string
	url       string
	requests  atomic.Int64 // of the browser, for the page and to the collector
	collector *vendors.Inbox
}

// newPage serves the vendors' page in one form, under hosts of its own.
func newPage(t testing.TB, name string, form vendors.Form, some []vendors.Vendor) *page {
	t.Helper()
	p := &page{name: name}
	libraries, err := vendors.LoadLibraries(nodeModules)
	if err != nil {
		t.Fatal(err)
	}
	collector := vendors.NewCollector(libraries)
	vendor := serve(t, p.counted(collector))
	vendorHost := name + ".vendor.localhost:" + port(t, vendor)
	p.collector = collector.At(vendorHost)
	// All forms have this in front, so that it makes no difference.
	target := &url.URL{Scheme: "http"}
	front := serve(t, p.counted(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}))
	host := name + ".heron.localhost:" + port(t, front)
	p.url = "http://" + host + vendors.Path

	described := vendors.Page{Vendors: some, Form: form, Collector: "http://" + vendorHost, Together: true}
	target.Host = serve(t, described.Handler(nodeModules))
	if form == vendors.Compartment {
		target.Host = behindChatproxy(t, host, described, target.Host)
	}
	return p
}

// behindChatproxy puts chatproxy in front of the site and returns its address.
func behindChatproxy(t testing.TB, host string, described vendors.Page, site string) string {
	t.Helper()
	listen := freeAddress(t)
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, []byte(described.Policy(listen, host, "http://"+site)), 0o600); err != nil {
		t.Fatal(err)
	}
	program.Run(t, built, "serve", "--policy", policy).WaitFor(t, "msg=listening")
	return listen
}

func (p *page) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.requests.Add(1)
		next.ServeHTTP(w, r)
	})
}

// A cost is what one visit took.
type cost struct {
	tasks     float64 // ms that the page's main thread was busy, on the wall's clock
	processor float64 // ms of processor time that it took
	script    float64 // ms that scripts ran
	blocking  float64 // ms by which tasks were longer than 50 ms
	requests  float64
	hits      float64
}

// silence is how long nothing has come from the vendors when a visit is over.
const silence = 5 * time.Second

// visit opens the page in a new browser, with a window and an empty profile, and waits
// until the vendors have said what they have to say.
func (p *page) visit(t testing.TB) (c cost) {
	p.collector.Reset()
	p.requests.Store(0)
	b := browsers.Start(t, browsers.Chromium, browsers.Headed())
	b.DevTools(nil, "Performance.enable", nil)
	b.Open(p.url)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p.collector.Wait(ctx, silence, func([]vendors.Hit, []vendors.Trouble) bool { return false })
	var measured struct {
		Metrics []struct {
			Name  string
			Value float64
		}
	}
	b.DevTools(&measured, "Performance.getMetrics", nil)
	for _, m := range measured.Metrics {
		switch m.Name {
		case "TaskDuration":
			c.tasks = 1000 * m.Value
		case "ThreadTime":
			c.processor = 1000 * m.Value
		case "ScriptDuration":
			c.script = 1000 * m.Value
		}
	}
	b.EvalInto(&c.blocking, `
const entries = [];
const observer = new PerformanceObserver((list) => entries.push(...list.getEntries()));
observer.observe({ type: "longtask", buffered: true });
await new Promise((done) => setTimeout(done, 100));
entries.push(...observer.takeRecords());
return entries.reduce((sum, task) => sum + Math.max(0, task.duration - 50), 0)`)
	c.requests = float64(p.requests.Load())
	c.hits = float64(len(p.collector.Hits()))
	return c
}

func serve(t testing.TB, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func port(t testing.TB, address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func freeAddress(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

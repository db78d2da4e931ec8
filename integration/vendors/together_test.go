package vendors

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"chatproxy/integration/browsers"
	"chatproxy/integration/program"
)

// Three vendors on one page, in one compartment where there are compartments: the page
// that bench/compartments measures. In each form all of them send their page view and
// hear of the event.
func TestThreeVendorsTogether(t *testing.T) {
	libraries, err := LoadLibraries(nodeModules)
	if err != nil {
		t.Fatal(err)
	}
	collector := NewCollector(libraries)
	open := httptest.NewServer(collector)
	t.Cleanup(open.Close)
	b := browsers.Start(t, browsers.Chromium, browsers.Headed(), browsers.Switches("--disable-blink-features=AutomationControlled"))
	for _, form := range Forms {
		t.Run(string(form), func(t *testing.T) {
			host := string(form) + ".vendor.localhost:" + port(t, open.Listener.Addr().String())
			page := Page{Vendors: Named("posthog", "countly", "plausible"), Form: form, Collector: "http://" + host, Together: true}
			s := httptest.NewServer(page.Handler(nodeModules))
			t.Cleanup(s.Close)
			address := string(form) + ".heron.localhost:" + port(t, s.Listener.Addr().String())
			if form == Compartment {
				upstream := s.URL
				listen := freeAddress(t)
				address = "compartment.heron.localhost:" + port(t, listen)
				file := filepath.Join(t.TempDir(), "policy.yaml")
				if err := os.WriteFile(file, []byte(page.Policy(listen, address, upstream)), 0o600); err != nil {
					t.Fatal(err)
				}
				program.Run(t, built, "serve", "--policy", file).WaitFor(t, "msg=listening")
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			inbox := collector.At(host)
			b.Open("http://" + address + Path)
			for _, want := range []struct {
				vendor, field string
				values        [2]string // of the page view, of the event
			}{
				{"posthog", "event", [2]string{"$pageview", "ferry boarded"}},
				{"countly", "key", [2]string{"[CLY]_view", "ferry boarded"}},
				{"plausible", "n", [2]string{"pageview", "ferry boarded"}},
			} {
				for _, value := range want.values {
					if !inbox.Wait(ctx, 0, func(hits []Hit, _ []Trouble) bool {
						for _, h := range hits {
							for _, f := range h.Fields {
								if f.Name == want.field && f.Value == value {
									return true
								}
							}
						}
						return false
					}) {
						t.Errorf("%s has not sent %q", want.vendor, value)
					}
				}
			}
			frames := b.Eval(`return document.querySelectorAll("iframe[src*=chatproxy-compartment]").length`)
			if want := map[bool]float64{true: 1}[form == Compartment]; frames != want {
				t.Errorf("the page has %v compartments, want %v", frames, want)
			}
		})
	}
}

// Package browsers steers three real browsers for the integration tests:
// Chromium, Firefox and WebKitGTK (the engine of Safari), with one API.
//
//	b := browsers.Start(t, browsers.Firefox)
//	b.Open(server.URL)
//	b.Type("#jid", "alice@example.org")
//	b.Press("Enter")
//	b.Wait("document.title === 'Chat'", 5*time.Second)
//
// # Why three protocols and not a library
//
// What is tested here are promises about security, so the browsers are the
// ones that people run, as Debian ships them, with nothing patched and nothing
// downloaded. No protocol is spoken by all three of those:
//
//   - Chromium comes with chromedriver: W3C WebDriver over HTTP.
//   - Firefox ESR speaks WebDriver BiDi over a WebSocket by itself; geckodriver
//     is no Debian package.
//   - WebKitGTK comes with WebKitWebDriver: W3C WebDriver over HTTP, and a
//     browser that needs an X display.
//
// A library would cover one of them (chromedp), or bring its own patched
// builds (Playwright), or a runtime and a registry of packages (Selenium,
// Puppeteer), and each chooses command-line switches of its own, among them
// such as weaken site isolation. What the tests need is a dozen commands; they
// are written out here, and what each browser is started with stands in
// chromium.go, firefox.go and webkit.go, to be read.
//
// # Rules
//
// A method that fails ends the test (Fatalf), so it is called from the test's
// own goroutine. Every call has a deadline. A certificate that does not verify
// is accepted: the servers are the test's own. Linux only.
package browsers

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// An Engine is one of the three browsers.
type Engine string

// The engines, by the name that messages and subtests show.
const (
	Chromium Engine = "chromium"
	Firefox  Engine = "firefox"
	WebKit   Engine = "webkit"
)

// All lists the engines.
var All = []Engine{Chromium, Firefox, WebKit}

// An Option changes how a browser is started.
type Option func(*options)

type options struct {
	headed   bool
	switches []string
	// preferences are lines of Firefox's user.js.
	preferences []string
}

// Headed gives the browser a window, on an X display of its own (Xvfb). WebKit
// always has one, as its MiniBrowser knows no headless mode.
func Headed() Option { return func(o *options) { o.headed = true } }

// Switches adds command-line switches for the browser itself, such as
// "--lang=de". Their meaning differs by engine.
func Switches(s ...string) Option {
	return func(o *options) { o.switches = append(o.switches, s...) }
}

// Preferences adds lines to Firefox's user.js, like
// user_pref("intl.accept_languages", "de"). The other engines have nothing like it.
func Preferences(lines ...string) Option {
	return func(o *options) { o.preferences = append(o.preferences, lines...) }
}

const (
	windowWidth, windowHeight = 1280, 900

	startDeadline = 90 * time.Second // a cold start on a busy machine
	callDeadline  = 30 * time.Second // one command
	readyDeadline = 10 * time.Second // until an element can be clicked
)

// A Browser is one running browser with its own empty profile. Several run
// side by side and share nothing. One goroutine at a time uses a Browser.
type Browser struct {
	t      testing.TB
	engine Engine
	launch *launch
	driver driver
}

// Start starts a browser and, when the test ends, ends exactly the processes
// that it started and removes the profile. A missing program fails the test:
// a security property that was not tried does not count as held.
func Start(t testing.TB, engine Engine, opts ...Option) *Browser {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	start, ok := map[Engine]func(context.Context, *launch, options) (driver, error){
		Chromium: startChromium,
		Firefox:  startFirefox,
		WebKit:   startWebKit,
	}[engine]
	if !ok {
		t.Fatalf("browsers: no engine %q", engine)
	}
	l, err := newLaunch()
	if err != nil {
		t.Fatalf("browsers: %s: Start: %v", engine, err)
	}
	t.Cleanup(func() {
		if err := l.end(); err != nil {
			t.Errorf("browsers: %s: end: %v", engine, err)
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), startDeadline)
	defer cancel()
	d, err := start(ctx, l, o)
	if err != nil {
		t.Fatalf("browsers: %s: Start: %v%s", engine, err, l.obituary())
	}
	return &Browser{t: t, engine: engine, launch: l, driver: d}
}

// Engine says which browser this is.
func (b *Browser) Engine() Engine { return b.engine }

// do runs one command under a deadline and ends the test when it fails. what
// names the method, and args are what it was asked for.
func (b *Browser) do(deadline time.Duration, f func(context.Context) error, what string, args ...any) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if err := f(ctx); err != nil {
		b.t.Fatalf("browsers: %s: %s: %v%s", b.engine, callText(what, args), err, b.launch.obituary())
	}
}

// callText writes a call as it stands in the test's source.
func callText(what string, args []any) string {
	s := what + "("
	for i, a := range args {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%#v", a)
	}
	return s + ")"
}

package browsers

import (
	"context"
	"fmt"
	"regexp"
)

var (
	devToolsLine     = regexp.MustCompile(`DevTools listening on ws://([^/\s]+)/`)
	chromedriverLine = regexp.MustCompile(`started successfully on port (\d+)`)
)

// chromiumSwitches is all that Chromium gets besides Debian's own defaults.
//
// There is no --disable-features among them, and chromedriver, which would add
// one and a dozen switches more, does not start the browser but attaches to
// it. So site isolation, and with it IsolateSandboxedIframes, is what a user
// has; TestChromiumIsolatesSandboxedFrames holds on to that. It also leaves
// the browser in our process group; chromedriver gives it another.
var chromiumSwitches = []string{
	"--no-sandbox", // root cannot have the namespace sandbox
	"--disable-gpu",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--disable-breakpad", // its handler leaves the process group
	"--no-first-run",
	"--no-default-browser-check",
	"--no-proxy-server",
	"--disable-quic",
	// Sign-in, the update service and the optimisation guide ask their servers
	// in spite of all the switches above; they shall not find them. Given again
	// with Switches, this one is replaced.
	"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
	"--password-store=basic",
	"--ignore-certificate-errors",
	"--remote-debugging-port=0",
	fmt.Sprintf("--window-size=%d,%d", windowWidth, windowHeight),
	"--window-position=0,0",
}

// startChromium starts Chromium, and chromedriver attached to it.
func startChromium(ctx context.Context, l *launch, o options) (driver, error) {
	browser, err := findProgram("chromium", "chromium")
	if err != nil {
		return nil, err
	}
	chromedriver, err := findProgram("chromedriver", "chromium-driver")
	if err != nil {
		return nil, err
	}
	args := append([]string{"--user-data-dir=" + l.path("profile")}, chromiumSwitches...)
	env := l.env()
	if o.headed {
		display, err := startXvfb(ctx, l)
		if err != nil {
			return nil, err
		}
		env = append(env, "DISPLAY="+display)
	} else {
		args = append(args, "--headless")
	}
	args = append(append(args, o.switches...), "about:blank")
	b, err := l.start(browser, args, env)
	if err != nil {
		return nil, err
	}
	d, err := l.start(chromedriver, []string{"--port=0"}, l.env())
	if err != nil {
		return nil, err
	}
	devTools, err := b.awaitLine(ctx, devToolsLine)
	if err != nil {
		return nil, err
	}
	port, err := d.awaitLine(ctx, chromedriverLine)
	if err != nil {
		return nil, err
	}
	return newWebdriver(ctx, d, "127.0.0.1:"+port[1], map[string]any{
		"browserName":        "chrome",
		"goog:chromeOptions": map[string]any{"debuggerAddress": devTools[1]},
	})
}

package browsers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// startWebKit starts WebKitWebDriver, which starts MiniBrowser.
func startWebKit(ctx context.Context, l *launch, o options) (driver, error) {
	path, err := findProgram("WebKitWebDriver", "webkit2gtk-driver")
	if err != nil {
		return nil, err
	}
	browser, err := miniBrowser()
	if err != nil {
		return nil, err
	}
	display, err := startXvfb(ctx, l)
	if err != nil {
		return nil, err
	}
	env := l.env(
		"DISPLAY="+display,
		"GDK_BACKEND=x11",
		"LIBGL_ALWAYS_SOFTWARE=1",
		// bubblewrap does not work as root in a container. This is the
		// sandbox around the process, not the one of HTML's sandbox attribute.
		"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1",
	)
	p, port, err := startOnFreePort(l, path, env)
	if err != nil {
		return nil, err
	}
	w, err := newWebdriver(ctx, p, net.JoinHostPort("127.0.0.1", port), map[string]any{
		"webkitgtk:browserOptions": map[string]any{
			"binary": browser,
			"args":   append([]string{"--automation"}, o.switches...),
		},
	})
	if err != nil {
		return nil, err
	}
	// MiniBrowser's own size is smaller, and there is no window manager.
	rect := map[string]any{"x": 0, "y": 0, "width": windowWidth, "height": windowHeight}
	return webkit{w}, w.post(ctx, "/window/rect", rect)
}

// webkit is a session of WebKitWebDriver.
type webkit struct{ *webdriver }

// navigate fails when the page cannot be had, as the other drivers do:
// WebKitWebDriver is content with MiniBrowser's error page, whose URL it gives
// as the one asked for, but whose location is about:blank.
func (w webkit) navigate(ctx context.Context, url string) error {
	if err := w.webdriver.navigate(ctx, url); err != nil || strings.HasPrefix(url, "about:") {
		return err
	}
	const state = "return Promise.resolve(location.href === 'about:blank' ? 'error: ' + document.body?.textContent : '')"
	failure, err := w.call(ctx, nil, state, "")
	if err == nil && failure != "" {
		err = errors.New(failure)
	}
	return err
}

// url asks again when the page is just going elsewhere, for which WebKitWebDriver has
// an "unknown error".
func (w webkit) url(ctx context.Context) (string, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		url, err := w.webdriver.url(ctx)
		if err == nil || !strings.Contains(err.Error(), "unknown error") {
			return url, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", err
		}
	}
}

// miniBrowser finds WebKitGTK's browser, which lies under the directory of the
// machine's architecture.
func miniBrowser() (string, error) {
	found, err := filepath.Glob("/usr/lib/*/webkit2gtk-4.1/MiniBrowser")
	if err == nil && len(found) == 0 {
		err = errors.New("webkit2gtk-4.1/MiniBrowser is not installed: apt-get install webkit2gtk-driver")
	}
	if err != nil {
		return "", err
	}
	return slices.Max(found), nil
}

// startOnFreePort starts WebKitWebDriver on a port that was free just before:
// it takes no port 0 and tells no port. Should somebody be quicker, it ends at
// once, which awaitReady sees.
func startOnFreePort(l *launch, path string, env []string) (*process, string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("finding a free port: %w", err)
	}
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	if err := listener.Close(); err != nil {
		return nil, "", err
	}
	p, err := l.start(path, []string{"--port=" + port}, env)
	return p, port, err
}

package browsers

import (
	"context"
	"fmt"
)

// DevTools sends a command of the DevTools protocol to the page and unmarshals its
// result into into, unless that is nil. Only Chromium knows it.
func (b *Browser) DevTools(into any, method string, params map[string]any) {
	b.t.Helper()
	b.do(callDeadline, func(ctx context.Context) error {
		w, ok := b.driver.(*webdriver)
		if !ok || b.engine != Chromium {
			return fmt.Errorf("%s does not speak the DevTools protocol", b.engine)
		}
		if params == nil {
			params = map[string]any{}
		}
		return w.do(ctx, "POST", "/goog/cdp/execute", map[string]any{"cmd": method, "params": params}, into)
	}, "DevTools", method)
}

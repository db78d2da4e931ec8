package browsers

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// Chromium isolates the renderer of an opaque sandboxed frame from that of the
// page around it, although both come from one site (IsolateSandboxedIframes).
// Users have this, so the tests' browser must: the frame is a DevTools target
// of its own then.
func TestChromiumIsolatesSandboxedFrames(t *testing.T) {
	server := serve(t)
	b := Start(t, Chromium)
	b.Open(server.URL + "/strict")
	var found struct {
		TargetInfos []struct{ Type, URL string }
	}
	command := map[string]any{"cmd": "Target.getTargets", "params": struct{}{}}
	err := b.driver.(*webdriver).do(context.Background(), "POST", "/goog/cdp/execute", command, &found)
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, target := range found.TargetInfos {
		targets = append(targets, target.Type+" "+target.URL)
	}
	if !slices.Contains(targets, "iframe "+server.URL+"/boxed") {
		t.Errorf("the sandboxed frame shares the page's renderer; targets: %q", targets)
	}
	for _, line := range processesUsing(t, b.launch.dir) {
		for _, word := range strings.Fields(line) {
			switches, found := strings.CutPrefix(word, "--disable-features=")
			if found && strings.Contains(strings.ToLower(switches), "isolat") {
				t.Errorf("started with %s", word)
			}
		}
	}
}

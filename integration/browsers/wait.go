package browsers

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const pollInterval = 50 * time.Millisecond

// Wait polls condition, a JavaScript expression (which may use await and
// arguments[0]…), until it is truthy. An exception counts as not yet: the page
// may be navigating. When the time is over the test fails with the condition,
// its last value, the URL and where a screenshot lies.
func (b *Browser) Wait(condition string, timeout time.Duration, args ...any) {
	b.t.Helper()
	if _, err := b.poll(timeout, "const value = ("+condition+"\n); return [Boolean(value), value];", args); err != nil {
		b.t.Fatalf("browsers: %s: %s: %v%s", b.engine, callText("Wait", append([]any{condition}, args...)), err, b.scene())
	}
}

// WaitFor waits until the page has an element that matches the selector,
// visible or not.
func (b *Browser) WaitFor(css string) {
	b.t.Helper()
	if _, err := b.poll(readyDeadline, "return [document.querySelector(arguments[0]) !== null, 'no such element'];", []any{css}); err != nil {
		b.t.Fatalf("browsers: %s: %s: %v%s", b.engine, callText("WaitFor", []any{css}), err, b.scene())
	}
}

// poll runs js until it is content. js returns whether it is, and a value: the
// result then, or what to show if it stays discontent.
func (b *Browser) poll(timeout time.Duration, js string, args []any) (json.RawMessage, error) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	last := "nothing yet"
	for deadline := time.Now().Add(timeout); ; <-tick.C {
		if last != "nothing yet" && time.Now().After(deadline) {
			return nil, fmt.Errorf("not after %v; last: %s", timeout, last)
		}
		// One try more than the time allows, and enough of it to get an answer.
		ctx, cancel := context.WithDeadline(context.Background(), deadline.Add(6*time.Second))
		value, err := b.eval(ctx, nil, js, args)
		cancel()
		var result [2]json.RawMessage
		if err == nil {
			err = json.Unmarshal(value, &result)
		}
		switch {
		case err != nil && !b.launch.alive():
			return nil, err
		case err != nil:
			last = err.Error()
		case string(result[0]) == "true":
			return result[1], nil
		default:
			last = string(result[1])
		}
	}
}

// scene describes where the browser stands when something failed.
func (b *Browser) scene() string {
	if !b.launch.alive() {
		return b.launch.obituary()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	url, err := b.driver.url(ctx)
	if err != nil {
		url = fmt.Sprintf("unknown (%v)", err)
	}
	picture, err := b.saveScreenshot(ctx)
	if err != nil {
		picture = fmt.Sprintf("none (%v)", err)
	}
	return "\nurl: " + url + "\nscreenshot: " + picture
}

// saveScreenshot writes a picture into the test's artifacts, or, if go test was
// not told to keep those (-artifacts), into the system's temporary directory,
// as the file is to be looked at after the test.
func (b *Browser) saveScreenshot(ctx context.Context) (string, error) {
	png, err := b.driver.screenshot(ctx)
	if err != nil {
		return "", err
	}
	dir := os.TempDir()
	if f := flag.Lookup("test.artifacts"); f != nil && f.Value.String() == "true" {
		dir = b.t.ArtifactDir()
	} else {
		dir = filepath.Join(dir, "browsers-screenshots")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
	}
	file, err := os.CreateTemp(dir, string(b.engine)+"-*.png")
	if err != nil {
		return "", err
	}
	defer file.Close()
	if _, err := file.Write(png); err != nil {
		return "", err
	}
	return file.Name(), file.Close()
}

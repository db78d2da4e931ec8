package browsers

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
)

// Open navigates to url and returns once the page's load event has fired.
func (b *Browser) Open(url string) {
	b.t.Helper()
	b.do(callDeadline, func(ctx context.Context) error {
		return b.driver.navigate(ctx, url)
	}, "Open", url)
}

// Reload loads the page again and returns once its load event has fired.
func (b *Browser) Reload() {
	b.t.Helper()
	b.do(callDeadline, b.driver.reload, "Reload")
}

// URL is the address of the page.
func (b *Browser) URL() string {
	b.t.Helper()
	var url string
	b.do(callDeadline, func(ctx context.Context) (err error) {
		url, err = b.driver.url(ctx)
		return err
	}, "URL")
	return url
}

// Title is the page's document.title.
func (b *Browser) Title() string {
	b.t.Helper()
	var title string
	b.do(callDeadline, func(ctx context.Context) error {
		return b.evalInto(ctx, &title, nil, "return document.title", nil)
	}, "Title")
	return title
}

// Screenshot is a picture of the viewport, as PNG.
func (b *Browser) Screenshot() []byte {
	b.t.Helper()
	var png []byte
	b.do(callDeadline, func(ctx context.Context) (err error) {
		png, err = b.driver.screenshot(ctx)
		return err
	}, "Screenshot")
	return png
}

// Dismiss dismisses the modal window (alert, confirm, prompt) that stands open, and
// tells whether there was one.
func (b *Browser) Dismiss() bool {
	b.t.Helper()
	var stood bool
	b.do(callDeadline, func(ctx context.Context) (err error) {
		stood, err = b.driver.dismiss(ctx)
		return err
	}, "Dismiss")
	return stood
}

// Saved tells whether the browser has saved a file whose name begins so, such as a
// download, anywhere in what it may write.
func (b *Browser) Saved(prefix string) bool {
	b.t.Helper()
	found := false
	// Files come and go while it runs.
	_ = filepath.WalkDir(b.launch.dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasPrefix(entry.Name(), prefix) {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}

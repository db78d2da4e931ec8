package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"slices"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long the files must have been left alone before they are read:
// editors and deployments write several, some of them in pieces.
const settle = 200 * time.Millisecond

// reload loads the policies again and serves them. What cannot be loaded leaves those
// in force that are, and is logged and shown on the console.
func (r *running) reload() error {
	err := r.loadAgain()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.now.Failures++
		if r.now.Problem != err.Error() {
			r.log.Error("the policy was not reloaded; the one before stays in force", "error", err)
		}
		r.now.Problem = err.Error()
		return err
	}
	r.now.Reloads++
	r.log.Info("the policy was reloaded", "sites", len(r.serving))
	return nil
}

func (r *running) loadAgain() error {
	next, err := r.load()
	if err != nil {
		return err
	}
	r.mu.Lock()
	old := r.serving[0].policy
	r.mu.Unlock()
	for _, fixed := range []struct {
		name     string
		old, new any
	}{
		{"listen", old.Listen, next[0].Listen},
		{"console", old.Console, next[0].Console},
		{"tls (with and without)", old.TLS.Certificate == "", next[0].TLS.Certificate == ""},
		{"limits.header", old.Limits.Header, next[0].Limits.Header},
	} {
		if !reflect.DeepEqual(fixed.old, fixed.new) {
			r.log.Warn("this change takes effect after a restart", "key", fixed.name)
		}
	}
	return r.use(next)
}

// watch reloads on SIGHUP and when a file changes that the policies are made from,
// until ctx ends.
func (r *running) watch(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		r.log.Warn("the policy's files cannot be watched; reload with SIGHUP", "error", err)
		watcher = &fsnotify.Watcher{} // which never says anything
	} else {
		defer func() { _ = watcher.Close() }() // nothing is lost by it
	}
	r.watchFiles(watcher)
	settled := time.NewTimer(0) // something may have changed before the watch began
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			_ = r.reload() // it has said what is wrong
			r.watchFiles(watcher)
		case event := <-watcher.Events:
			if r.concerns(event.Name) {
				settled.Reset(settle)
			}
		case err := <-watcher.Errors:
			r.log.Warn("watching the policy's files", "error", err)
		case <-settled.C:
			if r.changed() || r.status().Problem != "" {
				_ = r.reload()
				r.watchFiles(watcher)
			}
		}
	}
}

// watchFiles watches the folders that the policies' files are in, since editors put
// a new file in the place of the old one.
func (r *running) watchFiles(watcher *fsnotify.Watcher) {
	for _, file := range r.files(r.policies()) {
		if watcher.Events == nil {
			break
		}
		folder := filepath.Dir(file)
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			folder = file
		}
		if !slices.Contains(watcher.WatchList(), folder) {
			if err := watcher.Add(folder); err != nil {
				r.log.Warn("a folder of the policy's files cannot be watched; reload with SIGHUP", "folder", folder, "error", err)
			}
		}
	}
}

package browsers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A launch is all that one browser owns: a directory that holds everything it
// writes, and the processes started for it.
type launch struct {
	dir       string
	processes []*process
	gentle    map[*process]bool
	closers   []func()
}

func newLaunch() (*launch, error) {
	// Not t.TempDir: that path holds the test's name, and a socket's path
	// may have no more than 107 bytes.
	dir, err := os.MkdirTemp("", "browser-")
	if err != nil {
		return nil, err
	}
	l := &launch{dir: dir, gentle: map[*process]bool{}}
	for _, sub := range []string{"profile", "home", "tmp", "config", "cache", "data", "state", "run"} {
		if err := os.Mkdir(l.path(sub), 0o700); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	return l, nil
}

// path names a file or directory of this launch.
func (l *launch) path(name string) string { return filepath.Join(l.dir, name) }

// env is the whole environment of the launch's processes: of the caller's,
// only the search path, so that no proxy, display or session bus gets in.
func (l *launch) env(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"LANG=C.UTF-8",
		"HOME=" + l.path("home"),
		"TMPDIR=" + l.path("tmp"),
		"XDG_CONFIG_HOME=" + l.path("config"),
		"XDG_CACHE_HOME=" + l.path("cache"),
		"XDG_DATA_HOME=" + l.path("data"),
		"XDG_STATE_HOME=" + l.path("state"),
		"XDG_RUNTIME_DIR=" + l.path("run"),
		// No bus: otherwise GLib starts a daemon that outlives the browser.
		"DBUS_SESSION_BUS_ADDRESS=disabled:",
		"NO_AT_BRIDGE=1",
		"GSETTINGS_BACKEND=memory",
	}, more...)
}

// start starts a program for this launch.
func (l *launch) start(path string, args, env []string) (*process, error) {
	p, err := startProcess(path, args, env, syscall.SIGKILL)
	if err == nil {
		l.processes = append(l.processes, p)
	}
	return p, err
}

// startGently is start for a program that removes files outside the launch's
// directory when it is asked to end.
func (l *launch) startGently(path string, args, env []string, files ...*os.File) (*process, error) {
	p, err := startProcess(path, args, env, syscall.SIGTERM, files...)
	if err == nil {
		l.processes = append(l.processes, p)
		l.gentle[p] = true
	}
	return p, err
}

// atEnd registers what is to be closed before the processes end.
func (l *launch) atEnd(f func()) { l.closers = append(l.closers, f) }

// end ends the processes, the last started first, then removes the directory.
func (l *launch) end() error {
	for _, f := range l.closers {
		f()
	}
	var errs []error
	for i := len(l.processes) - 1; i >= 0; i-- {
		p := l.processes[i]
		if err := p.end(l.gentle[p]); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p.name, err))
		}
	}
	return errors.Join(append(errs, removeAll(l.dir, 5*time.Second))...)
}

// removeAll removes a directory, again and again while something that is just
// ending still writes into it.
func removeAll(dir string, timeout time.Duration) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(timeout); ; <-tick.C {
		err := os.RemoveAll(dir)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// alive is false once one of the processes has ended: nothing can be awaited
// from the browser then.
func (l *launch) alive() bool {
	for _, p := range l.processes {
		select {
		case <-p.exited:
			return false
		default:
		}
	}
	return true
}

// obituary tells, after a failure, which processes have ended unasked and what
// they said last.
func (l *launch) obituary() string {
	var s strings.Builder
	for _, p := range l.processes {
		select {
		case <-p.exited:
			text, _ := p.output.read()
			fmt.Fprintf(&s, "\n%s has ended; its last output:\n%s", p.name, text[max(0, len(text)-2000):])
		default:
		}
	}
	return s.String()
}

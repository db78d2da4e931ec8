package browsers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// A process is a program that was started here, in a process group of its own
// so that it ends together with everything that it started in turn.
type process struct {
	name   string
	cmd    *exec.Cmd
	output *output
	exited chan struct{} // closed when the program has ended
}

// startProcess starts a program. The kernel sends it onDeath should this
// process die before it could clean up (a panic, a test's timeout).
func startProcess(path string, args, env []string, onDeath syscall.Signal, files ...*os.File) (*process, error) {
	p := &process{
		name:   filepath.Base(path),
		cmd:    exec.Command(path, args...),
		output: &output{changed: make(chan struct{})},
		exited: make(chan struct{}),
	}
	p.cmd.Env = env
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.ExtraFiles = files
	p.cmd.WaitDelay = time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: onDeath}
	started := make(chan error)
	spawner() <- func() { started <- p.cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	go func() {
		awaitExit(p.cmd.Process.Pid)
		close(p.exited)
	}()
	return p, nil
}

// spawner runs functions on one thread that lives as long as the process:
// Pdeathsig fires when the thread that forked ends, and Go's threads come and
// go.
var spawner = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// awaitExit returns when the child has ended and leaves it unreaped: so long
// as it is a zombie, nobody else can get its number, and a signal to its
// process group can hit no stranger.
func awaitExit(pid int) {
	const pPID, wExited, wNoWait = 1, 4, 0x01000000 // <sys/wait.h>
	var siginfo [128]byte
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pPID, uintptr(pid),
			uintptr(unsafe.Pointer(&siginfo)), wExited|wNoWait, 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}

// end ends the whole process group and returns when nothing of it runs any
// more. With gentle it may first leave by itself.
func (p *process) end(gentle bool) error {
	group := p.cmd.Process.Pid
	if gentle {
		_ = syscall.Kill(-group, syscall.SIGTERM)
		select {
		case <-p.exited:
		case <-time.After(3 * time.Second):
		}
	}
	_ = syscall.Kill(-group, syscall.SIGKILL)
	<-p.exited
	err := awaitGroup(group, 5*time.Second)
	_ = p.cmd.Wait() // reaps; it was killed, so its status says nothing
	return err
}

// awaitGroup waits until a process group has no running member.
func awaitGroup(group int, timeout time.Duration) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(timeout)
	for {
		left := groupMembers(group)
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("still running after a kill: %v", left)
		}
		<-tick.C
	}
}

// groupMembers lists the running processes of a group. Zombies do not count:
// a container's first process may never reap them.
func groupMembers(group int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // ended meanwhile
		}
		// proc(5): pid (comm) state ppid pgrp …, and comm may hold anything.
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) < 3 || string(fields[2]) != strconv.Itoa(group) || strings.Contains("ZX", string(fields[0])) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		pids = append(pids, pid)
	}
	return pids
}

// awaitLine waits until the output holds a match and returns its groups.
func (p *process) awaitLine(ctx context.Context, re *regexp.Regexp) ([]string, error) {
	for {
		text, changed := p.output.read()
		if m := re.FindStringSubmatch(text); m != nil {
			return m, nil
		}
		select {
		case <-changed:
		case <-p.exited:
			return nil, fmt.Errorf("%s ended before it printed %q", p.name, re)
		case <-ctx.Done():
			return nil, fmt.Errorf("%s has not printed %q: %w", p.name, re, ctx.Err())
		}
	}
}

// output keeps the last of what a program has printed.
type output struct {
	mu      sync.Mutex
	text    []byte
	changed chan struct{} // closed and replaced at each write
}

const outputKept = 32 << 10

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	if over := len(o.text) - outputKept; over > 0 {
		o.text = append(o.text[:0], o.text[over:]...)
	}
	close(o.changed)
	o.changed = make(chan struct{})
	return len(p), nil
}

func (o *output) read() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text), o.changed
}

// findProgram finds a program that a Debian package installs.
func findProgram(name, debianPackage string) (string, error) {
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("%s is not installed: apt-get install %s", name, debianPackage)
	}
	return path, err
}

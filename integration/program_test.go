package integration

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the chatproxy that TestMain builds.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "chatproxy-integration-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "chatproxy")
		build := exec.Command("go", "build", "-o", program, "chatproxy/cmd/chatproxy")
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "the program does not build:", err)
			return 1
		}
		return m.Run()
	}())
}

// process is a chatproxy that runs until the test ends.
type process struct {
	output lines
	cmd    *exec.Cmd
	exited chan struct{}
}

// run starts the program. Its output is kept, and shown when the test fails.
func run(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, args...), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // its exit code is asked of ProcessState
	}()
	t.Cleanup(func() {
		p.interrupt(t)
		if t.Failed() {
			t.Logf("chatproxy said:\n%s", p.output.String())
		}
	})
	return p
}

// interrupt ends the program as Ctrl-C does and waits for it.
func (p *process) interrupt(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		t.Errorf("chatproxy did not end within 30 s of an interrupt:\n%s", p.output.String())
	}
}

// waitFor waits until the program has printed the text.
func (p *process) waitFor(t *testing.T, text string) {
	t.Helper()
	select {
	case <-p.output.has(text):
	case <-p.exited:
		t.Fatalf("chatproxy ended before it printed %q:\n%s", text, p.output.String())
	case <-time.After(30 * time.Second):
		t.Fatalf("chatproxy did not print %q:\n%s", text, p.output.String())
	}
}

// lines is a writer that can be waited on.
type lines struct {
	mu      sync.Mutex
	text    bytes.Buffer
	waiting map[string]chan struct{}
}

var _ io.Writer = (*lines)(nil)

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.text.Write(p)
	for text, found := range l.waiting {
		if strings.Contains(l.text.String(), text) {
			close(found)
			delete(l.waiting, text)
		}
	}
	return n, err
}

func (l *lines) has(text string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := make(chan struct{})
	if strings.Contains(l.text.String(), text) {
		close(found)
		return found
	}
	if l.waiting == nil {
		l.waiting = map[string]chan struct{}{}
	}
	l.waiting[text] = found
	return found
}

// reset forgets what was written.
func (l *lines) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

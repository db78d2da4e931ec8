// Package program builds chatproxy and runs it for the integration tests: the program
// as it is shipped, with its files, listeners and log.
package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// patience is how long the program may take to say or do something.
const patience = 30 * time.Second

// Main builds the program, runs the tests with the path of it, and returns what to
// exit with. It is for TestMain.
func Main(m *testing.M, built *string) int {
	dir, err := os.MkdirTemp("", "chatproxy-integration-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if *built, err = Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Build builds the program into a folder and returns its path.
func Build(dir string) (string, error) {
	path := filepath.Join(dir, "chatproxy")
	build := exec.Command("go", "build", "-o", path, "chatproxy/cmd/chatproxy")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("the program does not build: %w", err)
	}
	return path, nil
}

// A Process is a chatproxy that runs until the test ends.
type Process struct {
	Output *Lines
	Cmd    *exec.Cmd
	Exited <-chan struct{} // closed when it has ended
}

// Run starts the program. Its output is kept, and shown when the test fails.
func Run(t testing.TB, path string, args ...string) *Process {
	t.Helper()
	exited := make(chan struct{})
	p := &Process{Output: &Lines{}, Cmd: exec.Command(path, args...), Exited: exited}
	p.Cmd.Stdout, p.Cmd.Stderr = p.Output, p.Output
	p.Cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(exited)
		_ = p.Cmd.Wait() // its exit code is asked of ProcessState
	}()
	t.Cleanup(func() {
		p.Interrupt(t)
		if t.Failed() {
			t.Logf("chatproxy said:\n%s", p.Output.String())
		}
	})
	return p
}

// Interrupt ends the program as Ctrl-C does and waits for it.
func (p *Process) Interrupt(t testing.TB) {
	t.Helper()
	_ = p.Cmd.Process.Signal(os.Interrupt) // it may have ended
	select {
	case <-p.Exited:
	case <-time.After(patience):
		_ = p.Cmd.Process.Kill()
		t.Errorf("chatproxy did not end within %v of an interrupt:\n%s", patience, p.Output.String())
	}
}

// WaitFor waits until the program has printed the text.
func (p *Process) WaitFor(t testing.TB, text string) {
	t.Helper()
	select {
	case <-p.Output.Has(text):
	case <-p.Exited:
		t.Fatalf("chatproxy ended before it printed %q:\n%s", text, p.Output.String())
	case <-time.After(patience):
		t.Fatalf("chatproxy did not print %q:\n%s", text, p.Output.String())
	}
}

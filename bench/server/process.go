// Package server runs the servers that are measured, each as a process group of its
// own on loopback, and reads from /proc what they use.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A Process is one server that this program started.
type Process struct {
	name   string
	log    string // the file that has what it printed
	cmd    *exec.Cmd
	exited chan struct{}
}

// Start starts the command in home, which must be a folder of its own, and waits at
// most 20 s until the address answers. env is added to its environment, as NAME=VALUE.
func Start(ctx context.Context, name, address, home string, command []string, env ...string) (*Process, error) {
	p := &Process{name: name, log: filepath.Join(home, "output.log"), cmd: exec.Command(command[0], command[1:]...), exited: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd.Stdout, p.cmd.Stderr = log, log
	// Caddy writes into its home.
	p.cmd.Env = append(append(p.cmd.Environ(), "HOME="+home, "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home), env...)
	// In a group of its own, whose CPU time can be told, and which Ctrl-C does not
	// reach: this program then stops each server by its handle.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = p.cmd.Wait() // told by Stop and by the log
		close(p.exited)
	}()
	deadline := time.After(20 * time.Second)
	for {
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			return p, c.Close()
		}
		select {
		case <-p.exited:
			return nil, fmt.Errorf("%s ended: %s", name, p.printed())
		case <-deadline:
			return nil, errors.Join(fmt.Errorf("%s does not listen on %s: %s", name, address, p.printed()), p.Stop())
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), p.Stop())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// printed returns the end of what the process printed.
func (p *Process) printed() string {
	all, _ := os.ReadFile(p.log) // without it there is less to tell
	return strings.TrimSpace(string(all[max(0, len(all)-4<<10):]))
}

// Group is the process group, as CPUTime and Memory want it.
func (p *Process) Group() int { return p.cmd.Process.Pid }

// Stop asks the process to end, and ends it when it does not.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.exited:
		return nil
	case <-time.After(15 * time.Second):
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
	return fmt.Errorf("%s had to be killed", p.name)
}

// FreeAddress returns a loopback address that nobody listens on now.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Output runs a short command and returns all that it prints.
func Output(ctx context.Context, command ...string) (string, error) {
	out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

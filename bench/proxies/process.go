package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A process is one server that this program started.
type process struct {
	name   string
	cmd    *exec.Cmd
	log    bytes.Buffer // what it printed; read it after the exit
	exited chan struct{}
}

// startProcess starts the command and waits until the address answers.
func startProcess(ctx context.Context, name, address, home string, command []string) (*process, error) {
	p := &process{name: name, cmd: exec.Command(command[0], command[1:]...), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	// Caddy writes into its home.
	p.cmd.Env = append(p.cmd.Environ(), "HOME="+home, "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home)
	// In a group of its own, whose CPU time can be told, and which Ctrl-C does not
	// reach: this program then stops each server by its handle.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = p.cmd.Wait() // told by stop and by the log
		close(p.exited)
	}()
	deadline := time.After(10 * time.Second)
	for {
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			return p, c.Close()
		}
		select {
		case <-p.exited:
			return nil, fmt.Errorf("%s ended: %s", name, strings.TrimSpace(p.log.String()))
		case <-deadline:
			return nil, errors.Join(fmt.Errorf("%s does not listen on %s", name, address), p.stop())
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), p.stop())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop asks the process to end, and ends it when it does not.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.exited:
		return nil
	case <-time.After(5 * time.Second):
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
	return fmt.Errorf("%s had to be killed", p.name)
}

// freeAddress returns a loopback address that nobody listens on now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// output runs a short command and returns all that it prints.
func output(ctx context.Context, command ...string) (string, error) {
	out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

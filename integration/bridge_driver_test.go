package integration

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// happening is something that one end of a conversation reports.
type happening struct {
	from  string  // "client" or "peer"
	Body  *string // a message came
	Event string  // something to count
	Text  string  // about the event
	Error string  // the end
	// Online is the client's full address, once.
	Online string
}

// A chatClient is a client that is driven through chatproxy.
type chatClient interface {
	// send makes it send messages with the texts "c FIRST TAIL" to "c LAST TAIL".
	send(to string, first, last int)
	// stop makes it say goodbye.
	stop()
}

// A login is what a client needs to know.
type login struct {
	site                   string // host:port
	over                   transport
	domain, user, password string
	resource               string
}

// url is that of the endpoint.
func (l login) url() string {
	if l.over == overWebSocket {
		return "ws://" + l.site + "/xmpp-websocket"
	}
	return "http://" + l.site + "/http-bind"
}

// driver is one of the programs in clients/, which speak as lines.mjs says.
type driver struct {
	t      *testing.T
	name   string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	exited chan struct{}
	stderr lines
}

// startDriver runs a driver; what it reports goes to happenings.
func startDriver(t *testing.T, l login, happenings chan<- happening, program ...string) *driver {
	t.Helper()
	args := append(program[1:], l.url(), l.domain, l.user, l.password, l.resource, tail)
	d := &driver{t: t, name: filepath.Base(program[len(program)-1]), cmd: exec.Command(program[0], args...), exited: make(chan struct{})}
	d.cmd.Stderr = &d.stderr
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if d.stdin, err = d.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatalf("the driver %s: %v", d.name, err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		scanner := bufio.NewScanner(stdout)
		for scanner.Scan() {
			var h happening
			if err := json.Unmarshal(scanner.Bytes(), &h); err != nil {
				h.Error = fmt.Sprintf("it printed %q: %v", scanner.Text(), err)
			}
			h.from = "client"
			happenings <- h
		}
	})
	go func() {
		defer close(d.exited)
		reading.Wait() // before Wait, which closes the pipe
		_ = d.cmd.Wait()
		happenings <- happening{from: "client", Error: "it exited"}
	}()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill() // it may be gone
		<-d.exited
		if t.Failed() {
			t.Logf("%s said:\n%.4000s", d.name, d.stderr.String())
		}
	})
	return d
}

func (d *driver) send(to string, first, last int) {
	_, _ = fmt.Fprintf(d.stdin, "send %s %d %d\n", to, first, last) // if it is gone, that is reported
}

func (d *driver) stop() {
	d.t.Helper()
	_, _ = fmt.Fprintln(d.stdin, "stop")
	select {
	case <-d.exited:
		if code := d.cmd.ProcessState.ExitCode(); code != 0 {
			d.t.Errorf("%s ended with %d when it was told to stop", d.name, code)
		}
	case <-time.After(20 * time.Second):
		d.t.Errorf("%s did not stop within 20 s", d.name)
	}
}

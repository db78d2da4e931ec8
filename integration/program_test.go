package integration

import (
	"os"
	"os/exec"
	"testing"

	"chatproxy/integration/program"
)

// built is the path of the chatproxy that TestMain builds.
var built string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &built)) }

// process is a chatproxy that runs until the test ends.
type process struct {
	*program.Process
	output *lines
	cmd    *exec.Cmd
	exited <-chan struct{}
}

// run starts the program. Its output is kept, and shown when the test fails.
func run(t *testing.T, args ...string) *process {
	t.Helper()
	p := program.Run(t, built, args...)
	return &process{Process: p, output: (*lines)(p.Output), cmd: p.Cmd, exited: p.Exited}
}

func (p *process) interrupt(t *testing.T) {
	t.Helper()
	p.Interrupt(t)
}

func (p *process) waitFor(t *testing.T, text string) {
	t.Helper()
	p.WaitFor(t, text)
}

// lines is a writer that can be waited on.
type lines program.Lines

func (l *lines) Write(p []byte) (int, error)     { return (*program.Lines)(l).Write(p) }
func (l *lines) has(text string) <-chan struct{} { return (*program.Lines)(l).Has(text) }
func (l *lines) reset()                          { (*program.Lines)(l).Reset() }
func (l *lines) String() string                  { return (*program.Lines)(l).String() }

package server

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMemoryAndCPUTimeAreOfTheGroup starts a shell that counts, with a child, and
// finds both in /proc.
func TestMemoryAndCPUTimeAreOfTheGroup(t *testing.T) {
	shell := exec.Command("sh", "-c", "sleep 60 & while :; do :; done")
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	group := shell.Process.Pid
	defer func() {
		_ = syscall.Kill(-group, syscall.SIGKILL)
		_ = shell.Wait()
	}()
	for deadline := time.Now().Add(20 * time.Second); CPUTime(group) < 30*time.Millisecond || len(groupStats(group)) < 2; {
		if time.Now().After(deadline) {
			t.Fatalf("%v of CPU time, %d processes", CPUTime(group), len(groupStats(group)))
		}
		time.Sleep(tick) // the unit of what is measured
	}
	if got := Memory(group); got < 500<<10 || got > 100<<20 {
		t.Errorf("a shell with %d bytes of memory", got)
	}
	if got := Memory(1 << 30); got != 0 {
		t.Errorf("no process, and %d bytes of memory", got)
	}
}

func TestStartTellsWhatAServerThatEndsHasPrinted(t *testing.T) {
	address, err := FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Start(t.Context(), "a shell", address, t.TempDir(), []string{"sh", "-c", "echo $WORD; exit 1"}, "WORD=alas")
	if err == nil || !strings.Contains(err.Error(), "alas") {
		t.Errorf("got %v", err)
	}
}

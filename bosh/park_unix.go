//go:build unix

package bosh

import (
	"errors"
	"os"
	"syscall"
)

const canPeek = true

// peek waits until a connection has something to read, was closed, or its deadline
// passes, and takes nothing from it.
func peek(raw syscall.RawConn) arrival {
	came := hungUp
	err := raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		switch {
		case err == syscall.EAGAIN || err == syscall.EINTR:
			return false
		case err == nil && n > 0:
			came = arrived
		}
		return true
	})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nothing
	}
	return came
}

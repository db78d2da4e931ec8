//go:build unix

package xmpp

import (
	"io"
	"os"
	"syscall"
)

const canTakeReady = true

// takeReady reads what is there. It is false if nothing is: then the runtime waits,
// and calls it again.
func (s *source) takeReady(fd uintptr) bool {
	if s.from == nil {
		s.from = chunks.Get().(*chunk)
	}
	for {
		n, err := syscall.Read(int(fd), s.from[:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			s.release()
			return false
		case err != nil:
			s.n, s.err = 0, os.NewSyscallError("read", err)
		case n == 0:
			s.n, s.err = 0, io.EOF
		default:
			s.n, s.err = n, nil
		}
		return true
	}
}

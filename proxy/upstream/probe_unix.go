//go:build unix

package upstream

import (
	"fmt"
	"net"
	"syscall"
)

const canProbe = true

// newProbe returns a function that reports whether the connection is open and has
// nothing to read, without waiting and without reading.
func newProbe(nc net.Conn) (func() bool, error) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("%T is no connection of the system", nc)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, err
	}
	var quiet bool
	var b [1]byte
	look := func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN // not even the end is there to read
		return true
	}
	return func() bool { return raw.Read(look) == nil && quiet }, nil
}

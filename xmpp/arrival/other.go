//go:build !linux

package arrival

import "syscall"

// Supported tells whether this system can watch connections.
const Supported = false

// Watch waits for one connection.
type Watch struct{}

func on(syscall.RawConn, func(bool)) (*Watch, error) { return nil, ErrUnsupported }

// Stop ends the watch. It is false if f was called, or is being called.
func (*Watch) Stop() bool { return false }

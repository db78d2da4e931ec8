//go:build !unix

package upstream

import (
	"errors"
	"net"
)

// Without a probe every request goes through http.Transport, which reads ahead.
const canProbe = false

func newProbe(net.Conn) (func() bool, error) { return nil, errors.ErrUnsupported }

package xmpp

import (
	"net"
	"sync"
	"syscall"
)

// Most streams of a web chat are idle most of the time, and there are many. What a
// stream needs only while bytes come is not kept while it waits for them: a buffer of
// its own would be a third of what an idle session costs.

// A chunk is what one read takes at most, in bytes.
type chunk [8 << 10]byte

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// smallChunk is for connections that do not tell when bytes are there, like those with
// TLS, which have a buffer anyway.
const smallChunk = 512

// source reads from a connection, and has a buffer only while there is something in it.
// One goroutine uses it.
type source struct {
	conn net.Conn
	raw  syscall.RawConn       // nil if the connection has none
	take func(fd uintptr) bool // is takeReady, made once
	own  []byte                // of smallChunk, where there is no raw
	from *chunk                // borrowed while raw has bytes
	n    int                   // what takeReady has read
	err  error
}

func (s *source) init(conn net.Conn) {
	s.conn = conn
	if c, ok := conn.(syscall.Conn); ok && canTakeReady {
		if raw, err := c.SyscallConn(); err == nil {
			s.raw, s.take = raw, s.takeReady
		}
	}
}

// read returns the next bytes, which are good until the next call. Where the connection
// allows it, it waits without a buffer.
func (s *source) read() ([]byte, error) {
	if s.raw == nil {
		if s.own == nil {
			s.own = make([]byte, smallChunk)
		}
		n, err := s.conn.Read(s.own)
		return s.own[:n], err
	}
	if err := s.raw.Read(s.take); err != nil {
		s.release()
		return nil, err
	}
	return s.from[:s.n], s.err
}

// release gives the buffer back.
func (s *source) release() {
	if s.from != nil {
		chunks.Put(s.from)
		s.from = nil
	}
}

// A workspace is what a splitter needs while it is in the middle of something.
type workspace struct {
	buf   []byte
	attrs []attr
}

var workspaces = sync.Pool{New: func() any { return &workspace{buf: make([]byte, 0, 1<<10), attrs: make([]attr, 0, 8)} }}

// maxKept is the largest buffer of a workspace that is used again, in bytes.
const maxKept = 8 << 10

// borrow makes sure that the splitter has a workspace.
func (s *splitter) borrow() {
	if s.work == nil {
		s.work = workspaces.Get().(*workspace)
		s.buf, s.tag.attrs = s.work.buf, s.work.attrs
	}
}

// release gives the workspace back. What was found must be copied out of it by then.
func (s *splitter) release() {
	if s.work == nil {
		return
	}
	if cap(s.buf) <= maxKept {
		s.work.buf = s.buf[:0]
	}
	s.work.attrs = s.tag.attrs[:0]
	workspaces.Put(s.work)
	s.work, s.buf, s.tag = nil, nil, tag{}
}

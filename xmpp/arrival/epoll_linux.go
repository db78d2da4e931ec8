package arrival

import (
	"fmt"
	"os"
	"sync"
	"syscall"
)

// Supported tells whether this system can watch connections.
const Supported = true

// Watch waits for one connection.
type Watch struct {
	fd  int32
	age int32 // tells it from others of the same descriptor
	f   func(ended bool)
}

// poller is epoll(7), which is itself waited for by Go's own poller: no thread blocks.
// Of each connection one event is reported, and then it is taken out.
type poller struct {
	fd  int
	raw syscall.RawConn

	mu      sync.Mutex
	age     int32
	watches map[int32]*Watch // by descriptor
}

var shared = sync.OnceValues(newPoller)

func newPoller() (*poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	raw, err := os.NewFile(uintptr(fd), "epoll").SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	p := &poller{fd: fd, raw: raw, watches: map[int32]*Watch{}}
	go p.run() // as long as the program
	return p, nil
}

func on(conn syscall.RawConn, f func(ended bool)) (*Watch, error) {
	p, err := shared()
	if err != nil {
		return nil, err
	}
	w := &Watch{f: f}
	failed := conn.Control(func(fd uintptr) { err = p.add(w, int32(fd)) })
	if failed != nil { // it is closed
		return nil, failed
	}
	return w, err
}

func (p *poller) add(w *Watch, fd int32) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.age++
	w.fd, w.age = fd, p.age
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLONESHOT, Fd: fd, Pad: w.age}
	if err := syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_ADD, int(fd), &event); err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	p.watches[fd] = w
	return nil
}

// take ends a watch, and is false if it has ended. p.mu is held.
func (p *poller) take(fd, age int32) *Watch {
	w := p.watches[fd]
	if w == nil || w.age != age { // an event of before
		return nil
	}
	delete(p.watches, fd)
	_ = syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_DEL, int(fd), nil) // it may be closed
	return w
}

// Stop ends the watch. It is false if f was called, or is being called.
func (w *Watch) Stop() bool {
	p, err := shared()
	if err != nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.take(w.fd, w.age) != nil
}

func (p *poller) run() {
	var events [256]syscall.EpollEvent
	for {
		n := 0
		err := p.raw.Read(func(fd uintptr) bool {
			var err error
			n, err = syscall.EpollWait(int(fd), events[:], 0)
			return n > 0 || err != nil && err != syscall.EINTR
		})
		if err != nil {
			return // not possible: nobody closes it
		}
		p.mu.Lock()
		for _, event := range events[:max(n, 0)] {
			if w := p.take(event.Fd, event.Pad); w != nil {
				go w.f(event.Events&(syscall.EPOLLRDHUP|syscall.EPOLLHUP|syscall.EPOLLERR) != 0)
			}
		}
		p.mu.Unlock()
	}
}

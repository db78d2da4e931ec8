package arrival

import (
	"errors"
	"net"
	"sync"
	"testing"
	"time"
)

func pair(t *testing.T) (server, client *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return s.(*net.TCPConn), c.(*net.TCPConn)
}

// watch is On that cannot fail.
func watch(t *testing.T, conn net.Conn, f func(bool)) *Watch {
	t.Helper()
	w, err := On(Of(conn), f)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func await(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was told")
	}
}

func TestTellsOfBytesAndOfTheEnd(t *testing.T) {
	for name, do := range map[string]func(*net.TCPConn) error{
		"bytes":     func(c *net.TCPConn) error { _, err := c.Write([]byte("a")); return err },
		"the end":   (*net.TCPConn).CloseWrite,
		"the close": (*net.TCPConn).Close,
		"a reset":   func(c *net.TCPConn) error { return errors.Join(c.SetLinger(0), c.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			server, client := pair(t)
			told := make(chan struct{}, 2)
			w := watch(t, server, func(ended bool) {
				if ended != (name != "bytes") {
					t.Errorf("ended is %v", ended)
				}
				told <- struct{}{}
			})
			if len(told) > 0 {
				t.Fatal("told before anything happened")
			}
			if err := do(client); err != nil {
				t.Fatal(err)
			}
			await(t, told)
			if w.Stop() {
				t.Error("a watch that has told is stopped")
			}
		})
	}
}

func TestTellsOfWhatWasThereBefore(t *testing.T) {
	server, client := pair(t)
	if _, err := client.Write([]byte("a")); err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{})
	watch(t, server, func(bool) { close(told) })
	await(t, told)
	again := make(chan struct{}) // nobody has read it
	watch(t, server, func(bool) { close(again) })
	await(t, again)
}

func TestAWatchThatIsStoppedTellsNothing(t *testing.T) {
	server, client := pair(t)
	w := watch(t, server, func(bool) { t.Error("told after Stop") })
	if !w.Stop() {
		t.Error("a watch that has not told cannot be stopped")
	}
	if w.Stop() {
		t.Error("it is stopped twice")
	}
	if _, err := client.Write([]byte("a")); err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{})
	watch(t, server, func(bool) { close(told) }) // which the first would have been before
	await(t, told)
}

// TestADescriptorThatIsUsedAgain closes connections and watches their successors, which
// have the same descriptors, from many goroutines.
func TestADescriptorThatIsUsedAgain(t *testing.T) {
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 50 {
				server, client := pair(t)
				told := make(chan struct{})
				w := watch(t, server, func(bool) { close(told) })
				if _, err := client.Write([]byte("a")); err != nil {
					t.Error(err)
					return
				}
				if w.Stop() {
					close(told)
				}
				<-told
				server.Close()
				client.Close()
			}
		})
	}
	work.Wait()
}

func TestAConnectionThatIsClosedCannotBeWatched(t *testing.T) {
	server, _ := pair(t)
	raw := Of(server)
	server.Close()
	if _, err := On(raw, func(bool) {}); err == nil {
		t.Error("it is watched")
	}
}

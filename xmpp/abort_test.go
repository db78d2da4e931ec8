package xmpp

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// What was sent before Abort arrives whole, and a server that is writing learns of
// the end by reading it: not by an error of its writing, after which it would not
// read on.
func TestAbortDoesNotResetTheConnection(t *testing.T) {
	const stanza = "<message><body>the last words</body></message>"
	wrote, sent := make(chan struct{}), make(chan struct{})
	type outcome struct {
		read string
		err  error
	}
	saw := make(chan outcome, 1)
	s := plainStream(t, Limits{}, func(conn net.Conn) {
		_, _ = io.WriteString(conn, strings.Repeat(" ", 64<<10)) // the client does not read it
		close(wrote)
		<-sent
		var o outcome // a reset would show in what is written from now on
		for range 20 {
			if _, o.err = io.WriteString(conn, "<presence/>"); o.err != nil {
				break
			}
			time.Sleep(time.Millisecond) // a reset needs a moment to come
		}
		if o.err == nil {
			var all []byte
			all, o.err = io.ReadAll(conn)
			o.read = string(all)
		}
		saw <- o
	})
	<-wrote
	if err := s.Send(t.Context(), Stanza{XML: []byte(stanza)}); err != nil {
		t.Fatal(err)
	}
	go s.Abort()
	for !s.aborted.Load() {
		time.Sleep(time.Millisecond)
	}
	close(sent)
	if o := <-saw; o.err != nil || o.read != stanza {
		t.Errorf("the server read %q and got %v", o.read, o.err)
	}
}

// Abort waits for the server to close, but not for one that does not, and not for
// one that sends without end.
func TestAbortIsBounded(t *testing.T) {
	for name, serve := range map[string]func(net.Conn, <-chan struct{}){
		"silent": func(_ net.Conn, over <-chan struct{}) { <-over },
		"endless": func(conn net.Conn, _ <-chan struct{}) {
			for {
				if _, err := io.WriteString(conn, strings.Repeat(" ", 64<<10)); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			over := make(chan struct{})
			defer close(over)
			s := plainStream(t, Limits{}, func(conn net.Conn) { serve(conn, over) })
			reading := make(chan error, 1)
			go func() {
				_, err := s.Next(t.Context())
				reading <- err
			}()
			begin := time.Now()
			s.Abort()
			if took := time.Since(begin); took > lingerTimeout+3*time.Second {
				t.Errorf("it took %v", took)
			}
			if err := <-reading; err == nil {
				t.Error("Next gave a stanza after Abort")
			}
		})
	}
}

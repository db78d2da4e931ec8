package xmpp

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// resting returns a stream that nobody reads, since nothing came, and its server. What
// it is woken up for comes out of news.
func resting(t *testing.T) (s *Stream, server net.Conn, news <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	s = newStream(conn, "a.example", false, Limits{})
	t.Cleanup(func() { server.Close(); s.Abort() })
	if err := s.Open(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(server, "<stream:stream xmlns='jabber:client' xmlns:stream='"+NSStream+"' id='1' version='1.0'>"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.NextOrIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.NextOrIdle(t.Context()); !errors.Is(err, ErrIdle) {
		t.Fatalf("got %v, want ErrIdle", err)
	}
	woken := make(chan error, 16)
	var read func()
	read = func() {
		for {
			_, err := s.NextOrIdle(context.Background())
			if errors.Is(err, ErrIdle) && s.WhenReadable(read) {
				return
			}
			woken <- err
			if err != nil && !errors.Is(err, ErrIdle) {
				return
			}
		}
	}
	if !s.WhenReadable(read) {
		t.Fatal("the stream cannot be watched")
	}
	return s, server, woken
}

func wakes(t *testing.T, news <-chan error, want error) {
	t.Helper()
	select {
	case err := <-news:
		if !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was woken up")
	}
}

func TestARestingStreamIsWokenByAStanza(t *testing.T) {
	_, server, news := resting(t)
	for range 3 {
		if _, err := io.WriteString(server, "<message/>"); err != nil {
			t.Fatal(err)
		}
		wakes(t, news, nil)
	}
}

func TestARestingStreamIsWokenByItsEnd(t *testing.T) {
	_, server, news := resting(t)
	if err := server.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	wakes(t, news, io.ErrUnexpectedEOF)
}

func TestARestingStreamIsWokenByAbort(t *testing.T) {
	s, _, news := resting(t)
	s.Abort()
	wakes(t, news, io.ErrUnexpectedEOF)
}

// Close has the reader take what the server says last, up to the end of its stream.
func TestCloseLetsARestingStreamBeReadToItsEnd(t *testing.T) {
	s, server, news := resting(t)
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	all := make([]byte, 0, 1<<10)
	for len(all) == 0 || string(all[max(0, len(all)-16):]) != "</stream:stream>" {
		n, err := server.Read(all[len(all):cap(all)])
		if err != nil {
			t.Fatal(err)
		}
		all = all[:len(all)+n]
	}
	if _, err := io.WriteString(server, "<message/></stream:stream>"); err != nil {
		t.Fatal(err)
	}
	wakes(t, news, nil)
	wakes(t, news, io.EOF)
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
}

// Close does not wait for ever for a server that says nothing.
func TestCloseOfARestingStreamEnds(t *testing.T) {
	s, _, news := resting(t)
	before := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(before); took > 2*closeTimeout+lingerTimeout {
		t.Errorf("it took %v", took)
	}
	wakes(t, news, io.ErrUnexpectedEOF)
}

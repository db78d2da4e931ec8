package bosh

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"chatproxy/xmpp"
)

// echo is the server of the regular clients. It sends every message back, and keeps
// for each account how far it has come, as a server with XEP-0198 does: a client
// whose session was drained resumes and says what it has. Within a session nothing
// may be missing, doubled or out of order.
type echo struct {
	l     net.Listener
	fault func(format string, args ...any)
	work  sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	open     map[net.Conn]bool
	accounts map[string]*account
}

// account is what the server knows of a client.
type account struct {
	owner net.Conn // whose messages count: the connection that resumed last
	got   int      // the number of the last message
}

// spoken is a stanza of this conversation: a numbered message, or a resumption.
// Stanzas without an id are sent back as they are, and nobody counts them.
type spoken struct {
	XMLName xml.Name
	ID      string   `xml:"id,attr"`
	N       int      `xml:"n,attr"`
	Body    string   `xml:"body"`
	Resume  *resumes `xml:"urn:soak resume"`
}

// resumes says which message its sender has last.
type resumes struct {
	Have int `xml:"have,attr"`
}

// text is what message n of an account says. Some are long.
func text(id string, n int) string {
	size := n % 10
	switch {
	case n%400 == 399:
		size = 1500 // 60 KB
	case n%50 == 49:
		size = 200
	}
	return fmt.Sprintf("%s %d ", id, n) + strings.Repeat(`ä<&>"'🙂 und so weiter, <b>viel</b> `, size)
}

// countedMessage is message n of an account as it goes over the wire.
func countedMessage(id string, n int) string {
	return fmt.Sprintf(`<message xmlns="jabber:client" id="%s" n="%d"><body>%s</body></message>`, id, n, xmpp.Escape(text(id, n)))
}

// resumption is how either side says what it has.
func resumption(id string, have int) string {
	return fmt.Sprintf(`<iq xmlns="jabber:client" id="%s" type="set"><resume xmlns="urn:soak" have="%d"/></iq>`, id, have)
}

func newEcho(fault func(string, ...any)) (*echo, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &echo{l: l, fault: fault, open: map[net.Conn]bool{}, accounts: map[string]*account{}}
	s.work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open[conn] = true
			if s.closed {
				conn.Close()
			}
			s.mu.Unlock()
			s.work.Go(func() {
				defer func() {
					conn.Close()
					s.mu.Lock()
					defer s.mu.Unlock()
					delete(s.open, conn)
				}()
				s.serve(conn)
			})
		}
	})
	return s, nil
}

func (s *echo) close() {
	s.l.Close()
	s.mu.Lock()
	s.closed = true
	for conn := range s.open {
		conn.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
}

func (s *echo) dial(ctx context.Context) (*xmpp.Stream, error) {
	return (&xmpp.Dialer{Domain: domain, Server: s.l.Addr().String(), Security: xmpp.Plain}).Dial(ctx)
}

// connections is how many streams there are.
func (s *echo) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// received is the number of an account's last message.
func (s *echo) received(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[id]; a != nil {
		return a.got
	}
	return 0
}

func (s *echo) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.accounts, id)
}

func (s *echo) serve(conn net.Conn) {
	d := xml.NewDecoder(conn)
	for {
		token, err := d.Token()
		if err != nil {
			return
		}
		answer := ""
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "stream" {
				answer = stubHead + features
				break
			}
			var st spoken
			if d.DecodeElement(&st, &token) != nil {
				return // cut off
			}
			answer = s.answer(conn, &st)
		case xml.EndElement:
			answer = "</stream:stream>"
		}
		_ = conn.SetWriteDeadline(time.Now().Add(time.Minute))
		if _, err := io.WriteString(conn, answer); err != nil || answer == "</stream:stream>" {
			return
		}
	}
}

func (s *echo) answer(conn net.Conn, st *spoken) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[st.ID]
	switch {
	case st.ID == "":
		return "<message><body>" + xmpp.Escape(st.Body) + "</body></message>"
	case st.Resume != nil:
		if a == nil {
			a = &account{}
			s.accounts[st.ID] = a
		}
		if a.owner != nil {
			a.owner.Close() // what comes late over the old stream must not be taken in
		}
		a.owner = conn
		var all strings.Builder
		all.WriteString(resumption(st.ID, a.got))
		for n := st.Resume.Have + 1; n <= a.got; n++ {
			all.WriteString(countedMessage(st.ID, n))
		}
		return all.String()
	case a == nil, a.owner != conn, st.XMLName.Local != "message": // or what the proxy could not deliver
		return ""
	}
	if st.N != a.got+1 || st.Body != text(st.ID, st.N) {
		s.fault("the server got message %d of %s after %d: %.80q", st.N, st.ID, a.got, st.Body)
	}
	a.got = st.N
	return countedMessage(st.ID, st.N)
}

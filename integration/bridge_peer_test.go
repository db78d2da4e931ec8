package integration

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// xmppServer is what prosody.Server and ejabberd.Server have in common.
type xmppServer interface {
	Addr() string
	CAFile() string
	Domain() string
	Log() string
}

// A peer is the other end of a conversation: an XMPP client straight on the
// server. It shares no code with the bridge, so that a mistake of the bridge
// does not cancel out.
type peer struct {
	jid  string
	conn net.Conn
	read *xml.Decoder
	mu   sync.Mutex // writing

	// presence, if any, is told who comes ("") and goes ("unavailable"). It is
	// set before receive is called.
	presence func(from, kind string)
}

// newPeer logs in with STARTTLS and PLAIN and is there until the test ends.
func newPeer(t *testing.T, server xmppServer, roots *x509.CertPool, user, password string) *peer {
	t.Helper()
	conn, err := net.Dial("tcp", server.Addr())
	if err != nil {
		t.Fatalf("the peer: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second)) // for the log-in
	p := &peer{conn: conn}
	if err := p.logIn(server.Domain(), roots, user, password); err != nil {
		t.Fatalf("the peer: %v\n%s", err, server.Log())
	}
	_ = conn.SetDeadline(time.Time{})
	return p
}

func (p *peer) logIn(domain string, roots *x509.CertPool, user, password string) error {
	if err := p.open(domain); err != nil {
		return err
	}
	if err := p.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "proceed"); err != nil {
		return err
	}
	p.conn = tls.Client(p.conn, &tls.Config{RootCAs: roots, ServerName: domain})
	if err := p.open(domain); err != nil {
		return err
	}
	secret := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	if err := p.ask("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"+secret+"</auth>", "success"); err != nil {
		return err
	}
	if err := p.open(domain); err != nil {
		return err
	}
	if err := p.ask("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>peer</resource></bind></iq>", "iq"); err != nil {
		return err
	}
	p.jid = user + "@" + domain + "/peer"
	return p.write("<presence/>")
}

// open opens a stream and reads up to the end of its features.
func (p *peer) open(domain string) error {
	p.read = xml.NewDecoder(p.conn)
	header := fmt.Sprintf("<stream:stream to='%s' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", domain)
	if err := p.write(header); err != nil {
		return err
	}
	for {
		token, err := p.read.Token()
		if err != nil {
			return fmt.Errorf("waiting for features: %w", err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "features" {
			return p.read.Skip()
		}
	}
}

// ask sends something and waits for the element that answers it.
func (p *peer) ask(text, want string) error {
	if err := p.write(text); err != nil {
		return err
	}
	start, err := p.next()
	if err != nil {
		return fmt.Errorf("waiting for <%s/>: %w", want, err)
	}
	if start.Name.Local != want {
		return fmt.Errorf("got <%s/> where <%s/> was wanted", start.Name.Local, want)
	}
	return p.read.Skip()
}

// next reads up to the start of the next child of the stream.
func (p *peer) next() (xml.StartElement, error) {
	for {
		token, err := p.read.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			return token, nil
		case xml.EndElement:
			return xml.StartElement{}, io.EOF
		}
	}
}

func (p *peer) write(text string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := io.WriteString(p.conn, text)
	return err
}

// send sends messages with the texts "p FIRST TAIL" to "p LAST TAIL".
func (p *peer) send(to string, first, last int) error {
	var b strings.Builder
	for n := first; n <= last; n++ {
		fmt.Fprintf(&b, "<message type='chat' to='%s'><body>", to)
		_ = xml.EscapeText(&b, []byte(numbered("p", n))) // a Builder takes everything
		b.WriteString("</body></message>")
	}
	return p.write(b.String())
}

// receive calls body with the text of each message until the stream ends.
func (p *peer) receive(body func(string)) error {
	for {
		start, err := p.next()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil // the test is over
			}
			return err
		}
		var message struct {
			From string  `xml:"from,attr"`
			Type string  `xml:"type,attr"`
			Body *string `xml:"body"`
		}
		if err := p.read.DecodeElement(&message, &start); err != nil {
			return err
		}
		switch {
		case start.Name.Local == "presence" && p.presence != nil:
			p.presence(message.From, message.Type)
		case start.Name.Local != "message":
		case message.Type == "error":
			return errors.New("a message could not be delivered")
		case message.Body != nil:
			body(*message.Body)
		}
	}
}

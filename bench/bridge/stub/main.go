// Command stub is the least XMPP server that a client can log in to. It costs next to
// nothing, so that what is measured in front of it is the bridge: SASL ANONYMOUS,
// resource binding, and every message goes back to the session that sent it.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "the loopback `address` to serve")
	domain := flag.String("domain", "localhost", "the XMPP `domain`")
	certificate := flag.String("certificate", "", "the certificate's `file`; with it, STARTTLS is required")
	key := flag.String("key", "", "the `file` of its key")
	flag.Parse()
	fmt.Fprintln(os.Stderr, "stub:", serve(*listen, *domain, *certificate, *key))
	os.Exit(1)
}

// serve returns why it cannot go on.
func serve(listen, domain, certificate, key string) error {
	var config *tls.Config
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return err
		}
		config = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		c := &client{conn: conn, domain: domain, config: config}
		go func() {
			defer func() { _ = c.conn.Close() }() // it is over either way
			if err := c.serve(); !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				fmt.Fprintln(os.Stderr, "stub:", err)
			}
		}()
	}
}

// client is one connection and its stream.
type client struct {
	conn          net.Conn
	domain        string
	config        *tls.Config // not nil while STARTTLS is to come
	authenticated bool
	out           []byte
}

// serve answers what comes, all that is there in one write.
func (c *client) serve() error {
	var in []byte
	chunk := make([]byte, 16<<10)
	for {
		n, err := c.conn.Read(chunk)
		if err != nil {
			return err
		}
		in = append(in, chunk[:n]...)
		done := 0
		for {
			taken, err := c.take(in[done:])
			if err != nil {
				return err
			}
			if taken == 0 {
				break
			}
			done += taken
		}
		if in = in[:copy(in, in[done:])]; len(in) > 1<<20 {
			return errors.New("an element of more than 1 MiB")
		}
		if len(c.out) > 0 {
			if _, err := c.conn.Write(c.out); err != nil {
				return err
			}
			c.out = c.out[:0]
		}
	}
}

// take answers the first complete element of in and returns its length, 0 if there is
// none. It knows no more XML than the bridge sends: elements do not nest in their like.
func (c *client) take(in []byte) (int, error) {
	blank := len(in) - len(bytes.TrimLeft(in, " \t\r\n"))
	in = in[blank:]
	name, end := element(in)
	if end == 0 {
		return 0, nil
	}
	switch whole := in[:end]; name {
	case "?xml", "presence":
	case "stream:stream":
		c.out = append(c.out, "<?xml version='1.0'?><stream:stream id='"+rand.Text()+"' from='"+c.domain+
			"' version='1.0' xml:lang='en' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"+
			"<stream:features>"+c.features()+"</stream:features>"...)
	case "starttls":
		if c.config == nil {
			return 0, errors.New("STARTTLS that was not offered")
		}
		if _, err := io.WriteString(c.conn, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"); err != nil {
			return 0, err
		}
		c.conn, c.config = tls.Server(c.conn, c.config), nil
	case "auth":
		c.authenticated = true
		c.out = append(c.out, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"...)
	case "iq":
		_, id, _ := bytes.Cut(whole, []byte(` id="`))
		id, _, _ = bytes.Cut(id, []byte(`"`))
		c.out = append(c.out, "<iq type='result' id='"+string(id)+"'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>"+
			rand.Text()+"@"+c.domain+"/"+rand.Text()+"</jid></bind></iq>"...)
	case "message":
		c.out = append(c.out, whole...)
	case "/stream:stream":
		_, _ = io.WriteString(c.conn, string(c.out)+"</stream:stream>") // it may be gone
		return 0, io.EOF
	default:
		return 0, fmt.Errorf("what is <%s>", name)
	}
	return blank + end, nil
}

func (c *client) features() string {
	switch {
	case c.config != nil:
		return "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
	case c.authenticated:
		return "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
	}
	return "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms>"
}

// element returns the name of the element that in begins with, and where it ends, 0 if
// it is not complete. Of a stream it is the header that counts.
func element(in []byte) (name string, end int) {
	tag := bytes.IndexByte(in, '>') + 1
	if tag == 0 {
		return "", 0
	}
	if in[1] == '/' {
		return string(in[1 : tag-1]), tag
	}
	name = string(in[1:bytes.IndexAny(in, " />\t\r\n")])
	if name == "stream:stream" || name == "?xml" || in[tag-2] == '/' {
		return name, tag
	}
	closing := []byte("</" + name + ">")
	i := bytes.Index(in[tag:], closing)
	if i < 0 {
		return "", 0
	}
	return name, tag + i + len(closing)
}

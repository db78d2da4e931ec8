package bosh

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const settingEnableConnectProtocol = 0x8 // RFC 8441 §3

// announcedEnv is set for the process in which net/http is told to announce RFC 8441.
const announcedEnv = "CHATPROXY_TEST_XCONNECT"

// extendedConnect asks for a WebSocket over HTTP/2 as RFC 8441 §4 has it, whether it
// was announced or not, and returns the answer's status or the error that reset the
// stream.
func extendedConnect(t *testing.T, address string) (announced bool, answer string) {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if got := conn.ConnectionState().NegotiatedProtocol; got != "h2" {
		t.Fatalf("the server speaks %q", got)
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{
		{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":path", "/xmpp-websocket"}, {":authority", address},
		{"origin", site}, {"sec-websocket-version", "13"}, {"sec-websocket-protocol", "xmpp"},
	} {
		if err := encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
			t.Fatal(err)
		}
	}
	sent := false
	for {
		f, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if value, ok := f.Value(settingEnableConnectProtocol); ok && value == 1 {
				announced = true
			}
			if !f.IsAck() && !sent {
				sent = true
				_ = framer.WriteSettingsAck()
				if err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true}); err != nil {
					t.Fatal(err)
				}
				_ = framer.WriteData(1, false, frameBytes(0x80|opText, openMessage, -1)) // at once, as an attacker would
			}
		case *http2.MetaHeadersFrame:
			return announced, f.PseudoValue("status")
		case *http2.RSTStreamFrame:
			return announced, f.ErrCode.String()
		case *http2.GoAwayFrame:
			return announced, "GOAWAY " + f.ErrCode.String()
		}
	}
}

func http2Server(t *testing.T) (*httptest.Server, *stub) {
	t.Helper()
	stub := newStub(t, true)
	f := newFixture(t, Options{Dial: stub.dialer()})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/xmpp-websocket" {
			f.bridge.WebSocket.ServeHTTP(w, r)
			return
		}
		fmt.Fprint(w, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, stub
}

// WebSockets over HTTP/2 (RFC 8441) are not announced, so that browsers use HTTP/1.1;
// whoever asks all the same is refused, and nothing goes upstream.
func TestExtendedConnectIsNotAnnounced(t *testing.T) {
	s, stub := http2Server(t)
	address := strings.TrimPrefix(s.URL, "https://")
	announced, answer := extendedConnect(t, address)
	if announced != (os.Getenv(announcedEnv) != "") {
		t.Errorf("announced: %v", announced)
	}
	if os.Getenv(announcedEnv) != "" {
		if answer != "501" {
			t.Errorf("an announced CONNECT got %s", answer)
		}
	} else if answer == "200" || answer == "" {
		t.Errorf("CONNECT got %q", answer)
	}
	if len(stub.got) != 0 {
		t.Error("it was connected to the XMPP server")
	}

	// A page that came over HTTP/2 opens its WebSocket over HTTP/1.1.
	client := s.Client()
	res, err := client.Get(s.URL + "/")
	if err != nil || res.ProtoMajor != 2 {
		t.Fatalf("%v, %v", res, err)
	}
	res.Body.Close()
	one := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}}}
	conn, _, err := websocket.Dial(t.Context(), s.URL+"/xmpp-websocket", &websocket.DialOptions{
		HTTPClient: one, Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"Origin": {site}}})
	if err != nil {
		t.Fatal(err)
	}
	c := &wsClient{t, conn}
	c.say(openMessage)
	c.expect("<open ")
	_ = conn.CloseNow()
}

// The control, in a process that announces it: the handler itself refuses.
func TestExtendedConnectIsRefusedWhereAnnounced(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run=^TestExtendedConnectIsNotAnnounced$", "-test.v")
	child.Env = append(os.Environ(), "GODEBUG=http2xconnect=1", announcedEnv+"=1")
	out, err := child.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestExtendedConnectIsNotAnnounced")) {
		t.Errorf("%v\n%s", err, out)
	}
}

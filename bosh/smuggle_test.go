package bosh

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A body that goes on behind its compressed document is refused. Were the rest left on
// the connection, then it would be the next request when that is taken over and given
// back: in front of a proxy that shares its connections, somebody else's (CWE-444).
func TestNothingIsSmuggledBehindACompressedBody(t *testing.T) {
	for _, encoding := range []string{"deflate", "gzip"} {
		t.Run(encoding, func(t *testing.T) {
			l := newLot(t, false)
			sid, _ := l.begin()
			post := func(body string) *http.Response {
				t.Helper()
				fmt.Fprintf(l.conn, "POST /http-bind HTTP/1.1\r\nHost: a\r\nOrigin: %s\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", site, encoding, len(body), body)
				rsp, err := http.ReadResponse(l.in, nil)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, rsp.Body)
				return rsp
			}
			// The control: without anything behind it, it is a request as others are.
			request := func(rid string) string { return packed(t, encoding, requestBody(sid, rid, `type="terminate"`, "")) }
			smuggled := "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
			if rsp := post(packed(t, encoding, requestBody(sid, "1001", `pause="10"`, ""))); rsp.StatusCode != http.StatusOK {
				t.Fatalf("the control is answered %d", rsp.StatusCode)
			}
			if rsp := post(request("1002") + strings.Repeat("\r\n", 8<<10) + smuggled); rsp.StatusCode == http.StatusOK {
				t.Errorf("what goes on behind its document is answered %d", rsp.StatusCode)
			}
			fmt.Fprint(l.conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			rsp, err := http.ReadResponse(l.in, nil)
			if err != nil {
				return // closed instead
			}
			body, _ := io.ReadAll(rsp.Body)
			if _, err := l.in.ReadByte(); string(body) != statusPage || err == nil {
				t.Errorf("the next request is answered %s, and what follows gives %v", body, err)
			}
		})
	}
}

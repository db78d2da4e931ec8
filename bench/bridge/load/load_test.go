package load

import (
	"bufio"
	"strings"
	"testing"
)

func TestLedger(t *testing.T) {
	for _, c := range []struct {
		name                                  string
		ids                                   []int
		received, lost, doubled, order, wrong int
	}{
		{"all", []int{0, 1, 2, 3}, 4, 0, 0, 0, 0},
		{"one is lost", []int{0, 1, 3}, 3, 1, 0, 0, 0},
		{"the last is lost", []int{0, 1, 2}, 3, 1, 0, 0, 0},
		{"one is doubled", []int{0, 1, 1, 2, 3}, 4, 0, 1, 0, 0},
		{"one is late", []int{0, 2, 1, 3}, 4, 0, 0, 1, 0},
		{"one is late and doubled", []int{0, 2, 1, 1, 3}, 4, 0, 1, 1, 0},
		{"one that nobody sent", []int{0, 1, 2, 4}, 3, 0, 0, 0, 1},
		{"one is an error", []int{0, -1, 2, 3}, 3, 0, 0, 0, 1},
	} {
		l := ledger{sent: 4}
		for _, id := range c.ids {
			l.receive(id)
		}
		if l.received != c.received || l.underWay() != c.lost || l.doubled != c.doubled || l.outOfOrder != c.order || l.errors != c.wrong {
			t.Errorf("%s: %+v", c.name, l)
		}
	}
}

func TestNextMessage(t *testing.T) {
	in := []byte(`<message to='a' id='7'><body>1</body></message><presence/><message id="8" type="error"/><message id="9"/>`)
	var got []int
	for {
		id, rest, ok := nextMessage(in)
		if !ok {
			break
		}
		got, in = append(got, id), rest
	}
	if len(got) != 3 || got[0] != 7 || got[1] != -1 || got[2] != 9 {
		t.Errorf("got %v", got)
	}
}

func TestReadAnswer(t *testing.T) {
	for _, c := range []struct {
		in, body string
		keep, ok bool
	}{
		{"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcd", "abc", true, true},
		{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", "a", false, true},
		{"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "", false, false},
		{"HTTP/1.1 200 OK\r\n\r\n", "", false, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "", true, false},
	} {
		body, keep, err := readAnswer(bufio.NewReader(strings.NewReader(c.in)), nil)
		if (err == nil) != c.ok || c.ok && (string(body) != c.body || keep != c.keep) {
			t.Errorf("%q: %q, %v, %v", c.in, body, keep, err)
		}
	}
}

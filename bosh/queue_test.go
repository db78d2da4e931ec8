package bosh

import (
	"io"
	"strings"
	"testing"
)

// What the server says at once is one answer, and what it says to a client that has no
// request open waits for the next.
func TestWhatComesTogetherGoesOutTogether(t *testing.T) {
	f, p, sid := begin(t, Options{})
	held := f.later(requestBody(sid, "1001", "", numbered("up")))
	p.wait(t, numbered("up"))
	// One write is one segment, and is read at once.
	if _, err := io.WriteString(p, "<message><body>a</body></message><presence/><message><body>b</body></message><message><bo"); err != nil {
		t.Fatal(err)
	}
	got := <-held
	f.expect(got, "<body>a</body>")
	f.expect(got, "<presence")
	f.expect(got, "<body>b</body>")
	if _, err := io.WriteString(p, "dy>c</body></message>"); err != nil {
		t.Fatal(err)
	}
	f.expect(f.post(requestBody(sid, "1002", "", "")), "<body>c</body>")
}

// More at once than the queue holds does not wait for itself.
func TestABatchBeyondTheQueue(t *testing.T) {
	f, p, sid := begin(t, Options{Limits: Limits{Queue: 100}})
	held := f.later(requestBody(sid, "1001", "", numbered("up")))
	p.wait(t, numbered("up"))
	if _, err := io.WriteString(p, strings.Repeat("<message><body>x</body></message>", 50)); err != nil {
		t.Fatal(err)
	}
	n := strings.Count(<-held, "<body>x</body>")
	for rid := 1002; n < 50; rid++ {
		n += strings.Count(f.post(requestBody(sid, itoa(rid), "", "")), "<body>x</body>")
	}
	if n != 50 {
		t.Errorf("%d of 50 came", n)
	}
}

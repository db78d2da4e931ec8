package bosh

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// A page that is reloaded has given up a request that it never sent. The session
// goes on without it; should it come after all, its stanzas are not lost.
func TestReloadLeavesAGap(t *testing.T) {
	f, p, sid := begin(t, Options{Limits: Limits{Gap: 50 * time.Millisecond}})
	// The old page: a held request that the browser hangs up.
	ctx, unload := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() { defer close(gone); _, _ = f.try(ctx, requestBody(sid, "1001", "", numbered("1"))) }()
	p.wait(t, numbered("1"))
	waitFor(t, f, sid, func(s *session) bool { return len(s.held) == 1 })
	unload()
	<-gone
	// The new page goes on behind 1002, which was never sent.
	held := f.later(requestBody(sid, "1003", "", numbered("3")))
	p.wait(t, numbered("3"))
	// It comes after all.
	if got := f.post(requestBody(sid, "1002", "", numbered("2"))); got != `<body xmlns="`+binding+`"/>` {
		t.Errorf("the late request got %s", got)
	}
	got := p.wait(t, numbered("2"))
	for _, n := range []string{"1", "2", "3"} {
		if strings.Count(got, numbered(n)) != 1 {
			t.Errorf("the server got %s %d times: %s", n, strings.Count(got, numbered(n)), got)
		}
	}
	if again := f.post(requestBody(sid, "1002", "", numbered("2"))); again != `<body xmlns="`+binding+`"/>` {
		t.Errorf("its repetition got %s", again)
	}
	io.WriteString(p, "<message><body>answer</body></message>")
	f.expect(<-held, "answer")
	if got := p.wait(t, numbered("2")); strings.Count(got, numbered("2")) != 1 {
		t.Errorf("the repetition was processed: %s", got)
	}
}

// A browser may leave the long poll of the unloaded page open; the session goes on
// all the same.
func TestAGapBehindARequestThatIsStillHeld(t *testing.T) {
	f, p, sid := begin(t, Options{Limits: Limits{Gap: 50 * time.Millisecond}})
	old := f.later(requestBody(sid, "1001", "", numbered("1")))
	p.wait(t, numbered("1"))
	waitFor(t, f, sid, func(s *session) bool { return len(s.held) == 1 })
	held := f.later(requestBody(sid, "1003", "", numbered("3")))
	p.wait(t, numbered("3"))
	<-old
	io.WriteString(p, "<message><body>answer</body></message>")
	f.expect(<-held, "answer")
}

// A client that has as many requests open as it may, and asks for more, does not
// have the missing one under way.
func TestAGapAndTheNextRequest(t *testing.T) {
	f, p, sid := begin(t, Options{Limits: Limits{Gap: time.Hour}})
	second := f.later(requestBody(sid, "1002", "", numbered("2")))
	waitFor(t, f, sid, func(s *session) bool { return len(s.early) == 1 })
	third := f.later(requestBody(sid, "1003", "", numbered("3")))
	got := p.wait(t, numbered("3"))
	if strings.Index(got, numbered("2")) > strings.Index(got, numbered("3")) {
		t.Errorf("the server got %s", got)
	}
	<-second
	io.WriteString(p, "<message><body>answer</body></message>")
	f.expect(<-third, "answer")
}

// What comes within the time is put into order, as ever.
func TestAGapThatIsFilledInTime(t *testing.T) {
	f, p, sid := begin(t, Options{Limits: Limits{Gap: time.Hour}})
	second := f.later(requestBody(sid, "1002", "", numbered("2")))
	waitFor(t, f, sid, func(s *session) bool { return len(s.early) == 1 })
	f.post(requestBody(sid, "1001", "", numbered("1")))
	if got := p.wait(t, numbered("2")); strings.Index(got, numbered("1")) > strings.Index(got, numbered("2")) {
		t.Errorf("the server got %s", got)
	}
	io.WriteString(p, "<message/>")
	<-second
}

package bosh

import (
	"maps"
	"slices"
	"time"
)

// A page that is reloaded leaves a gap. Strophe writes the next RID into
// sessionStorage before it sends a request; the browser that unloads the page gives
// up what it has not sent; and the page that comes back goes on behind the RID that
// nobody will send again. XEP-0124 §14.2 has the connection manager wait for it,
// so the user would look at a spinner for a whole wait and then at the login form.
// (Seen with Converse 14 in WebKit on a busy machine. Sessions that are lost on
// reload are what users of BOSH complain of most.)
//
// So the missing ones are skipped when a request has waited for them for
// [Limits.Gap]; and at once when the client asks beyond the window, for it has as
// many requests open as it may, and the missing ones are not among them. Should one
// come after all, over a slow network, its stanzas still go to the server: they come
// late, and none is lost. An older request that is held
// makes no difference: WebKit leaves the long poll of the unloaded page open.

//
// A session with key sequencing is not spared: what was not seen cannot be checked,
// and such a session has an attacker to fear.

// watchGap starts the clock when the next request is missing, and stops it when it
// has come.
func (s *session) watchGap() {
	switch {
	case !s.gapped():
		if s.gap != nil {
			s.gap.Stop()
		}
	case s.gap == nil:
		s.gap = time.AfterFunc(s.m.o.Limits.Gap, s.waitedForGap)
	default:
		s.gap.Reset(s.m.o.Limits.Gap)
	}
}

func (s *session) gapped() bool {
	return !s.ended && len(s.early) > 0 && s.early[s.last+1] == nil && s.keys.expected == ""
}

// waitedForGap is called when a request has waited long enough.
func (s *session) waitedForGap() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gapped() { // or it was filled while the timer fired
		s.skipGap()
	}
}

// skipGap goes on with the first request that is there.
func (s *session) skipGap() {
	next := slices.Min(slices.Collect(maps.Keys(s.early)))
	maps.DeleteFunc(s.skipped, func(rid int64, _ bool) bool { return rid < s.last-64 }) // bounded, CWE-770
	if s.skipped == nil {
		s.skipped = map[int64]bool{}
	}
	for rid := s.last + 1; rid < next; rid++ {
		s.skipped[rid] = true
	}
	s.m.o.Log.Info("BOSH session goes on without requests that did not come", "session", s.name, "missing", next-s.last-1)
	s.last = next - 1
	s.startPump()
}

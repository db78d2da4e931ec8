package bosh

import "time"

// pace notices clients that ask too often.
type pace struct {
	lastNew    time.Time // when the last new request came
	lastEmpty  time.Time // the same if it was empty, else zero
	gotNothing bool      // the last answer had no payload
	hasty      int       // new empty requests in a row that came too soon
	repeats    int       // repetitions of a request in a row
	repeated   int64     // and its RID
}

// tolerated is how many hasty requests are let through in a session that is
// not a polling one: a page that is reloaded twice makes some, for its
// requests are still open where the proxy has not noticed yet.
const tolerated = 3

// maxRepeats caps how often in a row one request may be repeated, or polling
// limits could be got around so (XEP-0124 §14.3). Browsers on a bad network
// give up far earlier.
const maxRepeats = 32

func (p *pace) answered(empty bool) { p.gotNothing = empty }

// tooFast takes in a new request. In a polling session no two empty requests
// may come within the polling interval if the first was answered with nothing
// (XEP-0124 §12). In the others none may while as many requests as are allowed
// are open already (§11).
func (p *pace) tooFast(s *session, q *request) bool {
	interval := s.m.o.Limits.Polling
	now := time.Now()
	soon := q.empty() && now.Sub(p.lastNew) < interval
	soonPoll := q.empty() && !p.lastEmpty.IsZero() && now.Sub(p.lastEmpty) < interval && p.gotNothing
	p.lastNew, p.lastEmpty = now, time.Time{}
	if q.empty() {
		p.lastEmpty = now
	}
	if s.polling() {
		return soonPoll && q.rid == s.last+1
	}
	if !soon || len(s.held)+len(s.early)+1 < s.requests {
		p.hasty = 0
		return false
	}
	p.hasty++
	return p.hasty > tolerated
}

// tooOften takes in a repetition.
func (p *pace) tooOften(q *request) bool {
	if p.repeated != q.rid {
		p.repeated, p.repeats = q.rid, 0
	}
	p.repeats++
	return p.repeats > maxRepeats
}

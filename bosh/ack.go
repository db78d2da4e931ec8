package bosh

import (
	"strconv"
	"time"
)

// Acknowledgements (XEP-0124 §9) are in use if the client asked for them when
// it created the session. The manager's tell the client early that a request
// was lost; the client's free the answers that are kept, and tell the manager
// that one was lost.

// reportAfter is how old an answer must be before its absence from the
// client's acknowledgement counts as a loss; before it may be on its way.
const reportAfter = time.Second

// received is the highest RID up to which all requests have come. It is what
// may be acknowledged: a request that was given up as missing has not come,
// whatever came after it.
func (s *session) received() int64 {
	rid := s.last
	for s.early[rid+1] != nil {
		rid++
	}
	for missing := range s.skipped {
		rid = min(rid, missing-1)
	}
	return rid
}

// acknowledged takes in what a new request says about answers. Without an
// "ack" the client has the answers to all requests before it (§9.2).
func (s *session) acknowledged(q *request) {
	if !s.replay.acks {
		return
	}
	last := s.replay.last()
	if q.ack == 0 {
		s.replay.acknowledge(min(q.rid-1, last))
		return
	}
	s.replay.acknowledge(min(q.ack, last))
	if missing := q.ack + 1; missing <= last {
		if k, ok := s.replay.find(missing); ok && time.Since(k.at) >= reportAfter {
			s.report = missing
		}
	}
}

// ackAttribute is what the answer to the request rid acknowledges. It is left out
// where it would be the request itself.
func (s *session) ackAttribute(rid int64) []attribute {
	if received := s.received(); s.replay.acks && received != rid {
		return []attribute{{"ack", strconv.FormatInt(received, 10)}}
	}
	return nil
}

// ackAttributes are all of an answer that goes out now: if one was lost, it is the
// one that tells.
func (s *session) ackAttributes(rid int64) []attribute {
	a := s.ackAttribute(rid)
	if s.report == 0 {
		return a
	}
	if k, ok := s.replay.find(s.report); ok {
		a = append(a,
			attribute{"report", strconv.FormatInt(s.report, 10)},
			attribute{"time", strconv.FormatInt(time.Since(k.at).Milliseconds(), 10)})
	}
	s.report = 0
	return a
}

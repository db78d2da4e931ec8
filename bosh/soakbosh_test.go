package bosh

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// soakBody is an answer of the manager.
type soakBody struct {
	SID       string   `xml:"sid,attr"`
	Type      string   `xml:"type,attr"`
	Condition string   `xml:"condition,attr"`
	Stanzas   []spoken `xml:",any"`
}

// boshSession is a session of a regular client over BOSH: one that has up to two requests
// open, gives some up, and asks again.
type boshSession struct {
	*regular
	f      *fixture
	sid    string
	rid    int
	done   int // the last RID whose answer was taken in
	acks   bool
	keys   []string // of what is left of the sequence
	open   map[int]*asked
	came   map[int]*soakBody
	answer chan answered
}

// asked is a request that is under way.
type asked struct {
	body   string
	cancel context.CancelFunc
	times  int
}

// answered is how one try of a request ended.
type answered struct {
	rid  int
	body string
	err  error
}

func boshTalk(c *regular, _ *era) error {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	s := &boshSession{regular: c, f: &fixture{url: c.at.url, client: &http.Client{Transport: transport}}, rid: c.rng.IntN(1 << 40), acks: c.rng.IntN(2) == 0,
		open: map[int]*asked{}, came: map[int]*soakBody{}, answer: make(chan answered)}
	defer func() {
		for _, a := range s.open {
			a.cancel()
		}
		for n := len(s.open); n > 0; n-- {
			<-s.answer
		}
	}()
	if err := s.create(); err != nil {
		return err
	}
	c.sessions.Add(1)
	s.send("", resumption(c.id, c.heard))
	return s.run()
}

func (s *boshSession) create() error {
	// A wait that is longer than a busy machine takes to send a request again: one that
	// is over while an earlier request is missing ends the session.
	attributes := fmt.Sprintf(` rid="%d" to="a.example" ver="1.11" hold="1" wait="%d"`, s.rid, 10+s.rng.IntN(10))
	if s.acks {
		attributes += ` ack="1"`
	}
	if s.rng.IntN(4) == 0 {
		s.keys = sequence(fmt.Sprint(s.id, s.rid), 1000)
		attributes += newkey(s.keys[0])
		s.keys = s.keys[1:]
	}
	s.done = s.rid
	rsp, err := s.f.do(context.Background(), `<body xmlns="`+binding+`"`+attributes+`/>`)
	if err != nil {
		return err
	}
	defer rsp.Body.Close()
	if rsp.StatusCode == http.StatusServiceUnavailable || rsp.StatusCode == http.StatusTooManyRequests {
		return &drainedError{"refused: " + rsp.Status}
	}
	all, err := io.ReadAll(rsp.Body)
	if err != nil {
		return err
	}
	b, err := s.read(string(all))
	if err != nil {
		return err
	}
	s.sid = b.SID
	_, err = s.takeIn(b)
	return err
}

func (s *boshSession) read(body string) (*soakBody, error) {
	b := &soakBody{}
	if err := xml.Unmarshal([]byte(body), b); err != nil {
		return nil, fmt.Errorf("%w: %.200s", err, body)
	}
	return b, nil
}

// takeIn hears what an answer says. It returns what is to be said again.
func (s *boshSession) takeIn(b *soakBody) (again []string, err error) {
	for i := range b.Stanzas {
		more, _, err := s.hear(&b.Stanzas[i])
		if err != nil {
			return nil, err
		}
		again = append(again, more...)
	}
	switch {
	case b.Type == "":
		return again, nil
	case b.Condition == "system-shutdown", b.Condition == "item-not-found":
		return nil, &drainedError{b.Condition}
	}
	return nil, fmt.Errorf("type %q, condition %q", b.Type, b.Condition)
}

// send sends the next request.
func (s *boshSession) send(attributes, payload string) {
	s.rid++
	if s.acks && s.done != s.rid-1 {
		attributes += fmt.Sprintf(` ack="%d"`, s.done)
	}
	switch len(s.keys) {
	case 0:
	case 1: // the sequence ends, and the next begins (XEP-0124 §15.5)
		next := sequence(fmt.Sprint(s.id, s.rid), 1000)
		attributes += key(s.keys[0]) + newkey(next[0])
		s.keys = next[1:]
	default:
		attributes += key(s.keys[0])
		s.keys = s.keys[1:]
	}
	a := &asked{body: requestBody(s.sid, itoa(s.rid), attributes, payload)}
	s.open[s.rid] = a
	s.try(s.rid, a)
}

// try sends a request, the first time or again.
func (s *boshSession) try(rid int, a *asked) {
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	a.times++
	go func() {
		defer cancel()
		body, err := s.f.try(ctx, a.body)
		s.answer <- answered{rid, body, err}
	}()
}

func (s *boshSession) run() error {
	tick, end := time.NewTimer(s.pause()), time.Now().Add(s.length())
	defer tick.Stop()
	var outbox []string
	resumed, leaving := false, false
	for {
		over := s.w.ending() || time.Now().After(end)
		// The window is of two from the first that has no answer: of more, the manager need
		// not keep the answers (XEP-0124 §14.3).
		room := s.rid < s.done+2
		switch {
		case leaving:
		case len(outbox) > 0 && room:
			n := min(len(outbox), 3) // 60 KB each at most, and a body has its limit
			s.send("", strings.Join(outbox[:n], ""))
			outbox = outbox[n:]
		case resumed && over && len(outbox) == 0 && s.heard == s.said && room:
			leaving = true
			s.send(`type="terminate"`, "")
		case len(s.open) == 0:
			s.send("", "")
		}
		select {
		case <-tick.C:
			if resumed && !over {
				outbox = append(outbox, s.burst()...)
			}
			if s.rng.IntN(6) == 0 { // the network breaks, and the client asks again
				for _, a := range s.open {
					if a.times == 1 {
						a.cancel()
						break
					}
				}
			}
			tick.Reset(s.pause())
		case got := <-s.answer:
			a := s.open[got.rid]
			if errors.Is(got.err, context.Canceled) {
				s.repeats.Add(1)
				s.try(got.rid, a)
				continue
			}
			if got.err != nil {
				delete(s.open, got.rid)
				return got.err
			}
			b, err := s.read(got.body)
			if err == nil && b.Type == "error" && a.times < 10 {
				// What was given up came to the proxy after its repetition, whose place
				// it took: all that has no answer is sent again (XEP-0124 §17.3).
				s.repeats.Add(1)
				s.try(got.rid, a)
				continue
			}
			if delete(s.open, got.rid); err != nil {
				return err
			}
			s.came[got.rid] = b
			for b := s.came[s.done+1]; b != nil; b = s.came[s.done+1] {
				s.done++
				delete(s.came, s.done)
				if leaving && b.Type == "terminate" && b.Condition == "" {
					return errOver
				}
				begins := resumed
				for _, st := range b.Stanzas {
					begins = begins || st.Resume != nil
				}
				again, err := s.takeIn(b)
				if err != nil {
					return err
				}
				resumed = begins
				outbox = append(outbox, again...)
			}
		}
	}
}

package bosh

import (
	"encoding/xml"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"
)

// regular is a well-behaved client, which must not notice what happens around it. It
// exchanges numbered messages with the server in one session after the other: a
// session may only end when its proxy is drained, or by the client's own wish.
type regular struct {
	w    *soak
	id   string
	at   *place
	rng  *rand.Rand
	talk func(*regular, *era) error // one session, of either transport

	said, heard int

	sessions, resumed, messages, repeats atomic.Int64
}

// errOver is that the client has said goodbye in good order.
var errOver = errors.New("the session ended as the client wished")

// drainedError is a session's end of the kind that a drain explains, and nothing
// else does.
type drainedError struct{ how string }

func (e *drainedError) Error() string { return e.how }

// live has sessions until the soak is over.
func (c *regular) live() {
	for refusals := 0; ; {
		e := c.w.now.Load()
		err := c.talk(c, e)
		var drained *drainedError
		switch {
		case errors.Is(err, errOver):
			if c.w.ending() {
				if got := c.w.echo.received(c.id); got != c.said || c.heard != c.said {
					c.w.fault("%s said %d, the server has %d, and %d came back", c.id, c.said, got, c.heard)
				}
				return
			}
			refusals = 0
		case errors.As(err, &drained) && e.ending.Load():
			if !strings.HasPrefix(drained.how, "refused") {
				c.resumed.Add(1)
				refusals = 0 // there was a session in between
			} else {
				if refusals++; refusals > 300 { // a drain takes seconds
					c.w.fault("%s finds no proxy: %v", c.id, err)
					return
				}
				time.Sleep(200 * time.Millisecond)
			}
		default:
			c.w.fault("%s (said %d, heard %d) lost its session: %v", c.id, c.said, c.heard, err)
			return
		}
	}
}

// burst are the next few messages; it may be called once the client has resumed.
func (c *regular) burst() (all []string) {
	for range 1 + c.rng.IntN(4) {
		c.said++
		c.messages.Add(1)
		all = append(all, countedMessage(c.id, c.said))
	}
	return all
}

// pause is the time until the next burst.
func (c *regular) pause() time.Duration {
	return time.Duration(100+c.rng.IntN(500)) * time.Millisecond
}

// length is how long a session lasts unless it is drained.
func (c *regular) length() time.Duration {
	return c.w.length/6 + time.Duration(c.rng.Int64N(int64(c.w.length)))
}

// hear takes in what the server says. What is to be said again after a resumption
// is returned.
func (c *regular) hear(st *spoken) (again []string, resumed bool, err error) {
	switch {
	case st.XMLName.Local == "features":
	case st.Resume != nil:
		if st.Resume.Have > c.said || st.Resume.Have < c.heard {
			return nil, false, fmt.Errorf("the server has %d messages", st.Resume.Have)
		}
		for n := st.Resume.Have + 1; n <= c.said; n++ {
			again = append(again, countedMessage(c.id, n))
		}
		return again, true, nil
	case st.XMLName.Local == "message":
		if st.ID != c.id || st.N != c.heard+1 || st.Body != text(c.id, st.N) {
			return nil, false, fmt.Errorf("message %d of %s came after %d: %.80q", st.N, st.ID, c.heard, st.Body)
		}
		c.heard++
	default:
		return nil, false, fmt.Errorf("<%s/> from nowhere", st.XMLName.Local)
	}
	return nil, false, nil
}

// understood reads a stanza.
func understood(s string) (*spoken, error) {
	st := &spoken{}
	if err := xml.Unmarshal([]byte(s), st); err != nil {
		return nil, fmt.Errorf("%w: %.200s", err, s)
	}
	return st, nil
}

package bosh

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestRIDWindow lets a client talk over a network that reorders, doubles, loses and
// aborts, and a server say something at any time. Whatever happens, the server gets
// every stanza of the client once and in order, the client has every stanza of the
// server once and in order when it puts answers into the order of its requests, and
// an answer that comes again is the same.
func TestRIDWindow(t *testing.T) {
	for range 10 { // what it has found was rarer than its own number of tries
		rapid.Check(t, tryRIDWindow(t))
	}
}

func tryRIDWindow(t *testing.T) func(*rapid.T) {
	return func(rt *rapid.T) {
		m := &model{
			hold:  rapid.IntRange(1, 3).Draw(rt, "hold"),
			acks:  rapid.Bool().Draw(rt, "acks"),
			steps: rapid.SliceOfN(rapid.Custom(drawStep), 1, 60).Draw(rt, "steps"),
			last:  1000, answers: map[int]string{},
		}
		var problem string
		synctest.Test(t, func(t *testing.T) { problem = m.play(t) })
		if problem != "" {
			rt.Fatal(problem)
		}
	}
}

// step is something that happens; which says to which of the requests on the way, or
// of the open connections.
type step struct {
	kind  string
	which int
}

func drawStep(rt *rapid.T) step {
	return step{
		rapid.SampledFrom([]string{"emit", "emit", "arrive", "arrive", "arrive", "double", "abort", "lose", "say", "say", "stall", "tick"}).Draw(rt, "kind"),
		rapid.IntRange(0, 7).Draw(rt, "which"),
	}
}

// model is the client and the network.
type model struct {
	hold  int
	acks  bool
	steps []step

	*lab
	requests int
	last     int            // the newest RID that the client used
	bodies   map[int]string // what it sent
	answers  map[int]string // what it got, by RID
	way      []int          // RIDs of requests on their way
	open     []connection
	said     int
	resume   func() // not nil while the server does not read
}

type connection struct {
	rid  int
	call *call
}

func (m *model) play(t *testing.T) (problem string) {
	m.lab = newLab(t, Options{Limits: Limits{Hold: m.hold, Gap: time.Hour, StanzaRate: 1 << 20, ByteRate: 1 << 30}})
	defer m.close()
	attributes := fmt.Sprintf(`ver="1.11" wait="59" hold="%d"`, m.hold)
	if m.acks {
		attributes += ` ack="1"`
	}
	m.create(attributes)
	m.requests, m.bodies = m.hold+1, map[int]string{}
	for _, s := range m.steps {
		m.do(s)
		if s.which%3 == 0 && s.kind != "lose" {
			continue // the client is slow to read
		}
		if problem = m.read(); problem != "" {
			return problem
		}
	}
	return m.finish()
}

func (m *model) do(s step) {
	which := func(n int) int { return s.which % max(n, 1) }
	switch s.kind {
	case "emit":
		// As many as are allowed, and none too far from the oldest without answer.
		if m.last+1-m.oldest() < m.requests {
			m.emit(numbered(fmt.Sprintf("up %d", m.last+1)))
		}
	case "arrive", "double":
		if len(m.way) == 0 {
			return
		}
		i := which(len(m.way))
		rid := m.way[i]
		if s.kind == "arrive" {
			m.way = slices.Delete(m.way, i, i+1)
		}
		if rid+m.requests >= m.last { // older ones nobody has the answers of any more
			m.open = append(m.open, connection{rid, m.send(m.bodies[rid])})
		}
	case "abort":
		if len(m.open) > 0 {
			c := m.open[which(len(m.open))]
			c.call.hangUp()
			synctest.Wait()
			m.way = append(m.way, c.rid)
		}
	case "lose": // of what was answered, the connection breaks before the client reads
		for i, c := range m.open {
			if c.call.answered() {
				m.open = slices.Delete(m.open, i, i+1)
				m.way = append(m.way, c.rid)
				return
			}
		}
	case "say":
		m.said++
		m.peers[0].say(numbered(fmt.Sprintf("down %d", m.said)))
	case "stall":
		if m.resume != nil {
			m.resume()
			m.resume = nil
			return
		}
		m.resume = m.peers[0].stall()
	case "tick":
		time.Sleep(500 * time.Millisecond) // all of them are shorter than a wait
	}
}

func (m *model) emit(payload string) {
	m.last++
	attributes := ""
	if acked := m.oldest() - 1; m.acks && acked < m.last-1 {
		attributes = fmt.Sprintf(`ack="%d"`, acked)
	}
	m.bodies[m.last] = requestBody(m.sid, itoa(m.last), attributes, payload)
	m.way = append(m.way, m.last)
}

// oldest is the first RID that the client has no answer to.
func (m *model) oldest() int {
	for rid := 1001; ; rid++ {
		if _, ok := m.answers[rid]; !ok {
			return rid
		}
	}
}

// read lets the client read the answers that are there.
func (m *model) read() (problem string) {
	for i := 0; i < len(m.open); i++ {
		c := m.open[i]
		if !c.call.answered() {
			continue
		}
		m.open = slices.Delete(m.open, i, i+1)
		i--
		got := c.call.body()
		before, again := m.answers[c.rid]
		switch {
		case got == "" || strings.Contains(got, `type="error"`): // hung up, or repeated elsewhere
		case strings.Contains(got, `type="terminate"`):
			return fmt.Sprintf("request %d ended the session: %s", c.rid, got)
		case again && before != got:
			return fmt.Sprintf("request %d got %s and then %s", c.rid, before, got)
		default:
			m.answers[c.rid] = got
		}
	}
	return ""
}

// finish lets everything arrive, and compares.
func (m *model) finish() string {
	if m.resume != nil {
		m.resume()
	}
	for range 200 {
		if problem := m.read(); problem != "" {
			return problem
		}
		for rid := m.oldest(); rid <= m.last; rid++ {
			_, answered := m.answers[rid]
			if !answered && !slices.ContainsFunc(m.open, func(c connection) bool { return c.rid == rid }) {
				m.open = append(m.open, connection{rid, m.send(m.bodies[rid])})
			}
		}
		if problem := m.read(); problem != "" {
			return problem
		}
		if m.received() == m.said && m.last+1-m.oldest() <= m.hold {
			break
		}
		time.Sleep(3 * time.Second)
		if m.last+1-m.oldest() < m.requests {
			m.emit("")
		}
	}
	var up, want []string
	for _, part := range strings.Split(m.peers[0].got(), "<body>up ")[1:] {
		n, _, _ := strings.Cut(part, "<")
		up = append(up, n)
	}
	for rid := 1001; rid <= m.last; rid++ {
		if strings.Contains(m.bodies[rid], "<body>up ") {
			want = append(want, itoa(rid))
		}
	}
	if !slices.Equal(up, want) {
		return fmt.Sprintf("the server got %v of %v", up, want)
	}
	if got := m.downstream(); got != m.sequence() {
		return fmt.Sprintf("the client got %q of %q", got, m.sequence())
	}
	return ""
}

// downstream is what the client has read, in the order of its requests.
func (m *model) downstream() (all string) {
	for rid := 1001; rid < m.oldest(); rid++ {
		var body struct {
			Messages []string `xml:"message>body"`
		}
		if err := xml.Unmarshal([]byte(m.answers[rid]), &body); err != nil {
			return err.Error()
		}
		all += strings.Join(append(body.Messages, ""), ",")
	}
	return all
}

func (m *model) received() int { return strings.Count(m.downstream(), ",") }

func (m *model) sequence() (all string) {
	for n := 1; n <= m.said; n++ {
		all += fmt.Sprintf("down %d,", n)
	}
	return all
}

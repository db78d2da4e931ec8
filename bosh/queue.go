package bosh

import (
	"slices"

	"chatproxy/xmpp"
)

// item is something that a client is to be told: a stanza of a stream, or
// that a stream begins or is over.
type item struct {
	of        *stream
	stanza    xmpp.Stanza
	begins    bool
	over      bool
	condition Condition // why it is over; empty if the client closed it
}

// saying is what one response has room for: stanzas of one stream
// (XEP-0124 §16.4), and that it begins or is over.
type saying struct {
	of           *stream // nil if there is nothing to say
	begins, over bool
	condition    Condition
	stanzas      []xmpp.Stanza
}

// deliver queues a stanza for the client; flush answers with it. While the queue is
// full it waits, so the server's stream is not read and TCP slows the server down:
// memory stays bounded whatever a client does not fetch (CWE-770).
func (s *session) deliver(st *stream, up *xmpp.Stream, stanza xmpp.Stanza) {
	stanza, pass := s.fromServer(st, up, stanza)
	if !pass {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queueBytes >= s.m.o.Limits.Queue {
		s.flush()
	}
	for s.queueBytes >= s.m.o.Limits.Queue && s.has(st) {
		s.roomy.Wait()
	}
	if !s.has(st) {
		return
	}
	if stanza.Is(nsSASL, "success") { // RFC 6120 §6.4.6: a restart must follow
		st.succeeded = true
	}
	s.enqueue(item{of: st, stanza: stanza})
}

func (s *session) enqueue(i item) {
	s.queue = append(s.queue, i)
	s.queueBytes += len(i.stanza.XML)
}

// take takes out of the queue what goes into one response.
func (s *session) take() (said saying) {
	n := 0
	for _, i := range s.queue {
		if said.of != nil && i.of != said.of || i.begins && n > 0 || said.over {
			break
		}
		said.of = i.of
		said.begins = said.begins || i.begins
		said.over, said.condition = i.over, i.condition
		if i.stanza.XML != nil {
			said.stanzas = append(said.stanzas, i.stanza)
			s.queueBytes -= len(i.stanza.XML)
		}
		n++
	}
	if n == len(s.queue) {
		s.queue = nil // an idle session keeps no memory for it
	} else {
		s.queue = slices.Delete(s.queue, 0, n)
	}
	s.roomy.Broadcast()
	return said
}

// say writes the response to the request rid.
func (s *session) say(rid int64, said saying) response {
	var a []attribute
	if s.asked != nil {
		a = s.announcement(rid)
		s.asked = nil
	} else {
		a = s.ackAttributes(rid)
	}
	if said.of == nil {
		return response{body: makeBody(a, nil)}
	}
	// Only once there are several: clients that know of one stream are not
	// to be told of streams.
	if s.several {
		a = append(a, attribute{"stream", said.of.name})
	}
	if said.begins {
		a = append(a, attribute{"from", s.m.o.Domain})
	}
	a = append(a, said.of.introduce()...)
	if said.over {
		a = append(a, terminate(said.condition)...)
	}
	return response{body: makeBody(a, said.stanzas)}
}

package relay

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// webSocket passes a WebSocket on, frame by frame.
func (r *Relay) webSocket(w http.ResponseWriter, req *http.Request) {
	upstream, err := net.Dial("tcp", r.o.Target)
	if err != nil {
		cutClient(w)
		return
	}
	defer upstream.Close()
	defer r.keep(upstream)()
	out := req.Clone(req.Context())
	r.address(out)
	if err := out.Write(upstream); err != nil {
		cutClient(w)
		return
	}
	fromServer := bufio.NewReader(upstream)
	rsp, err := http.ReadResponse(fromServer, out)
	if err != nil {
		cutClient(w)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	defer r.keep(client)()
	_ = client.SetDeadline(time.Time{})
	if err := rsp.Write(client); err != nil || rsp.StatusCode != http.StatusSwitchingProtocols {
		return
	}
	r.frames(client, buffered.Reader, upstream, fromServer)
}

// plan is what will happen to one WebSocket.
type plan struct {
	number uint64
	kind   Kind // "" if it is not cut
	after  int  // how many frames of the direction pass
	reset  bool // by a reset, or with a proper end of the TCP stream
}

func (r *Relay) plan() plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := plan{number: r.sockets}
	r.sockets++
	if r.cuts == r.o.Cuts {
		return p
	}
	source := dice{r.o.Seed}.source(p.number)
	p.kind = r.deck[r.cuts%len(r.deck)]
	// Not before the client is logged in, or has resumed its session and sent
	// again what was lost: stanza and nbxmpp lose messages when they are cut off
	// while they do that, whoever their server is.
	p.after = 120 + source.IntN(80)
	p.reset = source.IntN(2) == 0
	return p
}

// frames passes frames both ways until one side is gone or the plan cuts.
func (r *Relay) frames(client net.Conn, fromClient *bufio.Reader, server net.Conn, fromServer *bufio.Reader) {
	p := r.plan()
	end := sync.OnceFunc(func() {
		if p.reset {
			cut(client)
			cut(server)
		}
		_ = client.Close()
		_ = server.Close()
	})
	var both sync.WaitGroup
	both.Go(func() { defer end(); r.direction(p, CutBetweenUp, CutInsideUp, fromClient, server) })
	both.Go(func() { defer end(); r.direction(p, CutBetweenDown, CutInsideDown, fromServer, client) })
	both.Wait()
}

// direction passes frames one way. between and inside are the cuts of this way.
func (r *Relay) direction(p plan, between, inside Kind, from *bufio.Reader, to net.Conn) {
	source := dice{r.o.Seed}.source(p.number, uint64(len(between)))
	for n := 0; ; n++ {
		frame, err := readFrame(from)
		if err != nil {
			return
		}
		now := n >= p.after
		switch {
		case now && p.kind == inside && len(frame) > 8:
			if r.mayCut(inside) {
				_, _ = to.Write(frame[:len(frame)/2]) // it is to be lost
				return
			}
		case now && p.kind == between:
			if r.mayCut(between) {
				_, _ = to.Write(frame)
				return
			}
		}
		switch pick(source, frameKinds, r.o.Frames) {
		case SplitFrame:
			r.count(SplitFrame)
			if _, err := to.Write(frame[:len(frame)/2]); err != nil {
				return
			}
			frame = frame[len(frame)/2:]
			time.Sleep(time.Millisecond) // or TCP would put them together
		case DelayFrame:
			r.count(DelayFrame)
			time.Sleep(time.Duration(1+source.IntN(20)) * time.Millisecond)
		}
		if _, err := to.Write(frame); err != nil {
			return
		}
	}
}

// mayCut counts a cut, unless there were enough.
func (r *Relay) mayCut(k Kind) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cuts == r.o.Cuts {
		return false
	}
	r.cuts++
	r.injected[k]++
	return true
}

// readFrame reads one frame as it stands on the wire (RFC 6455 §5.2).
func readFrame(from *bufio.Reader) ([]byte, error) {
	head, err := from.Peek(2)
	if err != nil {
		return nil, err
	}
	size, extra := uint64(head[1]&0x7f), 0
	switch size {
	case 126:
		extra = 2
	case 127:
		extra = 8
	}
	if head, err = from.Peek(2 + extra); err != nil {
		return nil, err
	}
	switch extra {
	case 2:
		size = uint64(binary.BigEndian.Uint16(head[2:]))
	case 8:
		size = binary.BigEndian.Uint64(head[2:])
	}
	size += uint64(2 + extra)
	if head[1]&0x80 != 0 {
		size += 4 // the mask
	}
	if size > 16<<20 {
		return nil, fmt.Errorf("a frame of %d bytes", size)
	}
	frame := make([]byte, size)
	_, err = io.ReadFull(from, frame)
	return frame, err
}

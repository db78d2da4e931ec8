package bosh

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chatproxy/xmpp"
)

var (
	soakTime = flag.Duration("soak", 5*time.Second, "how long TestBridgeSoak goes on; make soak asks for 30 minutes")
	soakSeed = flag.Uint64("soakseed", 0, "the seed of TestBridgeSoak; 0 is a new one")
)

// soak is the world of TestBridgeSoak: a bridge, replaced now and then by the next, with
// a crowd of regular clients and others who do what they should not.
//
// Every place is an address of its own from which clients come, as far as the bridge
// can see, so that what one does must not cost the others.
type soak struct {
	t      *testing.T
	length time.Duration
	echo   *echo
	srv    *http.Server
	now    atomic.Pointer[era]
	finish atomic.Bool // the regular clients are to come to an end
	dials  sync.Map    // from the address of a place: its own server

	mu     sync.Mutex
	places []*place
	eras   []*era
	faults int
	counts map[string]int // how often each mischief was done
	cut    int            // and how often a drain came in between

	longest time.Duration // that it took to close a bridge
	said    recent        // by the bridge
}

// place is an address of clients.
type place struct{ url, ip string }

// era is the time of one bridge.
type era struct {
	bridge *Bridge
	mux    *http.ServeMux
	ending atomic.Bool // its drain has begun, or is about to
}

const soakSeats = 8 // of each address

// soakLimits are short where time passes. What depends on how fast the machine is has
// room for one that is five times too busy.
func (w *soak) limits() Limits {
	return Limits{
		SessionsPerAddress: soakSeats, NewSessionsPerAddress: 20, Sessions: 2000,
		StanzaRate: 50, Flood: time.Second,
		Wait: 20 * time.Second, Inactivity: 20 * time.Second, MaxPause: 3 * time.Second, Gap: 8 * time.Second,
		Handshake: 8 * time.Second, Write: 15 * time.Second, Ping: 3 * time.Second,
		LoginFailuresPerAddress: 1000,
	}
}

// short is a run in the ordinary tests, where no limit is waited for.
func (w *soak) short() bool { return w.length < time.Minute }

// fault says that something is wrong with the bridge.
func (w *soak) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.faults++; w.faults <= 20 { // the first tell the most
		w.t.Errorf(time.Now().Format(time.TimeOnly)+" "+format, args...)
	}
	if w.faults == 1 {
		w.t.Logf("what the bridge logged before that:\n%s", w.said.last())
	}
}

// recent keeps the end of a log.
type recent struct {
	mu    sync.Mutex
	lines [60]string
	n     int
}

func (r *recent) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines[r.n%len(r.lines)] = string(p)
	r.n++
	return len(p), nil
}

func (r *recent) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.n % len(r.lines)
	return strings.Join(append(slices.Clone(r.lines[at:]), r.lines[:at]...), "")
}

func (w *soak) ending() bool { return w.finish.Load() }

// Write takes the log of the HTTP server, in which panics are.
func (w *soak) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("panic")) {
		w.fault("%s", p)
	}
	return len(p), nil
}

// ServeHTTP is what stands before the bridge.
func (w *soak) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.now.Load().mux.ServeHTTP(rw, r)
}

// begin makes the next bridge.
func (w *soak) begin(spread time.Duration) *era {
	b, err := New(Options{
		Domain: domain, Limits: w.limits(), Drain: Drain{Spread: spread}, Compress: true,
		Log:         slog.New(slog.NewTextHandler(&w.said, nil)),
		AllowOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == site },
		ClientAddress: func(r *http.Request) string { // by the place at which the client knocks
			return r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr).IP.String()
		},
		Dial: func(ctx context.Context) (*xmpp.Stream, error) {
			if dial, ok := w.dials.Load(xmpp.Client(ctx).Addr()); ok {
				return dial.(func(context.Context) (*xmpp.Stream, error))(ctx)
			}
			return w.echo.dial(ctx)
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	e := &era{bridge: b, mux: http.NewServeMux()}
	e.mux.Handle("/http-bind", b.BOSH)
	e.mux.Handle("/xmpp-websocket", b.WebSocket)
	w.eras = append(w.eras, e)
	return e
}

// drain replaces the bridge, as a new process would: it is there when the old one begins
// to let its clients go, or only when that is gone.
func (w *soak) drain(rng *rand.Rand) {
	old := w.now.Load()
	old.ending.Store(true)
	next, overlapping := w.begin(time.Duration(rng.IntN(3))*time.Second), rng.IntN(2) == 0
	if overlapping {
		w.now.Store(next)
	}
	w.close(old)
	w.now.Store(next)
}

// close ends a bridge, of which nothing may be left.
func (w *soak) close(e *era) {
	e.ending.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	begun := time.Now()
	if err := e.bridge.Close(ctx); err != nil {
		w.fault("after %v: %v", time.Since(begun), err)
		return
	}
	w.mu.Lock()
	w.longest = max(w.longest, time.Since(begun))
	w.mu.Unlock()
	w.wait("seats of a bridge that is closed", 0, (&fixture{bridge: e.bridge}).taken)
	ws := e.bridge.WebSocket
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if len(ws.sockets) > 0 {
		w.fault("%d sockets are left in a bridge that is closed", len(ws.sockets))
	}
}

// watch tells when the machine stood still, which sessions with time-outs may not
// survive through no fault of the bridge.
func (w *soak) watch(stop <-chan struct{}) {
	for last := time.Now(); ; last = time.Now() {
		select {
		case <-stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
		if late := time.Since(last); late > 2*time.Second {
			w.t.Logf("%s the machine stood still for %v", time.Now().Format(time.TimeOnly), late)
		}
	}
}

// place makes an address for clients to come from.
func (w *soak) place() *place {
	n := len(w.places)
	ip := netip.AddrFrom4([4]byte{127, 0, 1 + byte(n/200), 1 + byte(n%200)})
	l, err := net.Listen("tcp", netip.AddrPortFrom(ip, 0).String())
	if err != nil {
		w.t.Fatal(err)
	}
	go func() { _ = w.srv.Serve(l) }()
	p := &place{"http://" + l.Addr().String(), ip.String()}
	w.places = append(w.places, p)
	return p
}

// heap is what is in use, garbage aside.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// wait waits until there are no more than most.
func (w *soak) wait(what string, most int, now func() int) {
	n := now()
	for deadline := time.Now().Add(2 * time.Minute); n > most; n = now() {
		if time.Now().After(deadline) {
			w.fault("%d %s are left", n, what)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestBridgeSoak holds sessions for a time while everything around them goes wrong. No
// regular client may lose, double or reorder a message, or lose its session but to a
// drain; every mischief has its defined answer; and in the end nothing is left.
func TestBridgeSoak(t *testing.T) {
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-soak %v -soakseed %d", *soakTime, seed)
	leavesNothing(t, "soak", math.MaxUint64, func(t *testing.T) {
		w := &soak{t: t, length: *soakTime, counts: map[string]int{}}
		w.run(rand.New(rand.NewPCG(seed, 0)))
	})
}

func (w *soak) run(rng *rand.Rand) {
	before, begun := heap(), time.Now()
	var err error
	if w.echo, err = newEcho(w.fault); err != nil {
		w.t.Fatal(err)
	}
	w.srv = &http.Server{Handler: w, ReadHeaderTimeout: 5 * time.Second, ErrorLog: log.New(w, "", 0)}
	w.now.Store(w.begin(0))

	var crowd sync.WaitGroup
	clients := w.crowd(rng, &crowd)
	kinds := mischief(w)
	stop := make(chan struct{})
	var others sync.WaitGroup
	for range 10 {
		others.Go(func(seed uint64) func() {
			return func() { w.mischievous(rand.New(rand.NewPCG(seed, 1)), kinds, stop) }
		}(rng.Uint64()))
	}
	drains := w.drains(rand.New(rand.NewPCG(rng.Uint64(), 2)), &others)

	others.Go(func() { w.watch(stop) })

	// The heap with everybody there.
	var heaps []uint64
	sample := time.NewTicker(min(w.length/5, time.Minute))
	defer sample.Stop()
	for time.Since(begun) < w.length || len(w.missing(kinds)) > 0 && time.Since(begun) < w.length+2*time.Minute {
		select {
		case <-sample.C:
			heaps = append(heaps, heap())
		case <-time.After(50 * time.Millisecond):
		}
	}
	left := time.Now()
	close(stop)
	others.Wait()
	w.finish.Store(true)
	crowd.Wait()
	for _, k := range w.missing(kinds) {
		w.fault("never happened: %s", k.name)
	}

	// Everybody is gone, so that all seats are free: those of who vanished after the
	// inactivity, which the short run does not wait for.
	if w.short() {
		w.drain(rng)
	}
	last := w.now.Load()
	f := &fixture{t: w.t, bridge: last.bridge}
	w.wait("seats", 0, f.taken)
	w.wait("streams to the server", 0, w.echo.connections)
	for _, p := range w.places {
		w.fills(p)
	}
	w.close(last)
	w.echo.close()
	_ = w.srv.Close()
	w.report(clients, drains.Load(), before, heaps)
	w.t.Logf("it took %v, of which %v after everybody was asked to leave", time.Since(begun).Round(time.Second), time.Since(left).Round(time.Second))
}

// crowd lets the regular clients live.
func (w *soak) crowd(rng *rand.Rand, live *sync.WaitGroup) (all []*regular) {
	for i := range 8 {
		at := w.place()
		for j := range 6 {
			c := &regular{w: w, id: fmt.Sprintf("c%d-%d", i, j), at: at, rng: rand.New(rand.NewPCG(rng.Uint64(), 3)), talk: boshTalk}
			if j%2 == 1 {
				c.talk = webTalk
			}
			all = append(all, c)
			live.Go(c.live)
		}
	}
	return all
}

// drains replaces the bridge now and then.
func (w *soak) drains(rng *rand.Rand, work *sync.WaitGroup) *atomic.Int64 {
	n := &atomic.Int64{}
	mean := min(w.length/3, 30*time.Second)
	end := time.Now().Add(w.length)
	work.Go(func() {
		for {
			pause := mean/2 + time.Duration(rng.Int64N(int64(mean)))
			if time.Now().Add(pause).After(end) {
				return
			}
			time.Sleep(pause)
			w.drain(rng)
			n.Add(1)
		}
	})
	return n
}

// fills sees to it that an address can have as many sessions as it may, and no more.
func (w *soak) fills(p *place) {
	e := &episode{TB: w.t, w: w}
	defer e.end()
	f := e.fixture(w.now.Load(), p)
	f.t = w.t
	for n := 0; ; n++ {
		status, _, got := f.status(createBody(`wait="1" hold="1"`))
		switch sid := value(got, "sid"); {
		case sid != "" && n >= soakSeats, sid == "" && n < soakSeats, sid == "" && status != http.StatusTooManyRequests:
			w.fault("session %d of an address gets %d %.200s", n+1, status, got)
			return
		case sid == "":
			return
		}
	}
}

// report checks the memory and tells what was.
func (w *soak) report(clients []*regular, drains int64, before uint64, heaps []uint64) {
	var sessions, resumed, messages, repeats int64
	for _, c := range clients {
		sessions, resumed = sessions+c.sessions.Load(), resumed+c.resumed.Load()
		messages, repeats = messages+c.messages.Load(), repeats+c.repeats.Load()
	}
	w.t.Logf("%d regular clients: %d sessions, %d ended by %d drains, of which the longest took %v; %d messages each way, %d requests given up and repeated",
		len(clients), sessions, resumed, drains, w.longest.Round(time.Millisecond), messages, repeats)
	if drains == 0 || messages == 0 || repeats == 0 || resumed == 0 {
		w.fault("this was no test")
	}
	var names []string
	for name, n := range w.counts {
		names = append(names, fmt.Sprintf("%6d  %s", n, name))
	}
	sort.Slice(names, func(i, j int) bool { return names[i][8:] < names[j][8:] })
	w.t.Logf("mischief, of which %d more were cut short by a drain:\n%s", w.cut, strings.Join(names, "\n"))
	w.t.Logf("heap before %d KiB; with everybody, after each interval: %v KiB", before>>10, inKiB(heaps))

	// A third more than in the first minutes and 16 MiB, for what a stalled stream may
	// hold at this very moment; and the middle one of three, for the same reason.
	if n := len(heaps); n >= 2 {
		first, last := middle(heaps[:min(3, n-1)]), middle(heaps[max(1, n-3):])
		if last > first+first/3+16<<20 {
			w.fault("the heap grows: %d KiB at the beginning, %d KiB at the end", first>>10, last>>10)
		}
	}
	w.eras = nil
	w.wait("MiB of heap", int(before>>20)+8, func() int { return int(heap() >> 20) })
}

func inKiB(all []uint64) (k []uint64) {
	for _, n := range all {
		k = append(k, n>>10)
	}
	return k
}

func middle(all []uint64) uint64 {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

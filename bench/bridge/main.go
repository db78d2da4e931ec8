// Command bridge measures chatproxy's BOSH and WebSocket beside those of Prosody and
// ejabberd: the memory of idle sessions, messages in a second, the delay that the
// bridge adds, and whether sessions that are held get lost. Everything runs on this
// machine, on loopback. ../README.md says how to read the tables.
//
// It needs prosody, ejabberd and tsung (Debian packages) and runs in the module's root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"chatproxy/bench/server"
)

// options say how much is measured.
type options struct {
	chatproxy string
	idle      int           // sessions whose memory is measured
	server    string        // the one whose memory is measured, "" for all
	settle    time.Duration // from the last one's login to the measurement
	rounds    int
	warmup    time.Duration
	duration  time.Duration // of one measurement
	busy      int           // sessions that send
	window    int           // messages of each that are under way
	held      int           // sessions that are held
	hold      time.Duration
}

// A part is one comparison.
type part struct {
	name string
	run  func(*bench, context.Context, options) error
}

var parts = []part{
	{"memory", (*bench).memory},
	{"throughput", (*bench).throughput},
	{"latency", (*bench).latency},
	{"hold", (*bench).hold},
	{"tsung", (*bench).tsung},
}

func main() {
	var o options
	flag.StringVar(&o.chatproxy, "chatproxy", "bin/chatproxy", "the chatproxy `binary`")
	flag.IntVar(&o.idle, "idle", 5000, "idle sessions whose memory is measured")
	flag.StringVar(&o.server, "server", "", "measure the memory of this `server` only: chatproxy, Prosody or ejabberd")
	flag.DurationVar(&o.settle, "settle", 20*time.Second, "time between the last login and the measurement of memory")
	flag.IntVar(&o.rounds, "rounds", 5, "measured rounds; at least 3 make a median")
	flag.DurationVar(&o.warmup, "warmup", time.Second, "length of the warm-up before each measurement")
	flag.DurationVar(&o.duration, "duration", 3*time.Second, "length of one measurement")
	flag.IntVar(&o.busy, "busy", 100, "sessions that send messages")
	flag.IntVar(&o.window, "window", 4, "messages that each of them has under way")
	flag.IntVar(&o.held, "sessions", 2000, "sessions that are held, half of them over each transport")
	flag.DurationVar(&o.hold, "hold", 30*time.Second, "how long they are held")
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	only := flag.String("only", strings.Join(names, ","), "what to measure, with commas")
	flag.Parse()
	chosen := strings.Split(*only, ",")
	if o.rounds < 3 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "bridge: at least 3 rounds, and no arguments")
		os.Exit(2)
	}
	for _, name := range chosen {
		if !slices.Contains(names, name) {
			fmt.Fprintf(os.Stderr, "bridge: -only %s: there are %s\n", name, strings.Join(names, ", "))
			os.Exit(2)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, chosen); err != nil {
		fmt.Fprintln(os.Stderr, "bridge:", err)
		stop()
		os.Exit(1)
	}
}

// run measures what is chosen. A goal that is missed is printed and is no error.
func run(ctx context.Context, o options, chosen []string) (err error) {
	descriptors, err := raiseDescriptors()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "chatproxy-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{dir: dir, chatproxy: o.chatproxy, stubBinary: filepath.Join(dir, "stub"), descriptors: descriptors}
	if _, err := server.Output(ctx, "go", "build", "-o", b.stubBinary, "./bench/bridge/stub"); err != nil {
		return err
	}
	fmt.Printf("%s; %d file descriptors a process\n", versions(ctx), descriptors)
	for _, p := range parts {
		if !slices.Contains(chosen, p.name) {
			continue
		}
		err := p.run(b, ctx, o)
		if err := errors.Join(err, b.stop()); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// raiseDescriptors lets this process and those that it starts open as many files as
// they may, and returns how many that are: each session takes two in a bridge.
func raiseDescriptors() (int, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	limit.Max = max(limit.Max, 1<<16)
	limit.Cur = limit.Max
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) == nil { // for root only
		return int(limit.Cur), nil
	}
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	limit.Cur = limit.Max
	return int(limit.Cur), syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}

// versions returns what the peers are, in one line.
func versions(ctx context.Context) string {
	var all []string
	for _, name := range []string{"prosody", "ejabberd", "tsung"} {
		out, err := server.Output(ctx, "dpkg-query", "-W", "-f", "${Version}", name)
		if err != nil {
			out = "of an unknown version"
		}
		all = append(all, name+" "+out)
	}
	out, err := server.Output(ctx, "go", "version")
	if err != nil {
		out = "go of an unknown version"
	}
	return strings.Join(append(all, strings.TrimSpace(out)), ", ")
}

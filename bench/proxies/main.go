// Command proxies measures what chatproxy costs as a whole beside other proxies:
// Go's plain ReverseProxy, Caddy, nginx with sub_filter, and nginx that changes
// nothing. All stand in front of one nginx origin on this machine, and wrk asks
// each for the same pages. ../README.md says how to read the table.
//
// It needs wrk, nginx and caddy on the PATH and runs in the module's root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"chatproxy/bench/server"
)

func main() {
	chatproxy := flag.String("chatproxy", "bin/chatproxy", "the chatproxy `binary`")
	rounds := flag.Int("rounds", 5, "measured rounds; at least 3 make a median")
	duration := flag.Duration("duration", 4*time.Second, "length of one measurement, whole seconds")
	warmup := flag.Duration("warmup", 2*time.Second, "length of the warm-up before the first round, whole seconds")
	connections := flag.Int("connections", 64, "connections that wrk keeps open")
	flag.Parse()
	if *rounds < 3 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "proxies: at least 3 rounds, and no arguments")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client := wrk{threads: 2, connections: *connections}
	if err := run(ctx, *chatproxy, client, *rounds, *duration, *warmup); err != nil {
		fmt.Fprintln(os.Stderr, "proxies:", err)
		stop()
		os.Exit(1)
	}
}

// run measures every peer with every page. A goal that is missed is printed and is
// no error.
func run(ctx context.Context, chatproxy string, client wrk, rounds int, duration, warmup time.Duration) (err error) {
	dir, err := os.MkdirTemp("", "chatproxy-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// nginx started by root serves as another user, who has to get in here.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	pages := makePages()
	b := bench{dir: dir}
	defer func() { err = errors.Join(b.stop(), err) }()
	peers, err := b.start(ctx, chatproxy, pages)
	if err != nil {
		return err
	}
	if err := verify(ctx, peers, pages); err != nil {
		return err
	}
	fmt.Printf("wrk -t%d -c%d -d%.0fs, %d rounds in alternation, medians; %s\n",
		client.threads, client.connections, duration.Seconds(), rounds, versions(ctx))
	for _, page := range pages {
		results := map[string][]result{}
		for round := -1; round < rounds; round++ {
			d := duration
			if round < 0 {
				d = warmup
			}
			for _, peer := range peers {
				measured, err := client.measure(ctx, peer, page, d)
				if err != nil {
					return err
				}
				if round >= 0 {
					results[peer.name] = append(results[peer.name], measured)
				}
			}
		}
		printTable(os.Stdout, page, peers, results)
		printVerdicts(os.Stdout, page, results)
	}
	return nil
}

// versions returns what the peers are, in one line.
func versions(ctx context.Context) string {
	var all []string
	for _, command := range [][]string{{"nginx", "-v"}, {"caddy", "version"}, {"go", "version"}} {
		out, err := server.Output(ctx, command...)
		if err != nil {
			out = command[0] + " of an unknown version"
		}
		if command[0] == "caddy" {
			out, _, _ = strings.Cut("caddy "+out, " h1:") // the sum of its module
		}
		all = append(all, strings.TrimPrefix(strings.TrimSpace(out), "nginx version: "))
	}
	return strings.Join(all, ", ")
}

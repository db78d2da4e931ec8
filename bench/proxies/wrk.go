package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"chatproxy/bench/server"
)

// wrk is the client, the same for every peer.
type wrk struct{ threads, connections int }

// A result is what wrk found in one run.
type result struct {
	perSecond float64
	p99       time.Duration
	cpu       time.Duration // of the proxy, for one request
}

// anewScript has wrk ask for another address each time.
const anewScript = "bench/proxies/config/anew.lua"

// measure runs wrk against one peer for the duration.
func (w wrk) measure(ctx context.Context, peer peer, page page, d time.Duration) (result, error) {
	before := server.CPUTime(peer.group)
	command := []string{"wrk", "--latency", fmt.Sprintf("-t%d", w.threads), fmt.Sprintf("-c%d", w.connections),
		fmt.Sprintf("-d%.0fs", d.Seconds())}
	if page.always {
		command = append(command, "-s", anewScript)
	}
	out, err := server.Output(ctx, append(command, peer.url(page))...)
	if err != nil {
		return result{}, err
	}
	used := server.CPUTime(peer.group) - before
	measured, requests, err := parseWrk(out)
	if err != nil {
		return result{}, fmt.Errorf("%s, %s: %w", peer.name, page.name, err)
	}
	measured.cpu = used / time.Duration(requests)
	return measured, nil
}

var (
	wrkRequests  = regexp.MustCompile(`(\d+) requests in `)
	wrkPerSecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrkP99       = regexp.MustCompile(`99%\s+([0-9.]+(?:us|ms|s|m|h))`)
	wrkFailures  = regexp.MustCompile(`Socket errors: .*|Non-2xx or 3xx responses: .*`)
)

// parseWrk returns the figures that wrk printed, and the number of requests. A run
// with failures is none.
func parseWrk(out string) (r result, requests int, err error) {
	if failures := wrkFailures.FindString(out); failures != "" {
		return r, 0, fmt.Errorf("wrk: %s", failures)
	}
	number := func(pattern *regexp.Regexp) string {
		if match := pattern.FindStringSubmatch(out); match != nil {
			return match[1]
		}
		return ""
	}
	requests, errRequests := strconv.Atoi(number(wrkRequests))
	r.perSecond, err = strconv.ParseFloat(number(wrkPerSecond), 64)
	var errP99 error
	r.p99, errP99 = time.ParseDuration(number(wrkP99))
	if err := errors.Join(errRequests, err, errP99); err != nil {
		return r, 0, fmt.Errorf("wrk printed no figures: %w: %s", err, out)
	}
	if requests == 0 {
		return r, 0, errors.New("no request was answered")
	}
	return r, requests, nil
}

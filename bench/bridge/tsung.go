package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"chatproxy/bench/server"
)

// tsung lets Debian's load generator use the bridge in front of Prosody, and prints what
// it counted: another client's view of the same endpoint.
func (b *bench) tsung(ctx context.Context, _ options) error {
	prosody, err := b.prosody(ctx)
	if err != nil {
		return err
	}
	bridge, err := b.bridge(ctx, prosody)
	if err != nil {
		return err
	}
	relay, err := startRelay(bridge.http)
	if err != nil {
		return err
	}
	defer func() { _ = relay.Close() }() // all that it served is over
	counts, err := b.runTsung(ctx, relay.Addr)
	if err != nil {
		return err
	}
	fmt.Printf("\ntsung over BOSH through chatproxy to Prosody: %d sessions, %d of them to their end, %d requests of XMPP in %d of HTTP, %d errors\n",
		counts["users_count"], counts["finish_users_count"], counts["request"], counts["bosh_http_req"], counts["errors"])
	verdict("tsung, no errors", counts["errors"] == 0 && counts["users_count"] > 0 && counts["finish_users_count"] == counts["users_count"], "%d", counts["errors"])
	return nil
}

// startRelay passes requests on with the Origin that tsung does not send and the bridge
// requires, since every browser sends it.
func startRelay(to string) (*http.Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	target := &url.URL{Scheme: "http", Host: to}
	s := &http.Server{Addr: l.Addr().String(), Handler: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Set("Origin", target.String())
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 1000},
	}}
	go func() { _ = s.Serve(l) }() // ends by Close
	return s, nil
}

// runTsung runs tsung against the address and returns the totals of what it counted,
// with the sum of its errors. It does what the script tsung does, but nothing listens
// beyond loopback: tsung is an Erlang node, whose name daemon (epmd) runs for it alone.
func (b *bench) runTsung(ctx context.Context, address string) (map[string]int, error) {
	found, _ := filepath.Glob("/usr/lib/*/tsung/tsung-*/ebin") // the pattern is sound
	if len(found) == 0 {
		return nil, errors.New("tsung is not installed (Debian package: tsung)")
	}
	controllers, _ := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(found[0])), "tsung_controller-*", "ebin"))
	names, err := server.FreeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(names)
	if err != nil {
		return nil, err
	}
	if _, err := b.start(ctx, "epmd", names, "", config{}, func(config) []string {
		return []string{"epmd", "-address", "127.0.0.1", "-port", port}
	}); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "tsung-")
	if err != nil {
		return nil, err
	}
	c := config{Domain: domain}
	if _, c.ListenPort, err = net.SplitHostPort(address); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "tsung.xml")
	if err := writeConfig(file, "tsung.xml", c); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	args := []string{"-smp", "auto", "+A", "8", "+K", "true", "-noshell", "-proto_dist", "inet_tcp",
		"-name", "tsung_controller@127.0.0.1", "-setcookie", "bench", "+P", "250000",
		"-kernel", "inet_dist_use_interface", "{127,0,0,1}", "-s", "tsung_controller", "-pa", found[0]}
	for _, controller := range controllers {
		args = append(args, "-pa", controller)
	}
	args = append(args, "-sasl", "sasl_error_logger", "false")
	for _, setting := range [][2]string{{"web_gui", "false"}, {"keep_web_gui", "false"}, {"smp_disable", "true"}, {"debug_level", "5"}, {"warm_time", "1"},
		{"exclude_tag", `""`}, {"config_file", strconv.Quote(file)}, {"log_dir", strconv.Quote(dir + "/")}, {"mon_file", `"tsung.log"`}} {
		args = append(args, "-tsung_controller", setting[0], setting[1])
	}
	erl := exec.CommandContext(ctx, "erl", args...)
	erl.Dir = dir
	erl.Env = append(erl.Environ(), "HOME="+dir, "ERL_EPMD_PORT="+port, "ERL_EPMD_ADDRESS=127.0.0.1")
	out, err := erl.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("tsung: %w: %s", err, out)
	}
	logs, _ := filepath.Glob(filepath.Join(dir, "*", "tsung.log"))
	if len(logs) != 1 {
		return nil, fmt.Errorf("tsung left no log: %s", out)
	}
	log, err := os.ReadFile(logs[0])
	if err != nil {
		return nil, err
	}
	return parseTsung(string(log))
}

// parseTsung returns the totals in the last dump of tsung's log. "errors" is the sum of
// all whose name begins so.
func parseTsung(log string) (map[string]int, error) {
	i := strings.LastIndex(log, "# stats: dump")
	if i < 0 || !strings.Contains(log[i:], "EndMonitor") {
		return nil, errors.New("tsung's log is not complete")
	}
	counts := map[string]int{}
	for line := range strings.Lines(log[i:]) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[0] != "stats:" {
			continue
		}
		name := fields[1]
		total, err := strconv.Atoi(fields[len(fields)-1])
		if err != nil {
			continue // of the machine
		}
		if len(fields) > 4 { // a time: its number since the last dump, …, its number up to there
			now, err := strconv.Atoi(fields[2])
			if err != nil {
				continue
			}
			total += now
		}
		if name == "users_count" || strings.HasPrefix(name, "error") || name == "finish_users_count" || name == "bosh_http_req" || name == "request" {
			counts[name] = total
		}
		if strings.HasPrefix(name, "error") {
			counts["errors"] += total
		}
	}
	return counts, nil
}

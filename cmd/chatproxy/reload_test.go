package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var reloads = flag.Int("reloads", 200, "how many reloads TestReloadsUnderLoad makes; make soak asks for 10,000")

// startFrom writes the policy to a file and serves it.
func startFrom(t *testing.T, policy string) *running {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	writePolicy(t, file, policy)
	r, err := start(file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func writePolicy(t *testing.T, file, policy string) {
	t.Helper()
	// As editors and deployments do it: a new file in the place of the old one.
	if err := os.WriteFile(file+".new", []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// policyOf returns one of two policies that differ in the page and in its header.
func policyOf(upstream string, allowing bool) string {
	action, images := "strip", "https://strip.example"
	if allowing {
		action, images = "allow", "https://allow.example"
	}
	return fmt.Sprintf(`version: 1
listen: ["127.0.0.1:0"]
site: {upstream: %s, hosts: [www.example.com]}
xmpp: {domain: example.com}
scripts: {rules: [{name: own, match: {src: ["/static/**"]}, action: %s}]}
csp: {directives: {img-src: ["%s"]}}
`, upstream, action, images)
}

func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<!doctype html><title>t</title><script src=/static/a.js></script>"+strings.Repeat("<p>text", 2000))
}

// ask asks for a page and tells under which policy it came: header and page must
// have the same.
func ask(client *http.Client, address string) (allowing bool, err error) {
	r, _ := http.NewRequest("GET", "http://"+address+"/", nil)
	r.Host = "www.example.com"
	res, err := client.Do(r)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return false, err
	}
	header := res.Header.Get("Content-Security-Policy")
	allowing = strings.Contains(header, "https://allow.example")
	if res.StatusCode != 200 || !allowing && !strings.Contains(header, "https://strip.example") {
		return false, fmt.Errorf("%s with the policy %q", res.Status, header)
	}
	if strings.Contains(string(body), "src=/static/a.js") != allowing || !strings.HasSuffix(string(body), "<p>text") {
		return false, fmt.Errorf("the header is of one policy and the page of another, or cut off: %s", header)
	}
	return allowing, nil
}

// Reloads under load: no request fails or sees half of each policy, and nothing of
// the old policies stays behind.
func TestReloadsUnderLoad(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(page))
	defer upstream.Close()
	r := startFrom(t, policyOf(upstream.URL, true))
	var failed, asked atomic.Int64
	load := func(reload func()) {
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		ctx, done := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for ctx.Err() == nil {
					if _, err := ask(client, r.addresses[0]); err != nil && failed.Add(1) < 5 {
						t.Error(err)
					}
					asked.Add(1)
				}
			})
		}
		reload()
		done()
		all.Wait()
	}
	reload := func(n int) func() {
		return func() {
			for i := range n {
				writePolicy(t, r.file, policyOf(upstream.URL, i%2 == 1))
				if err := r.reload(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	load(reload(*reloads / 10)) // whatever grows once has grown
	memory, goroutines := footprint()
	load(reload(*reloads))
	if asked.Load() < int64(*reloads) {
		t.Errorf("only %d requests: that is no load", asked.Load())
	}
	after, others := footprint()
	t.Logf("%d reloads, %d requests, %d failed; heap %d KiB, then %d KiB; goroutines %d, then %d",
		*reloads, asked.Load(), failed.Load(), memory>>10, after>>10, goroutines, others)
	if after > memory+memory/2+4<<20 || others > goroutines+20 {
		t.Error("something of the old policies stays behind")
	}
}

// footprint returns what lives, once the collector has been everywhere.
func footprint() (heap uint64, goroutines int) {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, runtime.NumGoroutine()
}

// A policy with a mistake leaves the one before in force, and the console says so.
func TestAPolicyWithAMistakeIsNotReloaded(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(page))
	defer upstream.Close()
	r := startFrom(t, policyOf(upstream.URL, true))
	for _, broken := range []string{"version: 2", "}{", policyOf(upstream.URL, false) + "nonsense: 1\n", policyOf(upstream.URL, false) + "chat: {client: /nonexistent}\n"} {
		writePolicy(t, r.file, broken)
		if err := r.reload(); err == nil {
			t.Errorf("%q was taken", broken)
		}
		if status := r.status(); status.Problem == "" {
			t.Errorf("%q: %+v", broken, status)
		}
		if allowing, err := ask(http.DefaultClient, r.addresses[0]); err != nil || !allowing {
			t.Errorf("%q: %v; the policy before is in force: %t", broken, err, allowing)
		}
	}
	writePolicy(t, r.file, policyOf(upstream.URL, false))
	if err := r.reload(); err != nil {
		t.Fatal(err)
	}
	if status := r.status(); status.Problem != "" || status.Reloads != 1 || status.Failures != 4 {
		t.Errorf("%+v", status)
	}
	if allowing, err := ask(http.DefaultClient, r.addresses[0]); err != nil || allowing {
		t.Errorf("%v; the new policy is in force: %t", err, !allowing)
	}
}

// What the operator does: save the file, or send a SIGHUP.
func TestAChangedFileIsReloaded(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(page))
	defer upstream.Close()
	r := startFrom(t, policyOf(upstream.URL, true))
	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { r.watch(ctx) })
	defer watching.Wait()
	defer stop()
	turn := func(name string, allowing bool, change func()) {
		deadline := time.Now().Add(20 * time.Second)
		for change(); ; {
			got, err := ask(http.DefaultClient, r.addresses[0])
			if err != nil {
				t.Fatal(err)
			}
			if got == allowing {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: not reloaded", name)
			}
			runtime.Gosched()
		}
	}
	turn("saved", false, func() { writePolicy(t, r.file, policyOf(upstream.URL, false)) })
	turn("saved again", true, func() { writePolicy(t, r.file, policyOf(upstream.URL, true)) })
	reloaded := r.status().Reloads
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); r.status().Reloads == reloaded; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("SIGHUP reloads nothing")
		}
	}
}

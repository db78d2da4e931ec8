package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkHandler is what a page costs here without the network: the site's handler
// and, for comparison, a plain ReverseProxy, before an upstream that answers from
// memory. bench/proxies measures the whole.
func BenchmarkHandler(b *testing.B) {
	for _, size := range []int{4 << 10, 32 << 10, 1 << 20} {
		body := []byte("<!doctype html><html><head><title>t</title></head><body>" +
			strings.Repeat(`<div class="story"><a href="/2026/a-story">A story</a> <p>Text of some length that goes on</p></div>`+"\n", size/110) +
			strings.Repeat(`<script src="/static/a.js" async></script>`, max(1, size/4096)))
		transport := memory(body)
		target, _ := url.Parse("http://upstream.example")
		site := New(Options{Policy: parsePolicy(b, allowOwn, "http://upstream.example"), Chat: chatOnEveryPage})
		site.roundTripper = transport
		site.handler = site.routes()
		plain := &httputil.ReverseProxy{
			Transport:  transport,
			Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(target) },
			BufferPool: newBuffers(),
		}
		for name, handler := range map[string]http.Handler{"chatproxy": site, "ReverseProxy": plain} {
			b.Run(fmt.Sprintf("%dKiB/%s", size>>10, name), func(b *testing.B) {
				b.ReportAllocs()
				var before, after syscall.Rusage
				_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
				for b.Loop() {
					r, _ := http.NewRequest("GET", "http://www.example/", nil)
					r.RemoteAddr = "192.0.2.1:1234"
					r.Header.Set("User-Agent", "benchmark")
					w := &discard{header: http.Header{}}
					handler.ServeHTTP(w, r)
					if w.n < len(body) {
						b.Fatalf("%d bytes came out of %d", w.n, len(body))
					}
				}
				_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
				used := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
				b.ReportMetric(float64(used.Nanoseconds())/float64(b.N)/1e3, "cpu-µs/op")
			})
		}
	}
}

// memory is an upstream that answers with these bytes.
type memory []byte

// RoundTrip implements http.RoundTripper.
func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(m)),
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Server": {"memory"}, "Content-Length": {fmt.Sprint(len(m))}},
		Body:   io.NopCloser(bytes.NewReader(m)),
	}, nil
}

// discard is a client that reads all and keeps nothing.
type discard struct {
	header http.Header
	n      int
}

func (d *discard) Header() http.Header { return d.header }
func (d *discard) WriteHeader(int)     {}
func (d *discard) Flush()              {}
func (d *discard) Write(p []byte) (int, error) {
	d.n += len(p)
	return len(p), nil
}

// Command plain is net/http/httputil's ReverseProxy with pooled connections and
// buffers, and nothing else: what a Go proxy costs that does not touch the page.
package main

import (
	"flag"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
)

func main() {
	listen := flag.String("listen", "", "the `address` to listen on")
	origin := flag.String("origin", "", "the `address` of the website")
	flag.Parse()
	target := &url.URL{Scheme: "http", Host: *origin}
	log.Fatal(http.ListenAndServe(*listen, &httputil.ReverseProxy{
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:  &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 64, DisableCompression: true},
		BufferPool: &buffers{},
	}))
}

// buffers is a pool of the size that ReverseProxy itself would allocate.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if buffer, ok := b.pool.Get().(*[32 << 10]byte); ok {
		return buffer[:]
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(buffer []byte) { b.pool.Put((*[32 << 10]byte)(buffer)) }

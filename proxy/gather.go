package proxy

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

// gatherSize is the longest page that is gathered.
const gatherSize = 64 << 10

var gatherBuffers = sync.Pool{New: func() any { return new([gatherSize]byte) }}

// gather asks the upstream for the first piece of a page, and sees whether it is all
// of it, as it is of most pages. Then the page is rewritten at once and goes out with
// its length, in one write instead of one for each chunk. A page that comes in pieces
// goes on as it comes: nothing waits for what the upstream has not sent.
func (s *Site) gather(x *exchange, res *http.Response) error {
	if !s.rewrites(x, res) || x.coding != "" || res.ContentLength <= 0 || res.ContentLength > gatherSize {
		return nil
	}
	upstream, buffer := res.Body, gatherBuffers.Get().(*[gatherSize]byte)
	// An error comes again with the next read.
	n, _ := upstream.Read(buffer[:])
	if x.whole = int64(n) == res.ContentLength; x.whole {
		x.gathered = buffer[:n]
	}
	rest := io.Reader(bytes.NewReader(buffer[:n]))
	if !x.whole {
		rest = io.MultiReader(rest, upstream)
	}
	res.Body = readCloser{rest, sync.OnceValue(func() error {
		gatherBuffers.Put(buffer)
		return upstream.Close()
	})}
	return nil
}

// buffers are what bodies are copied through.
type buffers struct{ pool sync.Pool }

func newBuffers() *buffers {
	return &buffers{sync.Pool{New: func() any { return new([gatherSize]byte) }}}
}

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte { return b.pool.Get().(*[gatherSize]byte)[:] }

// Put implements httputil.BufferPool.
func (b *buffers) Put(buffer []byte) { b.pool.Put((*[gatherSize]byte)(buffer)) }

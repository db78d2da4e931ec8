package rewrite

import (
	"io"
	"sync"
)

// NewReader returns the page that src holds, UTF-8 without byte order mark, as it
// is to be sent. Its Read returns what is complete as soon as it is, and io.EOF
// together with the last of it. Closing it
// gives its buffers to the next page; it does not close src, which must be closed
// first when a Read may still wait for it.
func NewReader(src io.Reader, options Options) *Reader {
	p := pages.Get().(*page)
	p.out = p.out[:0]
	p.rewriter.Reset(&p.out, options)
	return &Reader{src: src, page: p}
}

// A Reader reads a rewritten page.
type Reader struct {
	mu   sync.Mutex
	src  io.Reader
	page *page // nil once closed
	read int   // how much of page.out was read
	err  error // of src
}

// page is what one page needs while it is rewritten.
type page struct {
	rewriter Rewriter
	in       [readSize]byte
	out      output
}

var pages = sync.Pool{New: func() any { return new(page) }}

// readSize is how much is asked of the source at once: a page of usual size in one
// go. The rewriter takes it in chunks and holds nothing of it afterwards but what
// Rewriter.Write keeps.
const readSize = 64 << 10

// maxKept bounds the buffer that one page leaves to the next.
const maxKept = 256 << 10

type output []byte

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	*o = append(*o, p...)
	return len(p), nil
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.page == nil {
		return 0, io.ErrClosedPipe
	}
	for r.read == len(r.page.out) {
		if r.err != nil {
			return 0, r.err
		}
		r.page.out, r.read = r.page.out[:0], 0
		r.fill()
	}
	n := copy(p, r.page.out[r.read:])
	r.read += n
	if r.read == len(r.page.out) {
		return n, r.err
	}
	return n, nil
}

// All reads the source to its end at once, for one that does not have to be waited
// for, and returns what is there to read; it stays there, until the reader is closed.
func (r *Reader) All() ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.page == nil {
		return nil, io.ErrClosedPipe
	}
	for r.err == nil {
		r.fill()
	}
	if r.err != io.EOF {
		return nil, r.err
	}
	return r.page.out[r.read:], nil
}

// fill puts the next chunk of the page through the rewriter, whose output takes
// all that it is given.
func (r *Reader) fill() {
	n, err := r.src.Read(r.page.in[:])
	_, _ = r.page.rewriter.Write(r.page.in[:n])
	if err != nil {
		r.err = err
		if err == io.EOF {
			_ = r.page.rewriter.Close()
		}
	}
}

// Close gives up the reader.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.page; p != nil {
		r.page = nil
		if cap(p.out) > maxKept {
			p.out = nil
		}
		p.rewriter.Reset(nil, Options{}) // nothing of this page stays reachable
		pages.Put(p)
	}
	return nil
}

package proxy

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// codings are the content codings that we read and write, best first.
var codings = []string{"zstd", "br", "gzip"}

// zstdWindow is the most that a zstd frame may ask to hold: RFC 9659 §3.
const zstdWindow = 8 << 20

func knownCoding(coding string) bool {
	switch coding {
	case "", "zstd", "br", "gzip":
		return true
	}
	return false
}

// acceptedCodings returns those of our codings that the client accepts, for the
// upstream, which then answers with one that both sides read.
func acceptedCodings(h http.Header) string {
	var accepted []string
	for item := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(item, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" || !knownCoding(name) || strings.Trim(strings.TrimSpace(strings.ReplaceAll(weight, " ", "")), "0.") == "q=" {
			continue
		}
		accepted = append(accepted, name)
	}
	if len(accepted) == 0 {
		return "identity"
	}
	return strings.Join(accepted, ", ")
}

// errCoding is returned for a body that is not in the coding it claims.
var errCoding = errors.New("the upstream's body is not in the coding that its header names")

// newDecoder returns the decoded body. Closing it closes the body, and may be done
// while another goroutine reads.
func newDecoder(coding string, body io.ReadCloser) (io.ReadCloser, error) {
	switch coding {
	case "":
		return body, nil
	case "gzip":
		z, err := gzip.NewReader(body)
		if err == io.EOF {
			// Redirects often name a coding and have no body at all.
			return body, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: gzip: %w", errCoding, err)
		}
		return readCloser{z, body.Close}, nil
	case "br":
		start := bufio.NewReader(body)
		if _, err := start.Peek(1); err == io.EOF {
			return body, nil
		}
		return readCloser{brotli.NewReader(start), body.Close}, nil
	case "zstd":
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, fmt.Errorf("%w: zstd: %w", errCoding, err)
		}
		locked := &lockedReader{Reader: z}
		return readCloser{locked, func() error {
			err := body.Close() // a read that waits for the upstream ends
			locked.Lock()
			defer locked.Unlock()
			z.Close()
			return err
		}}, nil
	}
	return nil, fmt.Errorf("%w: %q is unknown", errCoding, coding)
}

// A lockedReader can be read and closed by two goroutines.
type lockedReader struct {
	sync.Mutex
	io.Reader
}

func (r *lockedReader) Read(p []byte) (int, error) {
	r.Lock()
	defer r.Unlock()
	return r.Reader.Read(p)
}

// An encoder compresses; Flush makes all that was written readable.
type encoder interface {
	io.WriteCloser
	Flush() error
}

func newEncoder(coding string, w io.Writer) (encoder, error) {
	switch coding {
	case "gzip":
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case "br":
		return brotli.NewWriterLevel(w, 4), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<20))
	}
	return nil, fmt.Errorf("there is no encoder for %q", coding)
}

// encodeBody returns src compressed. Whatever src gives at once is flushed at
// once, so a page that streams goes on streaming. Closing the result closes src
// and ends the goroutine that compresses.
func encodeBody(coding string, src io.ReadCloser) (io.ReadCloser, error) {
	pr, pw := io.Pipe()
	enc, err := newEncoder(coding, pw)
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		pw.CloseWithError(copyFlushing(enc, src))
	}()
	return readCloser{pr, func() error {
		pr.Close() // the next write of the goroutine fails
		err := src.Close()
		<-done
		return err
	}}, nil
}

// copyFlushing copies src to enc and ends the compressed stream only when src came
// to its own end: a truncated page stays visibly truncated.
//
// Everything that reads the page runs in here, outside of the goroutine that
// net/http guards: a panic would end the program for all clients (CWE-248).
func copyFlushing(enc encoder, src io.Reader) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while a page was rewritten: %v\n%s", p, debug.Stack())
		}
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			if _, err := enc.Write(buf[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return enc.Close()
		case err != nil:
			return err
		}
		if err := enc.Flush(); err != nil {
			return err
		}
	}
}

type readCloser struct {
	io.Reader
	close func() error
}

func (r readCloser) Close() error { return r.close() }

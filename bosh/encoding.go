package bosh

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// acceptedEncodings is the "accept" of the creation response: how clients may
// compress their requests (XEP-0124 §7.2). acceptedCharsets are the encodings
// of text besides UTF-8 that are converted.
const (
	acceptedEncodings = "gzip,deflate"
	acceptedCharsets  = "ISO-8859-1 US-ASCII"
)

// errEncoding is for what is compressed or written in a way that is not
// accepted, or not really.
var errEncoding = errors.New("the encoding is not accepted")

// readBody reads a request body under the cap and within a deadline, so that
// a slow sender cannot hold a connection for ever (CWE-400). The cap holds for
// what arrives and for what it unpacks to (CWE-409).
func (m *Manager) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := int64(m.o.Limits.Body)
	if r.ContentLength > limit {
		return nil, &http.MaxBytesError{Limit: limit}
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(m.o.Limits.Handshake))
	// Taken back, because it would also end the request while it is held.
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	packed := bufio.NewReaderSize(http.MaxBytesReader(w, r.Body, limit), 512)
	body, err := unpack(packed, r.Header.Values("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	document, err := io.ReadAll(io.LimitReader(body, limit+1))
	switch {
	case err != nil && (errors.Is(err, gzip.ErrChecksum) || errors.Is(err, zlib.ErrChecksum)):
		return nil, errEncoding
	case err != nil:
		return nil, err
	case int64(len(document)) > limit:
		return nil, &http.MaxBytesError{Limit: limit}
	}
	// A decoder stops where its document ends. What the body has behind it would stay
	// on the connection, and be the next request there (CWE-444).
	if _, err := packed.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, errEncoding
	}
	if document, err = toUTF8(document, r.Header.Get("Content-Type"), int(limit)); err != nil {
		return nil, err
	}
	// Whoever passes it on passes on what it is now.
	r.Header.Del("Content-Encoding")
	r.Header.Set("Content-Type", defaultType)
	return document, nil
}

func unpack(body io.Reader, encodings []string) (io.Reader, error) {
	if len(encodings) == 0 {
		return body, nil
	}
	var unpacked io.Reader
	var err error
	switch strings.ToLower(strings.TrimSpace(strings.Join(encodings, ","))) {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		unpacked, err = gzip.NewReader(body)
	case "deflate":
		unpacked, err = zlib.NewReader(body)
	default:
		return nil, errEncoding
	}
	if err != nil {
		return nil, errors.Join(errEncoding, err)
	}
	return unpacked, nil
}

// toUTF8 converts a document from the encoding that its Content-Type names.
// Without a name, or with one that says nothing about XML, it is UTF-8.
func toUTF8(document []byte, contentType string, limit int) ([]byte, error) {
	_, parameters, err := mime.ParseMediaType(contentType)
	charset := strings.ToLower(parameters["charset"])
	switch {
	case err != nil || charset == "" || charset == "utf-8" || charset == "utf8":
		return document, nil
	case charset == "us-ascii":
		if bytes.ContainsFunc(document, func(c rune) bool { return c >= utf8.RuneSelf }) {
			return nil, errEncoding
		}
		return document, nil
	case charset != "iso-8859-1":
		return nil, errEncoding
	}
	out := make([]byte, 0, len(document)+len(document)/8)
	for _, c := range document {
		out = utf8.AppendRune(out, rune(c))
	}
	if len(out) > limit {
		return nil, &http.MaxBytesError{Limit: int64(limit)}
	}
	return out, nil
}

// worthPacking is the size from which compression saves more than a packet.
const worthPacking = 1 << 10

var packers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// compressed is the response with gzip, if the client accepts it in this
// request (§5) and it saves something. What is kept for repetitions stays as
// it was.
func (rsp response) compressed(w http.ResponseWriter, r *http.Request) response {
	w.Header().Add("Vary", "Accept-Encoding")
	if len(rsp.body) < worthPacking || !acceptsGzip(r.Header.Values("Accept-Encoding")) {
		return rsp
	}
	var out bytes.Buffer
	packer := packers.Get().(*gzip.Writer)
	defer packers.Put(packer)
	packer.Reset(&out)
	_, err := packer.Write(rsp.body)
	if err != nil || packer.Close() != nil || out.Len() >= len(rsp.body) {
		return rsp
	}
	w.Header().Set("Content-Encoding", "gzip")
	rsp.body = out.Bytes()
	return rsp
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3).
func acceptsGzip(lines []string) bool {
	for offer := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		name, parameters, _ := strings.Cut(offer, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		weight, given := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(parameters), " ", ""), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !given || err == nil && q > 0
	}
	return false
}
